import { type Envelope, open } from '../../protocol/envelope.ts'
import type { RoomId } from '../../protocol/ids.ts'
import { BEACON_EXPIRY, MAX_CLOCK_SKEW } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { ANNOUNCE, type Announcement } from '../../protocol/room/announcement.ts'
import type { Room } from '../../protocol/room/opening.ts'
import { type Judging, readOpening, readOperation, verifyAuthor } from '../gossip/received.ts'
import { Observed } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'

/**
 * Rooms kept at most, and of one host: a list that nobody can fill for the others. Anybody may announce a room, also one of long ago, so of a
 * host's rooms those that were opened last are kept.
 */
const MAX_ROOMS = 256
const MAX_ROOMS_OF_A_HOST = 4
/** Ended rooms remembered, so that a late announcement does not bring one back. */
const MAX_ENDED = 1024
/** Rooms that left the list and are remembered, for as long as something that was said of them could be played back (ANN-4). Seconds. */
const MAX_GONE = 1024
const REMEMBERED = 2 * MAX_CLOCK_SKEW
/** How often the list is looked through for rooms that fell silent, in milliseconds. */
const SWEEP = 5_000

/** A room that is going on, as it was announced last. */
export interface ListedRoom {
  readonly id: RoomId
  readonly opening: Envelope<Room>
  readonly announcement: Envelope<Announcement>
  /** This peer's clock, in seconds. */
  readonly received: number
}

/**
 * The rooms of a community that are going on: what announcements say, and it fades when they stop. The private ones to which this session is
 * called are a directory of their own, which is shown to nobody else.
 */
export interface Directory {
  readonly rooms: Observed<readonly ListedRoom[]>
  /** Takes one announcement in; an older one than the known changes nothing and is `stale`. */
  receive(bytes: Uint8Array): Promise<Result<true, Reason>>
  /** The host said that this room is over. */
  isOver(room: RoomId): boolean
  stop(): void
}

/** @param isPrivate whether it is of private rooms, and of them alone (ANN-2) */
export function createDirectory(judging: Judging, clock: Clock, isPrivate = false): Directory {
  const listed = new Map<RoomId, ListedRoom>()
  const ended = new Set<RoomId>()
  const gone = new Map<RoomId, Pick<ListedRoom, 'announcement' | 'received'>>()
  const rooms = new Observed<readonly ListedRoom[]>([])
  const publish = () => rooms.set([...listed.values()])

  function drop(room: ListedRoom): void {
    listed.delete(room.id)
    gone.set(room.id, room)
    if (gone.size > MAX_GONE) gone.delete(gone.keys().next().value as RoomId)
  }

  const cancel = clock.every(SWEEP, () => {
    const now = second(clock)
    let changed = false
    for (const [id, { received }] of gone) if (now - received > REMEMBERED) gone.delete(id)
    for (const room of listed.values()) {
      if (now - room.received <= BEACON_EXPIRY) continue
      drop(room)
      changed = true
    }
    if (changed) publish()
  })

  return {
    rooms,
    async receive(bytes) {
      const read = await readAnnouncement(judging, bytes, isPrivate, (id) => listed.get(id)?.opening)
      if (!read.ok) return read
      const { announcement, opening, over } = read.value
      const id = announcement.payload.r
      if (over || ended.has(id)) {
        if (ended.size >= MAX_ENDED)
          for (const oldest of ended) {
            ended.delete(oldest)
            break
          }
        ended.add(id)
        if (listed.delete(id)) publish()
        return over ? good(true) : bad('room-over')
      }
      // Nobody may push the next one into the past by a number from the future.
      const ahead = Math.abs(announcement.payload.seq - clock.now()) > MAX_CLOCK_SKEW * 1000
      if (ahead) return bad('stale')
      const known = listed.get(id)
      const last = known ?? gone.get(id)
      if (last && last.announcement.payload.seq >= announcement.payload.seq) return bad('stale')
      if (!known) {
        const ofHost = [...listed.values()].filter((room) => room.opening.payload.m === opening.payload.m)
        if (ofHost.length >= MAX_ROOMS_OF_A_HOST) {
          const oldest = ofHost.reduce((a, b) => (b.opening.payload.at < a.opening.payload.at ? b : a))
          if (opening.payload.at <= oldest.opening.payload.at) return bad('rate-limited')
          drop(oldest)
        }
        if (listed.size >= MAX_ROOMS) return bad('rate-limited')
      }
      gone.delete(id)
      listed.set(id, { id, opening, announcement, received: second(clock) })
      publish()
      return good(true)
    },
    isOver: (room) => ended.has(room),
    stop: cancel,
  }
}

interface ReadAnnouncement {
  readonly announcement: Envelope<Announcement>
  readonly opening: Envelope<Room>
  /** The host ended the room. */
  readonly over: boolean
}

/** @param known the opening of a room that was verified before; verifying it again every ten seconds would be waste */
async function readAnnouncement(
  judging: Judging,
  bytes: Uint8Array,
  isPrivate: boolean,
  known: (room: RoomId) => Envelope<Room> | undefined,
): Promise<Result<ReadAnnouncement, Reason>> {
  const opened = open(ANNOUNCE, judging.membership().community, bytes)
  if (!opened.ok) return opened
  const { payload } = opened.value
  const device = await verifyAuthor(judging, opened.value)
  if (!device.ok) return device
  let opening = known(payload.r)
  if (!opening) {
    const read = await readOpening(judging, payload.r, payload.opening)
    if (!read.ok) return read
    opening = read.value
  }
  if ((opening.payload.vis === 'private') !== isPrivate) return bad('foreign-room')
  if (payload.end === undefined) return good({ announcement: opened.value, opening, over: false })
  const end = await readOperation(judging, payload.r, payload.end)
  if (!end.ok) return end
  // The creator's own end needs no history to be judged; anybody else's is seen in the room, and the list forgets it in time.
  const over = end.value.operation.k === 'end' && end.value.operation.m === opening.payload.m
  return over ? good({ announcement: opened.value, opening, over }) : bad('level-too-low')
}
