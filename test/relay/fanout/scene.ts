import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { onTestFinished } from 'vitest'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import type { Judging } from '../../../node/gossip/received.ts'
import {
  type HeadlessConnection,
  type HeardPacket,
  headlessAudience,
} from '../../../node/headless/audience-connections.ts'
import type { LinkEnd } from '../../../node/mesh/link-end.ts'
import type { PeerIdString } from '../../../node/network/network.ts'
import type { AudienceConnections } from '../../../node/ports/audience.ts'
import { type Clock, systemClock } from '../../../node/ports/clock.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import { beginLedger } from '../../../protocol/community/replay.ts'
import { idOf, keyText, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { Crew } from '../../../relay/fanout/crew.ts'
import { type Fanout, startFanout } from '../../../relay/fanout/fanout.ts'
import type { RoomGate } from '../../../relay/fanout/gate.ts'
import { Sessions } from '../../../relay/sessions.ts'
import { withMember } from '../../node/mesh/scene.ts'
import { bytesOf, foundCommunity, NOON, type Person, personOf, signerOf } from '../../support/community.ts'
import { MemoryHub, type MemoryNetwork } from '../../support/memory-network.ts'

/** Relays with real media processes on the loopback, and members who reach them without a network between them. */

export const ROOM: RoomId = idOf(bytesOf('the room'))
export const OTHER_ROOM: RoomId = idOf(bytesOf('another room'))

const LOOPBACK = '127.0.0.1'

export interface Seat {
  readonly link: AudienceLink<HeadlessConnection>
  readonly heard: HeardPacket[]
  /** How it ended, if it did. */
  end: LinkEnd | undefined
  others: readonly string[]
  /** What is held is of this room from now on. */
  bind(room: RoomId): void
  /** Resolves when this is true of it. */
  until(condition: (seat: Seat) => boolean): Promise<void>
}

export interface Guest {
  readonly person: Person
  readonly network: MemoryNetwork
  /** Attaches to their relay. */
  sit(options?: SeatOptions): Seat
}

/** One relay of the scene, and what it knows of the room. */
export interface SceneRelay {
  /** Its key is that of this label. */
  readonly name: string
  readonly relay: MemoryNetwork
  readonly crew: Crew
  readonly fanout: Fanout
  readonly sessions: Sessions
  /** Who is on the stage; everybody else may listen, unless `banned`. */
  readonly stage: Set<MemberId>
  readonly banned: Set<MemberId>
  /** It is gone at once, as when it is killed: nothing is said to anybody. */
  vanish(): Promise<void>
}

interface OtherOptions {
  readonly apart?: boolean
  readonly lies?: keyof typeof LIARS
}

type Platform = AudienceConnections<HeadlessConnection>

interface SeatOptions {
  readonly speaks?: boolean
  readonly room?: RoomId
  /** For no room yet. */
  readonly isHeld?: boolean
  /** The way to the relay, in place of their own. */
  readonly network?: Pick<MemoryNetwork, 'openChannel'>
  readonly connections?: (own: Platform) => Platform
  readonly clock?: Clock
}

/** The first relay is the scene's own. */
export interface Scene extends Omit<SceneRelay, 'vanish'> {
  readonly hub: MemoryHub
  readonly failures: string[]
  /** Those of the stage who say that they speak. */
  readonly speaking: Set<MemberId>
  membership(): Membership
  /** @param at their relay; the scene's own, unless it is another */
  guest(name: string, at?: Pick<SceneRelay, 'relay' | 'sessions'>): Promise<Guest>
  /**
   * One more, which knows the same of the room as the first, unless it is `apart`.
   * @param options `lies`: it says that it has voices, takes whoever asks for them, and gives other relays nothing; or takes none from others, and says nothing of it
   */
  another(name: string, options?: OtherOptions): Promise<SceneRelay>
  /** These two know each other as relays of one community, and are connected. */
  join(one: Pick<SceneRelay, 'relay'>, other: Pick<SceneRelay, 'relay'>): void
}

export interface SceneOptions {
  readonly processes?: number
  readonly ports?: readonly number[]
  readonly clock?: Clock
  readonly others?: readonly string[]
  /** An address of this machine. */
  readonly bind?: string
  /** Is given what ends each relay and each seat; else that is the end of the test. */
  readonly ending?: (end: () => Promise<void>) => void
  /** In place of `bind`, what others are told. */
  readonly announce?: readonly string[]
  /** What the relay knows of rooms; else what `stage` and `banned` say. */
  readonly gate?: (relay: MemoryNetwork, judging: Judging, clock: Clock) => RoomGate
}

const verifier = createVerifier()

const LIARS = {
  'gives-nothing': class extends Crew {
    override setGiven(): void {}
  },
  'takes-nothing': class extends Crew {
    override setTaken(): void {}
  },
}

export async function createScene({
  processes = 1,
  ports = [],
  clock = systemClock,
  others = [],
  bind = LOOPBACK,
  ending = onTestFinished,
  announce = [],
  gate: makeGate,
}: SceneOptions = {}): Promise<Scene> {
  const founded = await foundCommunity(signerOf('log').publicKey)
  const begun = await beginLedger(verifier, founded.entries[0] as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  let membership: Membership = begun.value
  const hub = new MemoryHub()
  const failures: string[] = []
  const fellows = new Map<PeerIdString, Set<PeerIdString>>()
  const stage = new Set<MemberId>()
  const banned = new Set<MemberId>()
  const speaking = new Set<MemberId>()

  async function another(name: string, { apart = false, lies }: OtherOptions = {}): Promise<SceneRelay> {
    const signer = signerOf(name)
    const relay = hub.add(signer.publicKey)
    const own = { stage: apart ? new Set<MemberId>() : stage, banned: apart ? new Set<MemberId>() : banned }
    const crew = new (lies === undefined ? Crew : LIARS[lies])({
      processes,
      ports,
      bind,
      announce,
      secret: randomBytes(16),
      clock: systemClock,
      report: (_where, error) => failures.push(String(error)),
    })
    const sessions = new Sessions({ admit() {}, recognise() {}, revoke() {} }, clock)
    const told: RoomGate = {
      mayForward: (room, member) => {
        if (room !== ROOM || own.banned.has(member)) return undefined
        return own.stage.has(member) ? 'speaker' : 'listener'
      },
      speaks: (_room, member) => speaking.has(member),
      isOpen: () => true,
      meet() {},
      async learn() {},
      onChange: () => () => {},
    }
    const gate = makeGate?.(relay, { verifier, membership: () => membership }, clock) ?? told
    const known = new Set<PeerIdString>()
    fellows.set(relay.peer, known)
    const fanout = await startFanout({
      network: relay,
      sessions,
      verifier,
      membership: () => membership,
      relay: signer,
      gate,
      crew,
      clock,
      others: () => others,
      fellows: {
        has: (peer) => known.has(peer),
        linked: () => [...known].filter((peer) => hub.isLinked(relay.peer, peer)),
        onChange(listener) {
          const ends = [relay.on('connect', listener), relay.on('disconnect', listener)]
          return () => {
            for (const end of ends) end()
          }
        },
      },
    })
    ending(async () => {
      sessions.stop()
      await fanout.stop()
    })
    return {
      name,
      relay,
      crew,
      fanout,
      sessions,
      ...own,
      async vanish() {
        for (const pid of crew.pids) process.kill(pid, 'SIGKILL')
        await relay.stop()
      },
    }
  }

  function join(one: Pick<SceneRelay, 'relay'>, other: Pick<SceneRelay, 'relay'>): void {
    fellows.get(one.relay.peer)?.add(other.relay.peer)
    fellows.get(other.relay.peer)?.add(one.relay.peer)
    hub.link(one.relay.peer, other.relay.peer)
  }

  const { vanish: _vanish, ...first } = await another('relay session')

  async function guest(name: string, at: Pick<SceneRelay, 'relay' | 'sessions'> = first): Promise<Guest> {
    const person = await personOf(membership.community, name, NOON)
    membership = withMember(membership, person)
    const { publicKey: key } = signerOf(`${name} session`)
    const network = hub.add(key)
    hub.link(network.peer, at.relay.peer)
    const presence = new Uint8Array()
    at.sessions.enter(network.peer, { kind: 'member', member: person.member, until: 2 ** 40, presence })
    return {
      person,
      network,
      sit({
        speaks = false,
        room = ROOM,
        isHeld = false,
        connections = (own) => own,
        clock: own = clock,
        network: way = network,
      }: SeatOptions = {}) {
        const heard: HeardPacket[] = []
        const waiting = new Set<() => void>()
        const look = () => {
          for (const each of [...waiting]) each()
        }
        const real = headlessAudience({
          bind,
          onPacket: (packet) => {
            heard.push({ ...packet, payload: packet.payload.slice() })
            look()
          },
        })
        const onEnd = (end: LinkEnd, others: readonly string[]) => {
          seat.end = end
          seat.others = others
          look()
        }
        const link = new AudienceLink<HeadlessConnection>({
          room: isHeld ? undefined : room,
          relay: { peer: at.relay.peer, key: keyText(at.relay.publicKey) },
          speaks,
          me: { member: person.member, device: person.device, peer: key },
          network: way,
          connections: connections(real),
          clock: own,
          verifier,
          membership: () => membership,
          onChange: look,
          onEnd,
        })
        const seat: Seat = {
          link,
          heard,
          end: undefined,
          others: [],
          bind: (chosen) => link.bind({ room: chosen, onChange: look, onEnd }),
          until: (condition) =>
            new Promise((resolve) => {
              const each = () => {
                if (!condition(seat)) return
                waiting.delete(each)
                resolve()
              }
              waiting.add(each)
              each()
            }),
        }
        ending(() => link.close())
        return seat
      },
    }
  }

  return { hub, ...first, failures, speaking, membership: () => membership, guest, another, join }
}

/** The connection stands at both its ends (FANOUT-5), or has ended. */
export const connected = ({ link, end }: Seat): boolean =>
  (link.connected && link.hearing > 0) || end !== undefined
