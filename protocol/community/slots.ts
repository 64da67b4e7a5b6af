import type { MemberId } from '../ids.ts'
import { DAY, MINUTE } from '../limits.ts'
import type { LedgerReason } from '../reasons.ts'
import { type Invitation, type LedgerState, type Member, slotName } from './membership.ts'
import { points, pointsUntil } from './points.ts'

/**
 * What becomes of a slot at some log time, for people: usable, or the first rule of SPEC §6.3 that it breaks. `from`: log time from which that
 * rule will not keep it any more, where time alone brings that.
 */
export type SlotState =
  | { readonly state: 'usable' }
  | { readonly state: 'withheld' | 'paused'; readonly from: number }
  | { readonly state: 'immature'; readonly from: number | undefined }
  | { readonly state: 'spent'; readonly from: number | undefined; readonly invitation: Invitation }

export type Slot = SlotState & { readonly slot: number }

/** Every slot that a member was ever given, at a log time: a pure function of the ledger, which nobody counts and everybody can recompute. */
export function slotsOf(state: LedgerState, member: MemberId, at: number): readonly Slot[] {
  const sponsor = state.members.get(member)
  if (sponsor === undefined) return []
  return Array.from({ length: sponsor.slots }, (_, slot) => ({
    slot,
    ...stateOfSlot(state, sponsor, slot, at),
  }))
}

/** Why a member may not spend this slot at this log time (SLOT-1 to 7). */
export function slotReason(
  state: LedgerState,
  sponsor: Member,
  slot: number,
  at: number,
): LedgerReason | undefined {
  if (slot >= sponsor.slots) return 'slot-not-entitled'
  switch (stateOfSlot(state, sponsor, slot, at).state) {
    case 'withheld':
      return 'slot-withheld'
    case 'paused':
      return 'sponsor-paused'
    case 'immature':
      return 'slot-immature'
    case 'spent':
      return 'slot-spent'
    case 'usable':
      return undefined
  }
}

function stateOfSlot(state: LedgerState, sponsor: Member, slot: number, at: number): SlotState {
  if (isWithheld(state, sponsor, slot, at))
    return { state: 'withheld', from: pointsUntil(state, sponsor, at, mostPointsOf(state, sponsor, slot)) }
  if (isPaused(state, sponsor, at))
    return { state: 'paused', from: pointsUntil(state, sponsor, at, policyOf(state)['pause-points'] - 1) }
  const mature = matureFrom(state, sponsor)
  if (mature === undefined || at < mature) return { state: 'immature', from: mature }
  const invitation = slotHolder(state, sponsor.id, slot, at)
  return invitation ? { state: 'spent', from: freeFrom(invitation), invitation } : { state: 'usable' }
}

/** Bans of guests cost the sponsor the highest of their slots for a time (SLOT-6). */
function isWithheld(state: LedgerState, sponsor: Member, slot: number, at: number): boolean {
  const each = policyOf(state)['slot-points']
  return each !== 0 && slot >= sponsor.slots - Math.floor(points(state, sponsor, at) / each)
}

/** With so many points at most, this slot is not withheld. */
function mostPointsOf(state: LedgerState, sponsor: Member, slot: number): number {
  return (sponsor.slots - slot) * policyOf(state)['slot-points'] - 1
}

/** Bans of guests stop the sponsor's invitations and vouches for a time (SLOT-7). */
export function isPaused(state: LedgerState, sponsor: Member, at: number): boolean {
  const most = policyOf(state)['pause-points']
  return most !== 0 && points(state, sponsor, at) >= most
}

/** Whether the member's slots are usable as far as their age goes (SLOT-2). */
export function isMature(state: LedgerState, member: Member, at: number): boolean {
  const from = matureFrom(state, member)
  return from !== undefined && at >= from
}

/** From which log time the member is mature (SLOT-2, SLOT-3); undefined when time alone does not bring it about. */
export function matureFrom(state: LedgerState, member: Member): number | undefined {
  const { mode, 'wait-days': days } = policyOf(state)
  if (mode === 'open' || member.founder || isOpeningGuest(state, member)) return member.since
  const waited = member.since + days * DAY
  const { attested } = member
  if (mode === 'strict') return attested === undefined ? undefined : Math.max(waited, attested)
  return attested === undefined ? waited : Math.min(waited, attested)
}

/** Invited by a founder while the community was new. */
function isOpeningGuest(state: LedgerState, member: Member): boolean {
  const { at, policy } = state.genesis.payload
  const sponsor = member.sponsor && state.members.get(member.sponsor)
  return sponsor?.founder === true && member.since <= at + policy['opening-days'] * DAY
}

/** The invitation that holds a slot at this time: used by somebody who was not repudiated, or waiting (SLOT-4). */
export function slotHolder(
  state: LedgerState,
  sponsor: MemberId,
  slot: number,
  at: number,
): Invitation | undefined {
  const last = state.slots.get(slotName(sponsor, slot))
  const invitation = last && state.invitations.get(last)
  if (invitation === undefined) return undefined
  if (invitation.guest !== undefined) {
    return state.members.get(invitation.guest)?.standing === 'repudiated' ? undefined : invitation
  }
  return invitation.void || hasExpired(invitation, at) ? undefined : invitation
}

/** True when nobody may come in with it any more for its age. */
export function hasExpired(invitation: Invitation, at: number): boolean {
  return invitation.exp !== undefined && at > invitation.exp
}

/** The first minute after it, since log time has no shorter ones. */
function freeFrom({ guest, exp }: Invitation): number | undefined {
  return guest !== undefined || exp === undefined ? undefined : exp + MINUTE
}

function policyOf(state: LedgerState) {
  return state.genesis.payload.policy
}
