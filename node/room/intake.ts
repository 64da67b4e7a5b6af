import type { Envelope } from '../../protocol/envelope.ts'
import type { RoomId } from '../../protocol/ids.ts'
import { type Beacon, sessionName } from '../../protocol/room/beacon.ts'
import { signedFrom } from '../../protocol/room/history.ts'
import { isAhead } from '../../protocol/room/operation.ts'
import { type Judging, readAll } from '../gossip/received.ts'
import { type RoomMessage, readRoomMessage } from '../gossip/room-message.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { RoomArchive } from './archive.ts'
import type { Attendance } from './attendance.ts'
import type { RoomLog } from './log.ts'
import { ofOneAnswer } from './sync.ts'

export interface IntakeParts {
  readonly room: RoomId
  readonly judging: Judging
  readonly clock: Clock
  readonly log: RoomLog
  readonly attendance: Attendance
  readonly archive: RoomArchive
  readonly hasLeft: () => boolean
  /** A session is here that was not known. */
  readonly onStranger: () => void
  /** Something came that changes what is known. */
  readonly onNews: () => void
}

/** What comes in of a room: operations into its log and the archive, beacons to the attendance. */
export interface Intake {
  /** Takes in what gossip brought; true when it is worth carrying on. */
  take(message: RoomMessage): boolean
  /** Takes in what one answer brought: verified together, and shown once, so that a room of thousands is there in a moment. */
  takeAll(messages: readonly Uint8Array[]): Promise<void>
}

export function createIntake(parts: IntakeParts): Intake {
  const { room, judging, clock, log, attendance, archive, hasLeft, onStranger, onNews } = parts

  function takeBeacon(envelope: Envelope<Beacon>): boolean {
    const isStranger = !attendance.beacons.has(sessionName(envelope.payload))
    const isNews = attendance.take(envelope)
    if (isNews && isStranger) {
      attendance.repeat()
      onStranger()
    }
    return isNews
  }

  function keepFrom(size: number): void {
    // The room goes on in memory where the browser cannot store; only a reload then loses it.
    archive.keep(room, signedFrom(log.history, size)).catch(() => undefined)
  }

  return {
    take(message) {
      if (hasLeft()) return false
      if (message.kind === 'beacon') {
        const isNews = takeBeacon(message.envelope)
        if (isNews) onNews()
        return isNews
      }
      if (isAhead(message.signed.operation, second(clock))) return false
      const before = log.history.size
      const outcome = log.add(message.signed)
      if (outcome === 'new') {
        keepFrom(before)
        onNews()
      }
      return outcome === 'new' || outcome === 'waiting'
    },
    async takeAll(messages) {
      const read = await readAll(judging, messages, (bytes) => readRoomMessage(judging, room, bytes))
      if (hasLeft()) return
      const before = log.history.size
      const good = read.flatMap((message) => (message.ok ? message.value : []))
      const operations = good.flatMap((message) => (message.kind === 'operation' ? message.signed : []))
      const now = second(clock)
      log.addAll(ofOneAnswer(operations).filter(({ operation }) => !isAhead(operation, now)))
      keepFrom(before)
      const news = good.filter((message) => message.kind === 'beacon' && takeBeacon(message.envelope))
      if (news.length > 0 || log.history.size > before) onNews()
    },
  }
}
