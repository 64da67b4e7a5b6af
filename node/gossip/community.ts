import { PROMISE } from '../../protocol/community/entry.ts'
import { open, peekType, verifyEnvelope } from '../../protocol/envelope.ts'
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
 * @param onGrowth the ledger has at least this many entries
 */
export function communityValidator(
  judging: Judging,
  directory: Directory,
  clock: Clock,
  onGrowth: (size: number) => void,
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
    if (index < membership.size) return 'ignore'
    const { log } = membership.genesis.payload
    const signed = await verifyEnvelope(judging.verifier, membership.community, opened.value, [log])
    if (!signed.ok) return verdictOf(signed.reason)
    onGrowth(index + 1)
    return 'accept'
  }
}
