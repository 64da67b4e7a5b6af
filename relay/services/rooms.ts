import type { PeerIdString } from '../../node/network/network.ts'
import type { Directory } from '../../node/room/directory.ts'
import { MAX_ROOMS_AN_ANSWER, type RoomsAnswer } from '../../protocol/wire/services.ts'
import type { Allowance } from '../allowance.ts'
import { accountOf, type Sessions } from '../sessions.ts'

export interface RoomsParts {
  readonly sessions: Sessions
  readonly directory: Directory
  readonly gets: Allowance
}

/** The rooms that are going on, the fullest first, for members. */
export async function answerRooms(
  { sessions, directory, gets }: RoomsParts,
  from: PeerIdString,
): Promise<RoomsAnswer> {
  const session = sessions.of(from)
  if (session?.kind !== 'member') return { error: 'not-admitted' }
  if (!gets.take(accountOf(session))) return { error: 'rate-limited' }
  const fullest = directory.rooms.value
    .map((room) => room.announcement)
    .toSorted((a, b) => b.payload.people - a.payload.people)
  return { rooms: fullest.slice(0, MAX_ROOMS_AN_ANSWER).map((announcement) => announcement.bytes) }
}
