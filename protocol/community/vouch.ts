import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `vouch` (SPEC §6.8), signed by a device of `m`, who becomes a further sponsor of `for`. */
export const VOUCH = {
  type: 'vouch',
  fields: map({
    m: id<MemberId>(),
    for: id<MemberId>(),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Vouch = Read<typeof VOUCH.fields>
