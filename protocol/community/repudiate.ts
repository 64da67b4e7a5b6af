import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `repudiate` (SPEC §6.8), signed by a device of the sponsor: undoes the join of somebody who should not have had the link. */
export const REPUDIATE = {
  type: 'repudiate',
  fields: map({
    m: id<MemberId>(),
    invite: id<StatementId>(),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Repudiate = Read<typeof REPUDIATE.fields>
