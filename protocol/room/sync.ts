import { compareTexts, type OperationId } from '../ids.ts'
import { MAX_HEADS } from '../limits.ts'
import { countOfActs } from './bundle.ts'
import { behind, type History, isWholeAt, wholeAt } from './history.ts'
import type { SignedOperation } from './operation.ts'

/** What one peer sends to another that asked for what it lacks, as it was signed, and where to go on; undefined when that was all. */
export interface Lacking {
  readonly operations: readonly SignedOperation[]
  readonly next: number | undefined
}

/**
 * Operations that tell another what this history has (SYNC-1): its heads, and while there is room others from further and further back in its own
 * order, each twice as far as the one before. So somebody who does not know what is newest here still knows where to begin. Ascending.
 */
export function haves(history: History): readonly OperationId[] {
  const told = new Set(history.heads.slice(0, MAX_HEADS))
  for (let back = 2; back < 2 * history.size && told.size < MAX_HEADS; back *= 2)
    told.add(wholeAt(history, Math.max(0, history.size - back)).id)
  return [...told].sort(compareTexts)
}

/**
 * What somebody who has these operations lacks (SYNC-2), ancestors first. Those that we do not know are theirs to give to us; what is behind them we
 * cannot tell, so they may be sent something twice, never too little. Bundles are sent whole.
 * @param from the `next` of the answer before, 0 at first
 * @param limit how many acts at most; no fewer than one bundle has
 */
export function lacking(
  history: History,
  theirs: readonly OperationId[],
  from: number,
  limit: number,
): Lacking {
  const isTheirs = behind(history, theirs)
  const operations: SignedOperation[] = []
  let acts = 0
  for (let i = from; i < history.size; i++) {
    // Whoever has the last act of a bundle has the others.
    if (!isWholeAt(history, i) || isTheirs(i)) continue
    const whole = wholeAt(history, i)
    acts += countOfActs(whole.operation)
    if (acts > limit) return { operations, next: i }
    operations.push(whole)
  }
  return { operations, next: undefined }
}
