import type { PayloadType } from '../envelope.ts'
import type { MemberId, RoomId } from '../ids.ts'
import { MAX_ANNOUNCED } from '../limits.ts'
import { bytes, flag, id, key, list, map, type Read, uint } from '../schema.ts'

/** An opening or an operation inside an announcement. */
const MAX_EMBEDDED_BYTES = 2048

/**
 * `announce` (SPEC §7.6), signed by a device of somebody in the room: what the list of rooms shows, every ten seconds, by one
 * participant for all. It carries the opening itself, so that a newcomer needs nobody else. `end`: the host's own `end`, which takes the
 * room off the list at once. Private rooms are never announced.
 */
export const ANNOUNCE = {
  type: 'announce',
  fields: map(
    {
      r: id<RoomId>(),
      m: id<MemberId>(),
      peer: key,
      seq: uint(),
      opening: bytes(MAX_EMBEDDED_BYTES, 1),
      people: uint(1_000_000),
      here: list(map({ m: id<MemberId>(), stage: flag }), MAX_ANNOUNCED),
    },
    { end: bytes(MAX_EMBEDDED_BYTES, 1) },
  ),
} satisfies PayloadType<unknown>

export type Announcement = Read<typeof ANNOUNCE.fields>
