import type { KeyText, MemberId } from '../ids.ts'
import type { LedgerReason } from '../reasons.ts'
import type { LedgerState, Member, Standing } from './membership.ts'

/** Only who is active is in good standing (STAND-2). */
export function inGoodStanding(member: Member): boolean {
  return member.standing === 'active'
}

/** Who is cut may still act on their own root and be vouched for. */
export function isHere({ standing }: Member): boolean {
  return standing === 'active' || standing === 'cut'
}

/** Why somebody who is not active may not (STAND-2). */
export function standingReason(member: Member): LedgerReason | undefined {
  return REASON_OF[member.standing]
}

/** Why somebody who is neither active nor cut may not. */
export function goneReason(member: Member): LedgerReason | undefined {
  return isHere(member) ? undefined : REASON_OF[member.standing]
}

const REASON_OF: { readonly [S in Standing]: LedgerReason | undefined } = {
  active: undefined,
  banned: 'member-banned',
  cut: 'member-cut',
  left: 'member-left',
  repudiated: 'member-repudiated',
}

/** Whether somebody was sponsored by another, or by a descendant of theirs (POL-3). */
export function isDescendant(state: LedgerState, member: Member, of: MemberId): boolean {
  let sponsor = member.sponsor
  while (sponsor !== undefined) {
    if (sponsor === of) return true
    sponsor = state.members.get(sponsor)?.sponsor
  }
  return false
}

/** Whether somebody else's branch is another (POL-2). */
export function isOutside(member: Member, of: Member): boolean {
  return member.branch !== of.branch
}

/** The members whom somebody sponsored, the last one first. */
export function* guestsOf(state: LedgerState, sponsor: Member): Generator<Member, undefined> {
  let next = sponsor.lastGuest
  while (next !== undefined) {
    const guest = state.members.get(next) as Member
    yield guest
    next = guest.previousGuest
  }
}

/** A root is no device, a device is one member's, and neither becomes another again: whether a key has a role, or had one. */
export function isPersonsKey(state: LedgerState, key: KeyText): boolean {
  return state.devices.has(key) || state.roots.has(key)
}
