/** A person whose peer runs in Node: the code of the browser's, over real libp2p and a real relay, with voices that are only thought of unless it is asked for real ones. */

import { setTimeout as delay } from 'node:timers/promises'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { workerCrew } from '../../node/audit/worker-crew.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { createDoor } from '../../node/door.ts'
import { RoomSound } from '../../node/headless/room-sound.ts'
import { MemoryMedia } from '../../node/mesh/memory-connections.ts'
import type { PeerNetwork } from '../../node/network/network.ts'
import { type PeerNetworkOptions, startPeerNetwork } from '../../node/network/peer-network.ts'
import type { Observable } from '../../node/observed.ts'
import type { AudibleConnection, AudienceConnections } from '../../node/ports/audience.ts'
import { type Clock, systemClock } from '../../node/ports/clock.ts'
import { memoryLocks } from '../../node/ports/locks.ts'
import { systemRandom } from '../../node/ports/random.ts'
import type { Storage } from '../../node/ports/storage.ts'
import { askSite } from '../../node/site-address.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import type { Door, Peer, RoomSession } from '../../node/view.ts'
import { PATIENCE } from './patience.ts'

export { PATIENCE }

/** The air of all peers of this process. */
const MEDIA = new MemoryMedia()

/** The networks of all peers of this process, also those that have stopped. */
const NETWORKS: PeerNetwork[] = []

/** One device of one person. Its storage outlives its doors, as a browser's outlives its tabs. */
export interface Device {
  readonly storage: Storage
  /** What the peer's parts reported because nobody awaits it. */
  readonly reports: readonly { readonly where: string; readonly error: unknown }[]
  /** A new tab at this site. */
  open(origin: string): Door
}

export interface DeviceOptions {
  readonly storage?: Storage
  readonly clock?: Clock
  /** From so many entries on, the ledger is read after coming in. */
  readonly lightFrom?: number
  /** Where a relay's voices come to, unheard; without, none are asked for. */
  readonly ears?: AudienceConnections<AudibleConnection>
  /** Voices are real, and go over libdatachannel; each room that is entered tells what sounds in it. In place of `ears`. */
  readonly sounds?: (sound: RoomSound) => void
}

export async function newDevice(options: DeviceOptions = {}): Promise<Device> {
  const storage = options.storage ?? memoryStorage()
  const locks = memoryLocks()
  const verifier = await platformVerifier()
  const reports: { where: string; error: unknown }[] = []
  const report = (where: string, error: unknown) => void reports.push({ where, error })
  return {
    storage,
    reports,
    open: (origin) =>
      createDoor({
        ports: {
          clock: options.clock ?? systemClock,
          random: systemRandom,
          storage,
          locks,
          connections: (iceServers) => (session) => {
            if (options.sounds === undefined) return { ...MEDIA.session(), audience: options.ears }
            const sound = new RoomSound(session, { verifier, bind: undefined, iceServers, report })
            options.sounds(sound)
            return sound
          },
          verifier,
          crew: () => workerCrew(1),
          report,
        },
        site: () => askSite(new URL(origin), AbortSignal.timeout(PATIENCE)),
        words: async () => wordlist,
        startNetwork,
        ...(options.lightFrom !== undefined && { lightFrom: options.lightFrom }),
      }),
  }
}

async function startNetwork(options: PeerNetworkOptions): Promise<PeerNetwork> {
  const network = await startPeerNetwork(options)
  NETWORKS.push(network)
  return network
}

/**
 * Waits until all peers of this process that are at a relay are linked directly, each with each. People see each other over the relay before that, and on
 * a busy machine for seconds: where it is killed then, they are parted.
 */
export async function allLinked(): Promise<void> {
  const isLinked = ({ peer }: PeerNetwork, other: PeerNetwork) =>
    other.connections().some((link) => link.peer === peer && link.direct)
  for (const began = performance.now(); ; await delay(20)) {
    const running = NETWORKS.filter((network) => network.relays().length > 0)
    if (running.every((one) => running.every((other) => other === one || isLinked(one, other)))) return
    if (performance.now() - began > PATIENCE) throw new Error('not all are linked directly')
  }
}

/** Founds the community of a relay with the link that it printed. */
export async function found(door: Door, foundingLink: string, name: string): Promise<Peer> {
  const token = foundingLink.split('/').at(-1) as string
  return door.found({ token, community: 'Under the tree', name, identity: await door.newIdentity() })
}

/** Comes in by an invitation's link. */
export async function join(door: Door, link: string, name: string): Promise<Peer> {
  const code = codeOf(link)
  await door.readInvitation(code)
  return door.join({ code, name, identity: await door.newIdentity() })
}

/** The code at the end of an invitation's link. */
export function codeOf(link: string): string {
  return link.split('/').at(-1) as string
}

/** Waits until an observed value is as wanted. What it was last is in the error, because that is what one wants to know. */
export function until<T>(
  observed: Observable<T>,
  wanted: (value: T) => boolean,
  patience: number = PATIENCE,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(overdue)
      unsubscribe()
      end()
    }
    const unsubscribe = observed.subscribe((value) => {
      if (wanted(value)) settle(() => resolve(value))
    })
    const overdue = setTimeout(
      () => settle(() => reject(new Error(`still ${JSON.stringify(observed.value)}`))),
      patience,
    )
    if (wanted(observed.value)) settle(() => resolve(observed.value))
  })
}

/** Waits for a room in the list, by its title, and joins it. */
export async function joinListed(peer: Peer, title: string): Promise<RoomSession> {
  const rooms = await until(peer.rooms, (listed) => listed.some((room) => room.title === title))
  const room = rooms.find((listed) => listed.title === title)
  if (!room) throw new Error('the room left the list')
  return peer.joinRoom(room.id)
}

/** A microphone that hears nothing. */
export function microphone(): MediaStream {
  const track = { kind: 'audio', enabled: true, readyState: 'live', stop() {} }
  const tracks = [track as unknown as MediaStreamTrack]
  return { getTracks: () => tracks, getAudioTracks: () => tracks } as unknown as MediaStream
}
