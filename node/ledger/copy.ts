import type { Membership } from '../../protocol/community/membership.ts'
import type { StatementReason } from '../../protocol/community/replay.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { good, type Result } from '../../protocol/result.ts'
import { countRecords } from '../../protocol/state/record.ts'
import { nextStateTree, stateHash, stateTree } from '../../protocol/state/state.ts'
import { type SparseTree, treeRoot } from '../../protocol/state/tree.ts'

/** What some entries of the ledger come to: an immutable value. */
export interface Copy {
  readonly membership: Membership
  /** The log keys, each from the first entry on that was taken under it; in order. */
  readonly reigns: readonly Reign[]
  /** The records of the state (SPEC §6.13); undefined where there are too many to hash beside everything else. */
  readonly records: SparseTree | undefined
}

export interface Reign {
  readonly from: number
  readonly key: KeyText
}

/**
 * Up to so many records the state hash is made by whoever opens a stored copy: a fifth of a second on a phone. In a larger community the
 * hashes that the log signs are checked where the ledger is read from its beginning.
 */
const MAX_HASHED_RECORDS = 8192

/** Whether the records are hashed: always, or where they are few. */
export type Records = 'hashed' | 'few'

/** The copy with this state. @param reigns as stored; those of a log that was never rotated when left out */
export function copyOf(membership: Membership, reigns?: readonly Reign[], hashed: Records = 'few'): Copy {
  const few = hashed === 'hashed' || countRecords(membership) <= MAX_HASHED_RECORDS
  return {
    membership,
    reigns: reigns ?? [{ from: 0, key: membership.genesis.payload.log }],
    records: few ? stateTree(membership) : undefined,
  }
}

/** Reads further entries: `replay` with a verifier, or what remembers its verdicts. */
export type ReadOn = (
  state: Membership,
  entries: readonly Uint8Array[],
) => Promise<Result<Membership, StatementReason>>

/** The copy with further entries. */
export async function extendCopy(
  copy: Copy,
  entries: readonly Uint8Array[],
  readOn: ReadOn,
): Promise<Result<Copy, StatementReason>> {
  if (entries.length === 0) return good(copy)
  const next = await readOn(copy.membership, entries)
  if (!next.ok) return next
  if (next.value.log === copy.membership.log || entries.length === 1) return good(followed(copy, next.value))
  // Which of them rotated the log is found one by one: it happens once in years.
  let last = copy
  for (const entry of entries) {
    const one = await extendCopy(last, [entry], readOn)
    if (!one.ok) return one
    last = one.value
  }
  return good(last)
}

/** @param membership made of the copy's by one call of the replay */
function followed({ membership: before, reigns, records }: Copy, membership: Membership): Copy {
  const { log, size } = membership
  return {
    membership,
    reigns: log === before.log ? reigns : [...reigns, { from: size, key: log }],
    records: records && nextStateTree(records, membership),
  }
}

/** The key under which the log signs the tree of this size: that which took its last entry (KEEP-2). */
export function treeKey(reigns: readonly Reign[], size: number): KeyText {
  return (reigns.findLast(({ from }) => from < Math.max(1, size)) as Reign).key
}

/** The state hash (STATE-4), where the records are at hand. */
export function copyHash({ membership, records }: Copy): Uint8Array | undefined {
  return records && stateHash(membership, treeRoot(records))
}
