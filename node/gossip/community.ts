import { type LogPromise, PROMISE } from '../../protocol/community/entry.ts'
import { type Envelope, open, peekType, soleSigner, verifyEnvelope } from '../../protocol/envelope.ts'
import { MAX_CLOCK_SKEW } from '../../protocol/limits.ts'
import type { Validate } from '../network/network.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Directory } from '../room/directory.ts'
import type { Judging } from './received.ts'
import { verdictOf } from './verdict.ts'

/**
 * Judges and takes in the messages of the community's topic (SPEC §9.7): announcements of rooms, and the log's promises, which tell that the
 * ledger has grown.
 *
 * @param onPromise what the log has promised somebody, of an index that our copy has or of a later one
 */
export function communityValidator(
  judging: Judging,
  directory: Directory,
  clock: Clock,
  onPromise: (promise: Envelope<LogPromise>) => void,
): Validate {
  return async (_from, data) => {
    const type = peekType(data)
    if (!type.ok) return verdictOf(type.reason)
    if (type.value !== PROMISE.type) {
      const taken = await directory.receive(data)
      return taken.ok ? 'accept' : verdictOf(taken.reason)
    }
    const membership = judging.membership()
    const opened = open(PROMISE, membership.community, data)
    if (!opened.ok) return verdictOf(opened.reason)
    const { index, at } = opened.value.payload
    if (at > second(clock) + MAX_CLOCK_SKEW) return 'ignore'
    const signer = soleSigner(opened.value)
    // A key that the log had once promises nothing new, but what it promised has to be so.
    const known = index < membership.size
    if (signer === undefined || !(known ? membership.logs : [membership.log]).includes(signer))
      return 'ignore'
    const signed = await verifyEnvelope(judging.verifier, membership.community, opened.value, [signer])
    if (!signed.ok) return verdictOf(signed.reason)
    onPromise(opened.value)
    return known ? 'ignore' : 'accept'
  }
}
