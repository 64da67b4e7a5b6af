import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { bytes, id, map, oneOf, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** Why the council acts on somebody. */
export const why = oneOf('spam', 'abuse', 'fake', 'illegal', 'other')
export type Why = Read<typeof why>

/** `notice` (SPEC §6.9), signed by enough of the council: tells the sponsors of `m` that it is about to act. */
export const NOTICE = {
  type: 'notice',
  fields: map({ v: uint(), m: id<MemberId>(), why, at: ledgerTime }),
} satisfies PayloadType<unknown>

/**
 * `ban` (SPEC §6.9), signed by enough of the council. `note`: a commitment to its reasons. `cut`: the branch goes with the member, as far as
 * it came in at this index of the ledger or later.
 */
export const BAN = {
  type: 'ban',
  fields: map({ v: uint(), m: id<MemberId>(), why, at: ledgerTime }, { note: bytes(32), cut: uint() }),
} satisfies PayloadType<unknown>

/** `unban` (SPEC §6.9), signed by enough of the council: lifts a ban, with what it cut and what it charged. */
export const UNBAN = {
  type: 'unban',
  fields: map({ v: uint(), ban: id<StatementId>(), at: ledgerTime }),
} satisfies PayloadType<unknown>

export type NoticeOfBan = Read<typeof NOTICE.fields>
export type BanStatement = Read<typeof BAN.fields>
export type Unban = Read<typeof UNBAN.fields>
