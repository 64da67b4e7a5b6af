import type { Reason } from '../../protocol/reasons.ts'
import type { Verdict } from '../network/network.ts'

/**
 * What a refused gossip message costs whoever forwarded it. Some refusals are no fault of an honest peer: it may know a newer ledger than ours, its clock or
 * ours may be off, the message may be old, the end of the room not have reached it. The rest no honest peer forwards.
 */
export function verdictOf(reason: Reason): Verdict {
  switch (reason) {
    case 'not-member':
    case 'stale':
    case 'room-over':
    case 'expired':
    case 'not-yet-valid':
    case 'ancestors-unknown':
    case 'rate-limited':
      return 'ignore'
    default:
      return 'reject'
  }
}
