import type { Membership } from '../protocol/community/membership.ts'
import { append, beginLedger, replay } from '../protocol/community/replay.ts'
import type { Statement } from '../protocol/community/statement.ts'
import type { KeyText } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import { good, type Result } from '../protocol/result.ts'
import type { Verifier } from '../protocol/signature.ts'
import { nextStateTree, stateTree } from '../protocol/state/state.ts'
import type { SparseTree } from '../protocol/state/tree.ts'
import { sha256 } from './tree/sha256.ts'

/** A ledger up to its last entry: an immutable value. */
export interface Tip {
  readonly membership: Membership
  /** Its records (SPEC §6.13). */
  readonly records: SparseTree
  /** The log keys, each from the first entry on that was taken under it; in order. */
  readonly reigns: readonly Reign[]
}

interface Reign {
  readonly from: number
  readonly key: KeyText
}

/** The log key under which an entry was taken, or is: also the next one's. */
export function logKeyAt({ reigns }: Tip, index: number): KeyText {
  return (reigns.findLast(({ from }) => from <= index) as Reign).key
}

/** A ledger of which nobody has replayed more than the membership says, and whose log was never rotated. */
export function tipOf(membership: Membership): Tip {
  const { log } = membership.genesis.payload
  return { membership, records: stateTree(membership, sha256), reigns: [{ from: 0, key: log }] }
}

/** The ledger with one more entry, whose statement was admitted at this log time. */
export function withStatement(tip: Tip, statement: Statement, at: number): Tip {
  return follow(tip, append(tip.membership, statement, at))
}

/** The ledger with further entries, void ones among them. The first entry of all makes it. */
export async function extend(
  verifier: Verifier,
  tip: Tip | undefined,
  entries: readonly Uint8Array[],
): Promise<Result<Tip, Reason>> {
  const [first, ...rest] = entries
  if (first === undefined) throw new RangeError('no entries')
  if (tip === undefined) {
    const begun = await beginLedger(verifier, first)
    if (!begun.ok) return begun
    return rest.length > 0 ? await extend(verifier, tipOf(begun.value), rest) : good(tipOf(begun.value))
  }
  const next = await replay(verifier, tip.membership, entries)
  if (!next.ok) return next
  if (next.value.log === tip.membership.log || rest.length === 0) return good(follow(tip, next.value))
  // Which of them rotated the log is found one by one: it happens once in years.
  const begun = await extend(verifier, tip, [first])
  return begun.ok ? await extend(verifier, begun.value, rest) : begun
}

/** @param membership made of the tip's by one call */
function follow({ records, reigns, membership: { log: before } }: Tip, membership: Membership): Tip {
  const { log, size } = membership
  return {
    membership,
    records: nextStateTree(records, membership, sha256),
    reigns: log === before ? reigns : [...reigns, { from: size, key: log }],
  }
}
