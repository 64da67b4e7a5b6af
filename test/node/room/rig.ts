import type { Part } from '../../../node/audience/carrier.ts'
import { startGreetings } from '../../../node/greetings.ts'
import { startMesh } from '../../../node/mesh/mesh.ts'
import { Observed } from '../../../node/observed.ts'
import type { PeerConnections } from '../../../node/ports/connections.ts'
import { memoryLocks } from '../../../node/ports/locks.ts'
import { systemRandom } from '../../../node/ports/random.ts'
import { roomArchive } from '../../../node/room/archive.ts'
import { createCarriage } from '../../../node/room/carriage.ts'
import { createDirectory } from '../../../node/room/directory.ts'
import { createRooms } from '../../../node/room/rooms.ts'
import { serveRooms } from '../../../node/room/services.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import type { RelayState } from '../../../node/view.ts'
import { NO_KEYS, type VoiceKeys } from '../../../node/voice/keys.ts'
import type { KeyText, MemberId } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { type Scene, verifier } from '../mesh/scene.ts'

/**
 * Somebody's rooms, over a network in memory.
 * @param own the name of the session, where a person has several: each stores by itself
 */
export async function rig(scene: Scene, name: string, own = name) {
  const { person, network } = await scene.session(name, own)
  const { clock, membership } = scene
  const judging = { verifier, membership }
  const session = signerOf(`${own} session`)
  const me = { member: person.member, device: person.device, session, peer: network.peer }
  const directory = createDirectory(judging, clock)
  const calls = createDirectory(judging, clock, true)
  const listRead = new Observed(false)
  const greetings = await startGreetings(me, network, judging, clock, async () => {}, {
    newest: () => undefined,
    shown: () => {},
  })
  const relay = new Observed<RelayState>('connected')
  const locks = memoryLocks()
  /** What they may have been at a relay that carries voices. */
  const relayed = new Set<Part | undefined>()
  const stage = { enter: async () => {}, follow: async () => {} }
  /** What their voices are sealed and opened with, whose they let sound that come over a relay, and whether they hold the room's secret. */
  const sound: { keys: VoiceKeys; allowed: readonly KeyText[]; isHeld: boolean } = {
    keys: NO_KEYS,
    allowed: [],
    isHeld: false,
  }
  const connections = (): PeerConnections => {
    const session = scene.media.session()
    return {
      ...session,
      allow(speakers) {
        sound.allowed = speakers
      },
      use(keys) {
        sound.keys = keys
        session.use(keys)
      },
    }
  }
  /** What was asked of whoever holds a link with a relay for the next room. */
  const standby: ('want' | 'letGo')[] = []
  const sessionSeed = bytesOf(`${own} session`)
  const rooms = createRooms({
    me,
    sessionSeed,
    community: membership().community,
    network,
    greetings,
    judging,
    clock,
    directory,
    calls,
    listRead,
    archive: roomArchive(memoryStorage()),
    relay,
    names: new Observed(() => undefined),
    blocked: new Observed<ReadonlySet<MemberId>>(new Set()),
    locks,
    random: systemRandom,
    stage: async () => stage,
    standby: { want: () => void standby.push('want'), letGo: () => void standby.push('letGo') },
    report: () => {},
    startSound: async (room) => {
      const parts = {
        network,
        connections: connections(),
        clock,
        verifier,
        membership,
        me: { member: person.member, device: person.device, peer: session.publicKey },
        report: () => {},
      }
      const carriage = createCarriage({ ...parts, room, relays: () => [], meet() {} })
      return {
        mesh: await startMesh(room, parts),
        carriage: {
          ...carriage,
          settle(part, here, links, expected, isPrivate) {
            relayed.add(isPrivate ? undefined : part)
            carriage.settle(part, here, links, expected, isPrivate)
          },
          hold(isHeld) {
            sound.isHeld = isHeld
            carriage.hold(isHeld)
          },
        },
      }
    },
  })
  await serveRooms({
    me,
    sessionSeed,
    community: membership().community,
    network,
    greetings,
    rooms,
    calls,
  })
  return {
    person,
    session,
    network,
    greetings,
    directory,
    calls,
    listRead,
    relay,
    locks,
    rooms,
    relayed,
    sound,
    stage,
    standby,
  }
}
