import { equalBytes } from '../bytes.ts'
import { decodeValue, encodeValue } from '../codec.ts'
import type { LedgerState, RecordName } from '../community/membership.ts'
import { hash } from '../hash.ts'
import type { CommunityId } from '../ids.ts'
import { HASH_BYTES, type Sha256 } from '../log/merkle.ts'
import type { CodecReason, LogReason, SchemaReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, list, map, type Read, refine, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'
import { decodeRecord, MAX_RECORD_BYTES, type RecordOf, recordKey, recordOf } from './record.ts'
import { stateHash } from './state.ts'
import { MAX_TREE_DEPTH, type Place, placeIn, rootFrom, type SparseTree } from './tree.ts'

/** The largest proof that is looked at: the largest record, and the longest way to the root. */
export const MAX_STATE_PROOF_BYTES = MAX_RECORD_BYTES + 10 * 1024

const hashBytes = bytes(HASH_BYTES)

/** STATE-5. Who asks for a record knows its name and the community; the proof says neither. */
const STATE_PROOF = refine(
  map(
    { size: uint(), time: ledgerTime, path: list(hashBytes, MAX_TREE_DEPTH) },
    { value: bytes(MAX_RECORD_BYTES, 1), other: map({ key: hashBytes, hash: hashBytes }) },
  ),
  ({ value, other }) => (value && other ? bad('field-unknown', 'other') : undefined),
)
type StateProof = Read<typeof STATE_PROOF>

export type StateProofReason = CodecReason | SchemaReason | Extract<LogReason, 'proof-wrong'>

/** Proves what the state says of a record, or that it has none of this name. @param tree that of the state */
export function proveRecord(
  state: LedgerState,
  tree: SparseTree,
  name: RecordName,
  sha256: Sha256 = hash,
): Uint8Array {
  const { path, leaf } = placeIn(tree, recordKey(name, sha256), sha256)
  const value = recordOf(state, name)
  const head = { size: state.size, time: state.time, path }
  if (value !== undefined) return encodeValue(STATE_PROOF.encode({ ...head, value }))
  if (leaf === undefined) return encodeValue(STATE_PROOF.encode(head))
  return encodeValue(STATE_PROOF.encode({ ...head, other: { key: leaf.key, hash: leaf.value } }))
}

/**
 * What the state with this hash says of a record; undefined that it has none of this name.
 * The value is read first, so that what is no record is called so.
 */
export function verifyRecord<N extends RecordName>(
  community: CommunityId,
  expected: Uint8Array,
  name: N,
  proof: Uint8Array,
  sha256: Sha256 = hash,
): Result<RecordOf<N['kind']> | undefined, StateProofReason> {
  const read = decodeValue(proof, MAX_STATE_PROOF_BYTES)
  if (!read.ok) return read
  const shaped = STATE_PROOF.decode(read.value, '')
  if (!shaped.ok) return shaped
  const { size, time, value } = shaped.value
  const record = value === undefined ? good(undefined) : decodeRecord<N['kind']>(name.kind, value)
  if (!record.ok) return record
  const key = recordKey(name, sha256)
  const place = placeOf(key, shaped.value, sha256)
  const root = place && rootFrom(key, place, sha256)
  if (root === undefined) return bad('proof-wrong')
  return equalBytes(stateHash({ community, size, time }, root, sha256), expected)
    ? record
    : bad('proof-wrong')
}

/** The place of the key that the proof speaks of. None when it holds the key itself up as another's. */
function placeOf(key: Uint8Array, { path, value, other }: StateProof, sha256: Sha256): Place | undefined {
  if (value !== undefined) return { path, leaf: { key, value: sha256(value) } }
  if (other === undefined) return { path, leaf: undefined }
  return equalBytes(other.key, key) ? undefined : { path, leaf: { key: other.key, value: other.hash } }
}
