import { peekId } from '../protocol/envelope.ts'
import type { Reason } from '../protocol/reasons.ts'
import { bad, good, type Result } from '../protocol/result.ts'
import type { Caution } from './caution.ts'
import type { LogKeeper } from './log-keeper.ts'
import type { Passing } from './passing.ts'

/** What the log took comes back to us in its next tree. Who asked is answered after this time in any case. Milliseconds. */
const COMES_BACK = 4_000

export interface TakingParts {
  readonly keeper: LogKeeper
  readonly passing: Passing
  readonly caution: Pick<Caution, 'seek'>
  /** Ends with the relay. */
  readonly signal: AbortSignal
}

/**
 * Has a statement taken, by our own log or by that of another relay (KEEP-7), and gives the promise.
 * @param passed another relay passed it on: it goes no further
 * @param promise of it, that our own log is said to have given before
 */
export type Take = (
  statement: Uint8Array,
  passed: boolean,
  promise?: Uint8Array,
) => Promise<Result<Uint8Array, Reason>>

export function createTaking({ keeper, passing, caution, signal }: TakingParts): Take {
  return async (statement, passed, promise) => {
    const { membership } = keeper
    if (membership === undefined) return bad('not-founded')
    if (keeper.isLog || passed) {
      const taken = await keeper.submit(statement, promise)
      return taken.ok ? good(taken.value.bytes) : taken
    }
    const id = peekId(membership.community, statement)
    if (!id.ok) return id
    const promised = await passing.statement(statement, signal)
    if (!promised.ok) return promised
    // Who is told of a place looks for it here.
    const isThere = () => keeper.membership?.statements.has(id.value) === true
    await caution.seek(isThere, AbortSignal.any([signal, AbortSignal.timeout(COMES_BACK)]))
    return promised
  }
}
