import { concatBytes } from '@noble/hashes/utils.js'
import type { LedgerState } from '../community/membership.ts'
import { DOMAIN } from '../domains.ts'
import { hash } from '../hash.ts'
import { type CommunityId, idBytes } from '../ids.ts'
import type { Sha256 } from '../log/merkle.ts'
import { countRecords, recordKey, recordOf, records, u64 } from './record.ts'
import { EMPTY_TREE, LEAF_BYTES, rootOf, type SparseTree, withLeaf } from './tree.ts'

/** What stands beside the root in a state hash: which state of which community it is. */
export interface StateHead {
  readonly community: CommunityId
  /** How many entries were read. */
  readonly size: number
  /** The time of the last one. */
  readonly time: number
}

/** STATE-4: the hash of a state, 32 bytes. @param root of all its records: `stateRoot`, or that of a tree which was kept with `stateTree` */
export function stateHash(head: StateHead, root: Uint8Array, sha256: Sha256 = hash): Uint8Array {
  return sha256(concatBytes(DOMAIN.state, idBytes(head.community), u64(head.size), u64(head.time), root))
}

/** The root of all records of a state, for who needs it once: 68 bytes of memory for each. */
export function stateRoot(state: LedgerState, sha256: Sha256 = hash): Uint8Array {
  const leaves = new Uint8Array(countRecords(state) * LEAF_BYTES)
  let at = 0
  for (const [name, value] of records(state)) {
    leaves.set(recordKey(name, sha256), at)
    leaves.set(sha256(value), at + LEAF_BYTES / 2)
    at += LEAF_BYTES
  }
  return rootOf(leaves, sha256)
}

/** The tree of all records of a state, for who follows the ledger or proves records. */
export function stateTree(state: LedgerState, sha256: Sha256 = hash): SparseTree {
  let out = EMPTY_TREE
  for (const [name, value] of records(state)) out = withLeaf(out, recordKey(name, sha256), sha256(value))
  return out
}

/** The tree of the state that `replay` made of the one whose tree this is: only what it touched is looked at. */
export function nextStateTree(tree: SparseTree, state: LedgerState, sha256: Sha256 = hash): SparseTree {
  let out = tree
  for (const name of state.touched) {
    const value = recordOf(state, name)
    out = withLeaf(out, recordKey(name, sha256), value && sha256(value))
  }
  return out
}
