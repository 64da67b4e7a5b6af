import type { PayloadType } from '../envelope.ts'
import { bytes, map, type Read } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** Two of these fit into one payload. A device's or a root's statement has 200 to 1,600 bytes. */
const MAX_TWIN_BYTES = 1900
/** All but what the statement around it needs. */
const MAX_PROOF_BYTES = 3500

/** `equivocation` (SPEC §6.11), signed by anybody: two statements for one place of a chain, the lower id first. */
export const EQUIVOCATION = {
  type: 'equivocation',
  fields: map({ a: bytes(MAX_TWIN_BYTES, 1), b: bytes(MAX_TWIN_BYTES, 1), at: ledgerTime }),
} satisfies PayloadType<unknown>

/** `leak` (SPEC §6.11), signed by anybody: a second join with one invitation, so that two people had its link. */
export const LEAK = {
  type: 'leak',
  fields: map({ join: bytes(MAX_PROOF_BYTES, 1), at: ledgerTime }),
} satisfies PayloadType<unknown>

/** `log-fork` (SPEC §6.11), signed by anybody: evidence that the log signed two histories. */
export const LOG_FORK = {
  type: 'log-fork',
  fields: map({ evidence: bytes(MAX_PROOF_BYTES, 1), at: ledgerTime }),
} satisfies PayloadType<unknown>

export type Equivocation = Read<typeof EQUIVOCATION.fields>
export type Leak = Read<typeof LEAK.fields>
export type LogForkStatement = Read<typeof LOG_FORK.fields>
