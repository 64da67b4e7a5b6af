import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { MAX_SEALED_BYTES } from '../limits.ts'
import { bytes, id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `appeal` (SPEC §6.9), signed by the root of `m` or one of their devices, sealed for the council (§6.14): what they say to its decision. */
export const APPEAL = {
  type: 'appeal',
  fields: map({
    m: id<MemberId>(),
    sealed: bytes(MAX_SEALED_BYTES, 1),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Appeal = Read<typeof APPEAL.fields>
