import { decodeValue, encodeValue } from '../codec.ts'
import type { PayloadType } from '../envelope.ts'
import type { StatementId } from '../ids.ts'
import { MAX_ENTRY_BYTES, MAX_ENVELOPE_BYTES } from '../limits.ts'
import type { CodecReason, SchemaReason } from '../reasons.ts'
import type { Result } from '../result.ts'
import { bytes, id, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/**
 * One entry of the ordered ledger (SPEC §6.5): `{ "at": time, "e": envelope }`. `at` is when the log took it, never before the entry
 * before it; rules about time go by it, because what a statement says of its own time is only a claim. These bytes are the log's leaf.
 */
const ENTRY = map({ at: ledgerTime, e: bytes(MAX_ENVELOPE_BYTES, 1) })

export type Entry = Read<typeof ENTRY>

export function encodeEntry(entry: Entry): Uint8Array {
  return encodeValue(ENTRY.encode(entry))
}

/** What it holds is part of the bytes given, which must stay as they are. */
export function decodeEntry(entry: Uint8Array): Result<Entry, CodecReason | SchemaReason> {
  const value = decodeValue(entry, MAX_ENTRY_BYTES, true)
  return value.ok ? ENTRY.decode(value.value, '') : value
}

/**
 * `promise` (SPEC §6.5), signed by the log key: the log has stored this statement at this index and will never order another there.
 * Whoever holds one and is later shown another history has evidence.
 */
export const PROMISE = {
  type: 'promise',
  fields: map({ id: id<StatementId>(), index: uint(), at: ledgerTime }),
} satisfies PayloadType<unknown>

export type LogPromise = Read<typeof PROMISE.fields>
