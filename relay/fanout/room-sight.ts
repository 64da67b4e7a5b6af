import { type Judging, readAll, readOperation } from '../../node/gossip/received.ts'
import type { RoomMessage } from '../../node/gossip/room-message.ts'
import type { Network, PeerIdString, Unsubscribe } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { type Cancel, type Clock, second } from '../../node/ports/clock.ts'
import type { Directory } from '../../node/room/directory.ts'
import { createRoomLog, type RoomLog } from '../../node/room/log.ts'
import { ofOneAnswer, pullRoom } from '../../node/room/sync.ts'
import type { Ticket } from '../../protocol/audio/ticket.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import { BEACON_EXPIRY } from '../../protocol/limits.ts'
import { type Beacons, mergeBeacon, sessionName } from '../../protocol/room/beacon.ts'
import { isAhead } from '../../protocol/room/operation.ts'
import { isOut, onStage } from '../../protocol/room/state.ts'
import type { RoomGate } from './gate.ts'
import { FORGET_ROOM_MS, LEARN_MS, MAX_KNOWN_SESSIONS, PULL_MS } from './limits.ts'

export interface RoomSightParts {
  readonly directory: Pick<Directory, 'rooms' | 'isOver'>
  readonly judging: Judging
  readonly network: Pick<Network, 'request'>
  readonly clock: Clock
  readonly report: (where: string, error: unknown) => void
}

/** What is known of one room that is listened to here. */
interface Sight {
  readonly log: RoomLog
  /** Sessions in it that may be asked, the one that was asked longest ago first. */
  readonly sessions: Set<PeerIdString>
  /** Of those on the stage. */
  stage: Beacons
  /** Milliseconds on our clock. */
  asked: number
}

/**
 * The rooms whose voices are carried here, as each participant sees them (SPEC §7.4): by their operations, those that pass on their topics and those
 * that sessions show when they are asked. Only of rooms on the list: private ones are never on it (ANN-2), and a relay has no business in them.
 */
export class RoomSight implements RoomGate {
  readonly #parts: RoomSightParts
  readonly #sights = new Map<RoomId, Sight>()
  readonly #listeners = new Set<(room: RoomId) => void>()
  readonly #stopping = new AbortController()
  readonly #cancels: readonly Cancel[]

  constructor(parts: RoomSightParts) {
    this.#parts = parts
    this.#cancels = [parts.clock.every(PULL_MS, () => this.#look())]
  }

  mayForward(room: RoomId, member: MemberId): Ticket['as'] | undefined {
    const { directory, clock } = this.#parts
    const sight = this.#sights.get(room)
    if (sight === undefined) return undefined
    sight.asked = clock.now()
    const { state } = sight.log
    if (state.ended || directory.isOver(room) || isOut(state, member, second(clock))) return undefined
    return onStage(state, member) ? 'speaker' : 'listener'
  }

  speaks(room: RoomId, member: MemberId, session: KeyText): boolean {
    const heard = this.#sights.get(room)?.stage.get(sessionName({ m: member, peer: session }))
    if (heard === undefined || second(this.#parts.clock) - heard.received > BEACON_EXPIRY) return false
    const { here, mic, speak } = heard.beacon
    return here && mic === 'open' && speak && this.mayForward(room, member) === 'speaker'
  }

  isOpen(room: RoomId): boolean {
    return this.#sights.get(room)?.log.opening.payload.vis === 'open'
  }

  meet(room: RoomId, session: PeerIdString): void {
    const sessions = this.#sights.get(room)?.sessions
    if (sessions !== undefined && sessions.size < MAX_KNOWN_SESSIONS) sessions.add(session)
  }

  async learn(room: RoomId, session: PeerIdString): Promise<void> {
    const sight = this.#sights.get(room) ?? this.#open(room)
    if (sight === undefined) return
    await this.#pull(room, sight, session)
  }

  onChange(listener: (room: RoomId) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A message of a room's topic that was judged. */
  take(room: RoomId, message: RoomMessage): void {
    const sight = this.#sights.get(room)
    if (sight === undefined) return
    if (message.kind === 'beacon') {
      if (onStage(sight.log.state, message.envelope.payload.m))
        sight.stage = mergeBeacon(sight.stage, message.envelope, second(this.#parts.clock))
      return
    }
    if (sight.log.add(message.signed) === 'new') this.#changed(room)
  }

  stop(): void {
    this.#stopping.abort()
    for (const cancel of this.#cancels) cancel()
  }

  #open(room: RoomId): Sight | undefined {
    const { directory, clock } = this.#parts
    const listed = directory.rooms.value.find(({ id }) => id === room)
    if (listed === undefined) return undefined
    const sight: Sight = {
      log: createRoomLog(listed.opening),
      sessions: new Set<PeerIdString>(),
      stage: new Map(),
      asked: clock.now(),
    }
    this.#sights.set(room, sight)
    return sight
  }

  /** Gossip loses messages; what it lost is asked for. And what nobody has asked about for a while is forgotten. */
  #look(): void {
    const now = this.#parts.clock.now()
    for (const [room, sight] of this.#sights) {
      const [next] = sight.sessions
      sight.stage = new Map([...sight.stage].filter(([, { beacon }]) => onStage(sight.log.state, beacon.m)))
      if (now - sight.asked > FORGET_ROOM_MS) this.#sights.delete(room)
      else if (next !== undefined) void this.#pull(room, sight, next)
    }
  }

  async #pull(room: RoomId, { log, sessions }: Sight, session: PeerIdString): Promise<void> {
    const { network, judging, clock, report } = this.#parts
    const before = log.history.size
    const take = async (messages: readonly Uint8Array[]) => {
      const read = await readAll(judging, messages, (bytes) => readOperation(judging, room, bytes))
      const operations = read.flatMap((one) => (one.ok ? one.value : []))
      const now = second(clock)
      log.addAll(ofOneAnswer(operations).filter(({ operation }) => !isAhead(operation, now)))
    }
    const isKnown = sessions.delete(session)
    try {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(LEARN_MS)])
      const pulled = await pullRoom(network, session, room, log, take, () => {}, signal)
      if (pulled.ok && isKnown) sessions.add(session)
    } catch (error) {
      // It is gone, or says nothing: others are asked.
      if (!(error instanceof NetworkError)) report('the sight of a room', error)
    }
    if (log.history.size > before) this.#changed(room)
  }

  #changed(room: RoomId): void {
    for (const listener of this.#listeners) listener(room)
  }
}
