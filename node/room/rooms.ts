import { seal } from '../../protocol/envelope.ts'
import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_TITLE_CHARS, MAX_TOPIC_CHARS, MAX_TOPICS } from '../../protocol/limits.ts'
import { ROOM, type Room, roomOf } from '../../protocol/room/opening.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'
import { isLine } from '../../protocol/schema.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Standby } from '../audience/standby.ts'
import { PeerError } from '../errors.ts'
import { readAll, readOpening, readOperation } from '../gossip/received.ts'
import { peerIdOf } from '../network/peer-id.ts'
import type { Observable } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Locks } from '../ports/locks.ts'
import type { Random } from '../ports/random.ts'
import type { NewRoom, RoomSession } from '../view.ts'
import type { ListedRoom } from './directory.ts'
import type { JoinedRoom, RoomDependencies, WayIn } from './session.ts'
import type { StageKeeper } from './stage-keeper.ts'

/** The relay gives its list, and somebody in a room answers, within so many milliseconds, or cannot be reached. */
const REACH = 20_000

export interface RoomsDependencies extends Omit<RoomDependencies, 'mesh' | 'carriage' | 'onLeft'> {
  readonly locks: Locks
  readonly random: Random
  readonly startSound: (room: RoomId) => Promise<Pick<RoomDependencies, 'mesh' | 'carriage'>>
  readonly stage: () => Promise<Pick<StageKeeper, 'enter' | 'follow'>>
  /** What is held with a relay for the room that is entered next; undefined where nothing can be. */
  readonly standby?: Pick<Standby, 'want' | 'letGo'> | undefined
  /** A relay has given its list of rooms: what is not in it now is not going on. */
  readonly listRead: Observable<boolean>
}

/** The one room that this peer is in, and the ways into others. */
export interface Rooms {
  readonly current: JoinedRoom | undefined
  /** Opens a room of one's own. @throws PeerError */
  readonly open: (wish: NewRoom) => Promise<RoomSession>
  /** Joins a room of the list, or one that this device was in. @throws PeerError */
  readonly join: (room: RoomId) => Promise<RoomSession>
  /** Whether somebody looks at the list of rooms, and may enter one in a moment. To be said again while they do. */
  expect(isExpected: boolean): void
  /** There was a call: if it was into the room that we are in, whoever called is there too. */
  called(): void
}

export function createRooms(dependencies: RoomsDependencies): Rooms {
  const { me, community, judging, clock, directory, calls, listRead, archive, locks, random, standby } =
    dependencies
  let current: JoinedRoom | undefined
  /** Somebody looks at the list. */
  let isExpected = false

  /** Who is in a room, or still on their way out of it, has its link. */
  function prepareNext(): void {
    if (isExpected && current === undefined) standby?.want()
    else standby?.letGo()
  }

  /**
   * Enters a room, and leaves the one before when nothing stands in the way any more.
   * @param prepare finds the way in; no other tab of this device is in the room then, or could write to what it kept of it
   */
  async function enter(id: RoomId, prepare: () => Promise<WayIn>): Promise<RoomSession> {
    if (current?.id === id) await current.session.leave()
    const release = await locks.take(`palabre/room/${id}`)
    if (!release) throw new PeerError('other-tab')
    try {
      const way = await prepare()
      await current?.session.leave()
      const { joinRoom } = await import('./session.ts')
      const sound = await dependencies.startSound(id)
      const onLeft = () => {
        current = undefined
        release()
        if (isExpected) prepareNext()
      }
      try {
        current = await joinRoom(way, { ...dependencies, ...sound, onLeft })
      } catch (error) {
        await Promise.all([sound.mesh.stop(), sound.carriage.stop()])
        throw error
      }
      const { session } = current
      try {
        await (await dependencies.stage()).follow(session)
      } catch (error) {
        await session.leave()
        throw error
      }
      return session
    } catch (error) {
      release()
      throw error
    }
  }

  /** One after the other: there is one room at a time, and one mesh. */
  let entering: Promise<unknown> = Promise.resolve()
  function enterInTurn(id: RoomId, prepare: () => Promise<WayIn>): Promise<RoomSession> {
    const entered = entering.then(() => enter(id, prepare))
    entering = entered.catch(() => undefined)
    return entered
  }

  /** Waits until one of those present has answered; a room in which nobody can be reached is left again. */
  async function answered(session: RoomSession): Promise<RoomSession> {
    await settled(session.view, ({ status }) => status !== 'joining', clock)
    const { status } = session.view.value
    if (status === 'left') throw new PeerError('room-gone')
    if (status !== 'joining') return session
    await session.leave()
    throw new PeerError('room-unreachable')
  }

  function find(id: RoomId) {
    const isIt = (room: ListedRoom) => room.id === id
    return directory.rooms.value.find(isIt) ?? calls.rooms.value.find(isIt)
  }

  /** What is known of a room that others opened, or this device before. @throws PeerError `room-gone` */
  async function wayInto(id: RoomId): Promise<WayIn> {
    if (directory.isOver(id) || calls.isOver(id)) {
      // Over since we left it.
      await archive.forget(id)
      throw new PeerError('room-gone')
    }
    const stored = await archive.open(id)
    const kept = stored ? await keptOperations(id, stored.operations) : []
    const inside = stored?.inside ?? []
    const listed = find(id)
    if (listed) {
      if (!stored) await archive.begin(id, listed.opening.bytes, second(clock))
      const known = [peerIdOf(listed.announcement.payload.peer)]
      return { opening: listed.opening, isNew: false, kept, inside, known }
    }
    if (!stored || kept.some((signed) => signed.operation.k === 'end')) throw new PeerError('room-gone')
    const opening = await readOpening(judging, id, stored.opening)
    if (!opening.ok) throw new PeerError('room-gone')
    return { opening: opening.value, isNew: false, kept, inside, known: [] }
  }

  /** Reads back what this device kept of a room. What does not verify any more is left out. */
  async function keptOperations(
    id: RoomId,
    stored: readonly Uint8Array[],
  ): Promise<readonly SignedOperation[]> {
    const read = await readAll(judging, stored, (bytes) => readOperation(judging, id, bytes))
    return read.flatMap((one) => (one.ok ? one.value : []))
  }

  return {
    get current() {
      return current
    },
    expect(isLooking) {
      isExpected = isLooking
      prepareNext()
    },
    called() {
      const call = calls.rooms.value.find(({ id }) => id === current?.id)
      if (call !== undefined) current?.meet(peerIdOf(call.announcement.payload.peer))
    },
    async open(wish) {
      const room = newRoom(wish, me.member, random.bytes(16), second(clock))
      const opening = await seal(ROOM, community, room, [me.device])
      const id = roomOf(opening)
      await archive.begin(id, opening.bytes, second(clock))
      if (wish.counts && !wish.isPrivate) await (await dependencies.stage()).enter(id, room.title)
      return entered(enterInTurn(id, async () => ({ opening, isNew: true, kept: [], inside: [], known: [] })))
    },
    join: (id) => entered(join(id)),
  }

  /** Whether it was entered or not, the list was left for it: what the room did not take is nobody's. */
  async function entered(entering: Promise<RoomSession>): Promise<RoomSession> {
    try {
      return await entering
    } finally {
      isExpected = false
      prepareNext()
    }
  }

  async function join(id: RoomId): Promise<RoomSession> {
    if (current?.id === id && current.session.view.value.status !== 'left') return current.session
    // The address of a room may be what the app was opened with, before there is a list to find it in.
    if (!listRead.value && !find(id) && !(await archive.open(id))) {
      await settled(listRead, Boolean, clock)
      if (!listRead.value) throw new PeerError('relay-unreachable')
    }
    return answered(await enterInTurn(id, () => wayInto(id)))
  }
}

/** Resolves when the value is as wanted, and after `REACH` in any case. */
function settled<T>(observed: Observable<T>, wanted: (value: T) => boolean, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (wanted(observed.value)) end()
    }
    const late = clock.after(REACH, () => end())
    const unsubscribe = observed.subscribe(look)
    const end = () => {
      late()
      unsubscribe()
      resolve()
    }
    look()
  })
}

function newRoom(wish: NewRoom, host: MemberId, nonce: Uint8Array, now: number): Room {
  const title = tidy(wish.title)
  const topics = wish.topics.map(tidy).filter((topic) => topic !== '')
  const fits = topics.length <= MAX_TOPICS && topics.every((topic) => isLine(topic, MAX_TOPIC_CHARS))
  if (!isLine(title, MAX_TITLE_CHARS) || !fits) throw new PeerError('title-invalid')
  return {
    m: host,
    title,
    topics,
    lang: wish.language,
    vis: wish.isPrivate ? 'private' : 'members',
    hands: 'everybody',
    nonce,
    at: toLedgerTime(now),
  }
}

function tidy(typed: string): string {
  return typed.normalize('NFC').replace(/\s+/g, ' ').trim()
}
