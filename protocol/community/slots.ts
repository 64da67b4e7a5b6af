import type { MemberId } from '../ids.ts'
import { DAY } from '../limits.ts'
import type { LedgerReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { type Member, type Membership, slotHolder } from './membership.ts'

/**
 * May this member spend this slot at this log time? (SPEC §6.3) A pure function of the ledger: nobody counts, everybody can recompute it.
 */
export function slotUsable(
  membership: Membership,
  sponsor: MemberId,
  slot: number,
  at: number,
): Result<true, LedgerReason> {
  const member = membership.members.get(sponsor)
  if (!member) return bad('member-unknown')
  if (slot >= entitledSlots(membership, member)) return bad('slot-not-entitled')
  if (at < matureFrom(membership, member)) return bad('slot-immature')
  if (slotHolder(membership, sponsor, slot, at)) return bad('slot-spent')
  return good(true)
}

/** How many slots the member has been given so far, used or not. */
export function entitledSlots(membership: Membership, member: Member): number {
  const { policy } = membership.genesis.payload
  return member.founder ? policy['founder-slots'] : policy['first-slots']
}

/** From which log time the member's first slots are usable. `Infinity` when time alone does not bring it about. */
export function matureFrom(membership: Membership, member: Member): number {
  const { policy } = membership.genesis.payload
  if (member.founder || policy.mode === 'open' || isOpeningGuest(membership, member)) return member.since
  const waited = member.since + policy['wait-days'] * DAY
  // Strict wants an attestation as well, and no ledger of this version holds one.
  return policy.mode === 'strict' ? Number.POSITIVE_INFINITY : waited
}

/** Invited by a founder while the community was new. */
function isOpeningGuest(membership: Membership, member: Member): boolean {
  const { payload } = membership.genesis
  const sponsor = member.sponsor && membership.members.get(member.sponsor)
  return sponsor?.founder === true && member.since <= payload.at + payload.policy['opening-days'] * DAY
}
