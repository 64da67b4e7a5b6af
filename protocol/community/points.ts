import { DAY } from '../limits.ts'
import type { Charge, LedgerState, Member } from './membership.ts'

/** What bans of those whom a member sponsored cost them at a log time (BAN-3). */
export function points(state: LedgerState, member: Member, at: number): number {
  return member.charges.reduce((sum, charge) => sum + worth(state, charge, at), 0)
}

/** `floor(ban-points × (fade-days - d) / fade-days)`, d whole days after the charge. */
function worth(state: LedgerState, charge: Charge, at: number): number {
  const { 'ban-points': most, 'fade-days': fade } = state.genesis.payload.policy
  const days = Math.floor((at - charge.at) / DAY)
  return days >= fade ? 0 : Math.floor((most * (fade - days)) / fade)
}

/** From which log time on, `at` or later, the member has so many points at most. They only fade, so there is such a time. @param most 0 or more */
export function pointsUntil(state: LedgerState, member: Member, at: number, most: number): number {
  const fade = state.genesis.payload.policy['fade-days'] * DAY
  const days = member.charges.map((charge) => charge.at + fade)
  let early = at
  let late = Math.max(at, ...days)
  while (early < late) {
    const middle = Math.floor((early + late) / 2)
    if (points(state, member, middle) <= most) late = middle
    else early = middle + 1
  }
  return early
}
