import { keyOf } from '../../node/network/peer-id.ts'
import type { Clock } from '../../node/ports/clock.ts'
import { systemRandom } from '../../node/ports/random.ts'
import { serve } from '../../node/requests.ts'
import { createDoorkeeper } from '../../node/room/doorkeeper.ts'
import { createEpochs, type Epochs, type Handed } from '../../node/room/epochs.ts'
import { createRoomLog, type RoomLog } from '../../node/room/log.ts'
import { NO_KEYS, type VoiceKeys } from '../../node/voice/keys.ts'
import { seal } from '../../protocol/envelope.ts'
import { type CommunityId, idOf, type KeyText, type OperationId, type RoomId } from '../../protocol/ids.ts'
import { nextEpoch, nextOfDevice } from '../../protocol/room/history.ts'
import { LEVEL, type Level } from '../../protocol/room/level.ts'
import { ROOM, roomOf } from '../../protocol/room/opening.ts'
import { type Act, OPERATION } from '../../protocol/room/operation.ts'
import { mayAct } from '../../protocol/room/resolve.ts'
import { EPOCH } from '../../protocol/wire/epoch.ts'
import { bytesOf, NOON, type Person, personOf, signerOf } from './community.ts'
import { MemoryHub, type MemoryNetwork } from './memory-network.ts'

/** Sessions in one room whose operations everybody knows at once; what is handed over goes from one to the other by streams in memory. */
export interface EpochScene {
  readonly room: RoomId
  readonly log: RoomLog
  readonly hub: MemoryHub
  /** Sessions that have not shown to anybody whose they are. */
  readonly strangers: Set<KeyText>
  /** Somebody comes in. The first is the host. @param busy until it is resolved they answer nobody */
  enter(name: string, busy?: Promise<void>): Promise<Inmate>
  /** The same of somebody whom nobody sees yet. */
  arrive(name: string): Promise<Inmate>
  /** Who arrived is seen by everybody. */
  show(inmate: Inmate): void
  /** Everybody looks again. */
  settle(): void
}

export interface Inmate {
  readonly name: string
  readonly person: Person
  readonly key: KeyText
  /** Sessions of whose beacons nothing has come here. */
  readonly unseen: Set<KeyText>
  readonly network: MemoryNetwork
  readonly epochs: Epochs
  /** Looks who is there, and what follows for the secrets. */
  look(): void
  /** What voices are sealed and opened with here. */
  keys: VoiceKeys
  readonly reports: unknown[]
  /** @throws Error when the room does not allow it */
  act(act: Act): Promise<void>
  /** Goes, and is seen to. */
  leave(): void
  /** Hands something over as it likes. @returns the answer's reason */
  hand(to: Inmate, handed: Handed): ReturnType<Epochs['take']>
}

export async function epochScene(clock: Clock): Promise<EpochScene> {
  const community = idOf<CommunityId>(bytesOf('community'))
  const host = await personOf(community, 'Alice', NOON)
  const opening = await seal(
    ROOM,
    community,
    {
      m: host.member,
      title: 'Evening',
      topics: [],
      lang: 'fr',
      vis: 'open',
      hands: 'everybody',
      nonce: new Uint8Array(16),
      at: NOON,
    },
    [host.device],
  )
  const room = roomOf(opening)
  const log = createRoomLog(opening)
  const hub = new MemoryHub()
  const strangers = new Set<KeyText>()
  const here: Inmate[] = []
  const settle = () => {
    for (const inmate of here) inmate.look()
  }

  /** One after the other, as a session acts. */
  let acting: Promise<unknown> = Promise.resolve()
  async function perform(person: Person, deed: Act): Promise<void> {
    const allowed = mayAct(log.state, person.member, deed)
    if (!allowed.ok) throw new Error(allowed.reason)
    const operation = {
      r: room,
      m: person.member,
      n: nextOfDevice(log.history, person.device.publicKey),
      heads: log.history.heads,
      at: Math.floor(clock.now() / 1000),
      ...deed,
    }
    const envelope = await seal(OPERATION, community, operation, [person.device])
    const device = person.device.publicKey
    log.add({ id: envelope.id as OperationId, device, operation: envelope.payload, envelope })
    settle()
  }

  async function enter(name: string, busy?: Promise<void>): Promise<Inmate> {
    const inmate = await arrive(name, busy)
    show(inmate)
    return inmate
  }

  function show(inmate: Inmate): void {
    here.push(inmate)
    settle()
  }

  async function arrive(name: string, busy?: Promise<void>): Promise<Inmate> {
    const person = name === 'Alice' ? host : await personOf(community, name, NOON)
    const { publicKey: key } = signerOf(`${name} session`)
    const network = hub.add(key)
    for (const other of here) hub.link(network.peer, other.network.peer)
    const reports: unknown[] = []
    const act = (deed: Act) => {
      const done = acting.then(() => perform(person, deed))
      acting = done.catch(() => undefined)
      return done
    }
    const mates = () =>
      here
        .filter((other) => other !== inmate && !inmate.unseen.has(other.key))
        .map((other) => ({
          key: other.key,
          member: other.person.member,
        }))
    const door = createDoorkeeper(() => log.state, clock, {
      known: [],
      isWanted: () => false,
      keep: () => {},
    })
    const epochs = createEpochs({
      room,
      me: { key, member: person.member },
      network,
      random: systemRandom,
      clock,
      state: () => log.state,
      next: () => nextEpoch(log.history),
      present: mates,
      isGreeted: (mate) => !strangers.has(mate.key),
      mayBeHere: (member) => !door.isOut(member),
      announce: act,
      use(keys) {
        inmate.keys = keys
      },
      report: (_where, error) => reports.push(error),
    })
    const inmate: Inmate = {
      name,
      person,
      key,
      unseen: new Set(),
      network,
      epochs,
      look() {
        door.seen(mates().map(({ member }) => member))
        if (log.state.locked) door.vouched(epochs.vouched())
        epochs.settle()
      },
      keys: NO_KEYS,
      reports,
      act,
      leave() {
        here.splice(here.indexOf(inmate), 1)
        epochs.stop()
        settle()
      },
      hand: (to, handed) => to.epochs.take({ key, member: person.member }, handed),
    }
    await serve(network, EPOCH, async (from, handed) => {
      const mate = here.find((other) => other.key === keyOf(from))
      const error = mate === undefined ? 'not-admitted' : mate.hand(inmate, handed)
      await busy
      return error === undefined ? {} : { error }
    })
    return inmate
  }

  return { room, log, hub, strangers, enter, arrive, show, settle }
}

/** Brings somebody on stage. */
export async function onto(
  host: Inmate,
  guest: Inmate,
  scene: EpochScene,
  level: Level = LEVEL.speaker,
): Promise<void> {
  await host.act({ k: 'grant', to: guest.person.member, level })
  const offer = scene.log.state.offers.get(guest.person.member)
  if (offer === undefined) throw new Error('nothing was offered')
  await guest.act({ k: 'accept', ref: offer.grant })
}
