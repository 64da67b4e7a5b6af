import type { Envelope, PayloadType } from '../envelope.ts'
import type { MemberId, RoomId } from '../ids.ts'
import { MAX_TITLE_CHARS, MAX_TOPIC_CHARS, MAX_TOPICS } from '../limits.ts'
import { bytes, id, line, list, map, oneOf, type Read, text } from '../schema.ts'
import { ledgerTime, seconds } from '../time.ts'

/** BCP 47, as far as a room needs it. */
export const language = text(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 35)

/**
 * `room` (SPEC §7.1), signed by a device of the host: opens a room, whose id is the statement's id. `lang`: BCP 47.
 * `vis`: who may hear; `hands`: who may ask for the stage. `start`: for a room announced ahead. `nonce` keeps two rooms of one title apart.
 */
export const ROOM = {
  type: 'room',
  fields: map(
    {
      m: id<MemberId>(),
      title: line(MAX_TITLE_CHARS),
      topics: list(line(MAX_TOPIC_CHARS), MAX_TOPICS),
      lang: language,
      vis: oneOf('open', 'members', 'private'),
      hands: oneOf('everybody', 'members', 'nobody'),
      nonce: bytes(16),
      at: ledgerTime,
    },
    { start: seconds },
  ),
} satisfies PayloadType<unknown>

export type Room = Read<typeof ROOM.fields>

/** The room that an opening makes. */
export function roomOf(opening: Envelope<Room>): RoomId {
  return opening.id as RoomId
}
