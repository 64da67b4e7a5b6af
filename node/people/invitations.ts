import { MAX_CLAIMED_REFS } from '../../protocol/community/attest.ts'
import type { Attestation, Ban, LedgerState, Member } from '../../protocol/community/membership.ts'
import { points } from '../../protocol/community/points.ts'
import { isEnough } from '../../protocol/community/rules/stage.ts'
import { matureFrom, slotsOf } from '../../protocol/community/slots.ts'
import { inGoodStanding, isOutside } from '../../protocol/community/standing.ts'
import { compareTexts, type KeyText, type MemberId, type StatementId } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import { slotViews } from './slots.ts'
import type { ChargeView, ClaimCounts, ClaimView, InvitationsView, MaturityView } from './view.ts'

/**
 * A member's own invitations, and what decides about them.
 * @param links the links of the invitations that this device made, by the public half of their key
 * @param now seconds
 */
export function invitationsView(
  state: LedgerState,
  me: MemberId,
  links: ReadonlyMap<KeyText, string>,
  now: number,
): InvitationsView {
  const member = state.members.get(me)
  if (member === undefined) throw new TypeError('only a member has invitations')
  return {
    slots: slotViews(state, me, links, now),
    maturity: maturityOf(state, member, now),
    points: points(state, member, now),
    charges: chargesOf(state, member, now),
    relief: reliefOf(state, me, now),
    claim: claimOf(state, member, now),
  }
}

/** Whether the member's slots are usable as far as their age goes, and why (SLOT-2, SLOT-3). */
function maturityOf(state: LedgerState, member: Member, now: number): MaturityView {
  const { policy } = state.genesis.payload
  const from = matureFrom(state, member)
  const waited = member.since + policy['wait-days'] * DAY
  if (from !== undefined && now >= from) {
    if (member.founder) return { state: 'ready', because: 'founder' }
    if (policy.mode === 'open') return { state: 'ready', because: 'open' }
    if (from === member.since && waited > member.since) return { state: 'ready', because: 'opening' }
    return { state: 'ready', because: member.attested === from ? 'heard' : 'waited' }
  }
  return {
    state: 'waiting',
    joined: member.since * 1000,
    from: waited * 1000,
    needs: policy.mode === 'strict' ? 'both' : 'either',
    heard: member.attested !== undefined,
  }
}

/** What bans of those whom a member brought here still cost them. */
export function chargesOf(state: LedgerState, member: Member, now: number): readonly ChargeView[] {
  return member.charges
    .map((charge) => ({
      guest: (state.bans.get(charge.ban) as Ban).member,
      at: charge.at * 1000,
      points: points(state, { ...member, charges: [charge] }, now),
    }))
    .filter((charge) => charge.points > 0)
}

/** When the first of the slots that are kept back is so no more. */
function reliefOf(state: LedgerState, me: MemberId, now: number): number | undefined {
  const ends = slotsOf(state, me, now).flatMap((slot) =>
    slot.state === 'withheld' || slot.state === 'paused' ? [slot.from] : [],
  )
  return ends.length === 0 ? undefined : Math.min(...ends) * 1000
}

function claimOf(state: LedgerState, member: Member, now: number): ClaimView {
  const { policy } = state.genesis.payload
  const from = member.claimed === undefined ? undefined : member.claimed + policy['claim-days'] * DAY
  const early = from !== undefined && now < from
  return {
    more: policy['more-slots'],
    from: early ? from * 1000 : undefined,
    have: countsOf(state, member),
    need: {
      attesters: policy['claim-attesters'],
      rooms: policy['claim-rooms'],
      minutes: policy['claim-minutes'],
      outside: policy['claim-outside'],
    },
    ready: !early && refsForClaim(state, member) !== undefined,
  }
}

/** What others said of the member on a stage, as far as it would count in a claim (CLAIM-1). */
function countsOf(state: LedgerState, member: Member): ClaimCounts {
  const attesters = new Set<Member>()
  const minutes = new Map<string, number>()
  for (const one of countingAttests(state, member)) {
    attesters.add(state.members.get(one.member) as Member)
    minutes.set(one.room, Math.max(minutes.get(one.room) ?? 0, one.minutes))
  }
  return {
    attesters: attesters.size,
    rooms: minutes.size,
    minutes: [...minutes.values()].reduce((sum, one) => sum + one, 0),
    outside: [...attesters].filter((attester) => isOutside(attester, member)).length,
  }
}

function countingAttests(state: LedgerState, member: Member): readonly Attestation[] {
  return [...state.attests.values()].filter(
    (one) => one.for === member.id && !one.spent && inGoodStanding(state.members.get(one.member) as Member),
  )
}

/**
 * Attests that are enough for a claim, and no more of them than it takes, since each counts once: the longest first, then those that add a
 * person or a room. In ascending order, as a set is written. Undefined when there are not enough.
 */
export function refsForClaim(state: LedgerState, member: Member): readonly StatementId[] | undefined {
  const rest = countingAttests(state, member).toSorted(
    (a, b) => b.minutes - a.minutes || (a.id < b.id ? -1 : 1),
  )
  const chosen: Attestation[] = []
  while (!isEnough(state, member, chosen)) {
    const next = rest.reduce<Attestation | undefined>(
      (best, one) =>
        best === undefined || gain(state, member, chosen, one) > gain(state, member, chosen, best)
          ? one
          : best,
      undefined,
    )
    if (next === undefined || chosen.length === MAX_CLAIMED_REFS) return undefined
    chosen.push(next)
    rest.splice(rest.indexOf(next), 1)
  }
  return chosen.map(({ id }) => id).toSorted(compareTexts)
}

/** How much nearer an attest brings a claim: a new person and a new room, one from outside the branch above all. */
function gain(state: LedgerState, member: Member, chosen: readonly Attestation[], one: Attestation): number {
  const person = chosen.some((other) => other.member === one.member) ? 0 : 1
  const outside = person === 1 && isOutside(state.members.get(one.member) as Member, member) ? 1 : 0
  const room = chosen.some((other) => other.room === one.room) ? 0 : 1
  return outside * 2 + person + room
}
