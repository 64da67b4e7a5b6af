import type { PayloadType } from '../envelope.ts'
import type { MemberId } from '../ids.ts'
import { MAX_SIGNATURES, MAX_WITNESSES } from '../limits.ts'
import { bad } from '../result.ts'
import { id, key, map, type Read, refine, sortedSet, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** Named in one statement, each with 34 bytes. */
const MAX_STEWARDS = 16

/** `council` (SPEC §6.9), signed by enough of the council in force: makes the next one. */
export const COUNCIL = {
  type: 'council',
  fields: refine(
    map({
      v: uint(),
      k: uint(MAX_SIGNATURES, 1),
      keys: sortedSet(key, MAX_SIGNATURES, 1),
      at: ledgerTime,
    }),
    ({ k, keys }) => (k > keys.length ? bad('field-invalid', 'k') : undefined),
  ),
} satisfies PayloadType<unknown>

/** `stewards` (SPEC §6.9), signed by enough of the council: who gives badges to room creators. */
export const STEWARDS = {
  type: 'stewards',
  fields: map({ v: uint(), of: sortedSet(id<MemberId>(), MAX_STEWARDS), at: ledgerTime }),
} satisfies PayloadType<unknown>

/** `log-rotate` (SPEC §6.9), signed by enough of the council: another key orders the ledger from the next entry on. */
export const LOG_ROTATE = {
  type: 'log-rotate',
  fields: refine(
    map(
      { v: uint(), log: key, at: ledgerTime },
      { witnesses: map({ k: uint(MAX_WITNESSES), keys: sortedSet(key, MAX_WITNESSES) }) },
    ),
    ({ witnesses }) =>
      witnesses && witnesses.k > witnesses.keys.length ? bad('field-invalid', 'witnesses.k') : undefined,
  ),
} satisfies PayloadType<unknown>

export type CouncilStatement = Read<typeof COUNCIL.fields>
export type Stewards = Read<typeof STEWARDS.fields>
export type LogRotate = Read<typeof LOG_ROTATE.fields>
