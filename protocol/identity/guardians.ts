import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { MAX_SIGNATURES } from '../limits.ts'
import { bad } from '../result.ts'
import { id, map, type Read, refine, sortedSet, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `guardians` (SPEC §5.7), signed by the member's root: `k` of the members `of` can together give them a new root. */
export const GUARDIANS = {
  type: 'guardians',
  fields: refine(
    map({
      m: id<MemberId>(),
      k: uint(MAX_SIGNATURES, 1),
      of: sortedSet(id<MemberId>(), MAX_SIGNATURES, 1),
      n: uint(),
      prev: id<StatementId>(),
      at: ledgerTime,
    }),
    ({ k, of }) => (k > of.length ? bad('field-invalid', 'k') : undefined),
  ),
} satisfies PayloadType<unknown>

export type Guardians = Read<typeof GUARDIANS.fields>
