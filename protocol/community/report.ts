import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { MAX_SEALED_BYTES } from '../limits.ts'
import { bytes, id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `report` (SPEC §6.9), signed by a device of `m`, sealed for the council (§6.14). */
export const REPORT = {
  type: 'report',
  fields: map({
    m: id<MemberId>(),
    sealed: bytes(MAX_SEALED_BYTES, 1),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Report = Read<typeof REPORT.fields>
