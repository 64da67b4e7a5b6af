import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { flag, id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `certify` (SPEC §6.9), signed by a device of a steward: gives the badge of a certified room creator, or takes it. */
export const CERTIFY = {
  type: 'certify',
  fields: map({
    m: id<MemberId>(),
    for: id<MemberId>(),
    on: flag,
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Certify = Read<typeof CERTIFY.fields>
