import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

const FIELDS = map({ m: id<MemberId>(), n: uint(), prev: id<StatementId>(), at: ledgerTime })

/** `leave` (SPEC §6.8), signed by the member's root: they are no member any more, for good. */
export const LEAVE = { type: 'leave', fields: FIELDS } satisfies PayloadType<unknown>

/** `erase` (SPEC §6.8), signed by the member's root or one of their devices: everybody deletes the profile. */
export const ERASE = { type: 'erase', fields: FIELDS } satisfies PayloadType<unknown>

export type Leave = Read<typeof LEAVE.fields>
export type Erase = Read<typeof ERASE.fields>
