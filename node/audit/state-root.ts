import type { LedgerState } from '../../protocol/community/membership.ts'
import { HASH_BYTES, type Sha256 } from '../../protocol/log/merkle.ts'
import { recordPreimage, records } from '../../protocol/state/record.ts'
import { LEAF_BYTES, partNumber, partOf, rootOfParts, type TreePart } from '../../protocol/state/tree.ts'
import { inTurn } from './in-turn.ts'
import { joined, parted, type Strings } from './strings.ts'

/**
 * The root of a state (STATE-3) by many: workers hash its records, a batch at a time, and then the parts of the tree, which is as good as even. What is
 * left to us is to write the records down.
 */

/** Records to be hashed. */
export interface RecordBatch {
  /** Of which their keys are the hashes. */
  readonly names: Strings
  readonly values: Strings
}

/** Leaves as in a bucket of the tree, those of one part after those of another. */
export interface PartedLeaves {
  readonly leaves: Uint8Array
  /** Where those of each part end, in leaves. */
  readonly ends: Uint32Array
}

/** Whoever hashes for us. */
export interface Hashers {
  /** So many at a time keep them busy. */
  readonly width: number
  /** Takes what the batch holds: it is of no use to anybody after that. */
  hashRecords(batch: RecordBatch): Promise<PartedLeaves>
  /** The root of a part of the tree with these leaves, which it takes. */
  hashPart(leaves: Uint8Array): Promise<Uint8Array>
}

/** The tree is parted at this depth: the last of so many parts are done when little else is. */
const PART_DEPTH = 6
const PARTS = 2 ** PART_DEPTH
/** Records that are hashed in one go: half a megabyte of them. */
const BATCH_RECORDS = 2048

export async function stateRootBy(state: LedgerState, hashers: Hashers, sha256: Sha256): Promise<Uint8Array> {
  const parts = Array.from({ length: PARTS }, (): Uint8Array[] => [])
  for await (const { leaves, ends } of inTurn(batches(state), hashers.width, (batch) =>
    hashers.hashRecords(batch),
  )) {
    let start = 0
    for (const [i, end] of ends.entries()) {
      if (end > start) parts[i]?.push(leaves.subarray(start * LEAF_BYTES, end * LEAF_BYTES))
      start = end
    }
  }
  const roots: TreePart[] = []
  const hashed = async (pieces: readonly Uint8Array[]): Promise<TreePart> => {
    const { bytes } = joined(pieces)
    return { size: bytes.length / LEAF_BYTES, root: await hashers.hashPart(bytes) }
  }
  for await (const part of inTurn(parts, hashers.width, hashed)) roots.push(part)
  return rootOfParts(roots, sha256)
}

function* batches(state: LedgerState): Generator<RecordBatch> {
  let names: Uint8Array[] = []
  let values: Uint8Array[] = []
  const batch = (): RecordBatch => {
    const made = { names: joined(names), values: joined(values) }
    names = []
    values = []
    return made
  }
  for (const [name, value] of records(state)) {
    names.push(recordPreimage(name))
    values.push(value)
    if (names.length === BATCH_RECORDS) yield batch()
  }
  if (names.length > 0) yield batch()
}

/** What one worker does with records. */
export function hashRecords({ names, values }: RecordBatch, sha256: Sha256): PartedLeaves {
  const keys = [...parted(names)].map((name) => sha256(name))
  const ends = new Uint32Array(PARTS)
  for (const key of keys) (ends[partNumber(key, 0, PART_DEPTH)] as number)++
  const next = new Uint32Array(PARTS)
  for (let i = 1; i < PARTS; i++) {
    next[i] = ends[i - 1] as number
    ends[i] = (ends[i] as number) + (ends[i - 1] as number)
  }
  const leaves = new Uint8Array(keys.length * LEAF_BYTES)
  let i = 0
  for (const value of parted(values)) {
    const key = keys[i++] as Uint8Array
    const part = partNumber(key, 0, PART_DEPTH)
    const at = (next[part] as number) * LEAF_BYTES
    next[part] = (next[part] as number) + 1
    leaves.set(key, at)
    leaves.set(sha256(value), at + HASH_BYTES)
  }
  return { leaves, ends }
}

/** What one worker does with a part. */
export function hashPart(leaves: Uint8Array, sha256: Sha256): Uint8Array {
  return partOf(leaves, PART_DEPTH, sha256).root
}
