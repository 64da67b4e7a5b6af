import { utf8ToBytes } from '@noble/hashes/utils.js'
import { DOMAIN } from '../domains.ts'
import type { PayloadType } from '../envelope.ts'
import { hash } from '../hash.ts'
import { idBytes, type MemberId, type RoomId, type StatementId } from '../ids.ts'
import { bytes, id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `room-open` (SPEC §6.9), signed by a device of `m`: a room whose stage shall count. Its title is a commitment. */
export const ROOM_OPEN = {
  type: 'room-open',
  fields: map({
    m: id<MemberId>(),
    room: id<RoomId>(),
    title: bytes(32),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

/** `room-end` (SPEC §6.9), signed by a device of the member who opened the room in the ledger. */
export const ROOM_END = {
  type: 'room-end',
  fields: map({
    m: id<MemberId>(),
    room: id<RoomId>(),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type RoomOpen = Read<typeof ROOM_OPEN.fields>
export type RoomEnd = Read<typeof ROOM_END.fields>

/** The commitment to a room's title (STAGE-1): whoever knows the room can be shown that it had this title. 32 bytes. */
export function commitTitle(room: RoomId, title: string): Uint8Array {
  return hash(DOMAIN.title, idBytes(room), utf8ToBytes(title))
}
