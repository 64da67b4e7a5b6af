import type { Ban, LedgerState, Member } from '../../protocol/community/membership.ts'
import { points } from '../../protocol/community/points.ts'
import { noticeStands } from '../../protocol/community/rules/council.ts'
import { isMature, isPaused } from '../../protocol/community/slots.ts'
import { guestsOf, inGoodStanding, isDescendant, isHere } from '../../protocol/community/standing.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { DAY, MAX_VOUCHES, NOTICE_LEAD, NOTICE_LIFE } from '../../protocol/limits.ts'
import { chargesOf } from './invitations.ts'
import type { BanView, DecisionView, PersonPage, PersonView, Right } from './view.ts'

/**
 * Everything that the ledger says about one member.
 * @param person their row; @param me whose rights are asked for
 * @param now seconds
 */
export function personPage(
  state: LedgerState,
  person: PersonView,
  me: MemberId,
  decisions: readonly DecisionView[],
  now: number,
): PersonPage {
  const member = state.members.get(person.id) as Member
  const actor = state.members.get(me) as Member
  const { notice } = member
  return {
    person,
    line: lineOf(state, member),
    vouches: member.vouches.map((vouch) => ({ member: vouch.member, at: vouch.at * 1000 })),
    guests: [...guestsOf(state, member)].map(({ id }) => id).toReversed(),
    vouched: [...state.members.values()]
      .filter(({ vouches }) => vouches.some((vouch) => vouch.member === member.id))
      .map(({ id }) => id),
    points: points(state, member, now),
    charges: chargesOf(state, member, now),
    devices: [...state.devices.values()].filter(
      (device) => device.member === member.id && !device.removed && !device.frozen,
    ).length,
    steward: state.stewards.includes(member.id),
    council: isCouncil(state, member),
    erased: member.erased,
    heard: member.attested === undefined ? undefined : member.attested * 1000,
    ban: banOf(state, member),
    notice:
      notice !== undefined && isHere(member) && noticeStands(member, now)
        ? { at: notice * 1000, until: (notice + NOTICE_LIFE) * 1000 }
        : undefined,
    charging: isCharging(state, member, now),
    decisions: decisions.filter((decision) => 'member' in decision && decision.member === member.id),
    rights: person.me ? [] : rightsOver(state, actor, member, now),
    alone: state.council.k === 1,
  }
}

/** Who brought somebody: the sponsor first, a founder last. */
function lineOf(state: LedgerState, member: Member): readonly MemberId[] {
  const line: MemberId[] = []
  for (let at = member.sponsor; at !== undefined; at = state.members.get(at)?.sponsor) line.push(at)
  return line
}

/** The ban that somebody, or the branch they stand in, fell under. */
export function banOf(state: LedgerState, member: Member): BanView | undefined {
  if (member.by === undefined) return undefined
  const { id, member: banned, why, at, lifted, cut } = state.bans.get(member.by) as Ban
  return { id, member: banned, why, at: at * 1000, lifted, cuts: cut !== undefined }
}

function isCouncil(state: LedgerState, { root }: Member): boolean {
  return state.council.keys.includes(root)
}

/** Whether a ban now would be charged to somebody (BAN-2). */
function isCharging(state: LedgerState, member: Member, now: number): boolean {
  const { notice, since, sponsor, vouches } = member
  if (notice === undefined || !noticeStands(member, now) || now - notice < NOTICE_LEAD) return false
  const isRecent = (at: number) => now - at <= state.genesis.payload.policy['answer-days'] * DAY
  return (sponsor !== undefined && isRecent(since)) || vouches.some(({ at }) => isRecent(at))
}

/** Each right, and when somebody has it over a member. What the ledger would refuse is not offered. */
const RIGHTS: Readonly<
  Record<Right, (state: LedgerState, actor: Member, target: Member, now: number) => boolean>
> = {
  vouch: (state, actor, target, now) =>
    isHere(target) &&
    isMature(state, actor, now) &&
    !isPaused(state, actor, now) &&
    !isDescendant(state, actor, target.id) &&
    target.sponsor !== actor.id &&
    !target.vouches.some(({ member }) => member === actor.id) &&
    target.vouches.length < MAX_VOUCHES,
  certify: (state, actor, target) =>
    state.stewards.includes(actor.id) && inGoodStanding(target) && !target.certified,
  uncertify: (state, actor, target) =>
    state.stewards.includes(actor.id) && inGoodStanding(target) && target.certified,
  notice: (state, actor, target, now) =>
    isCouncil(state, actor) && isHere(target) && !isCouncil(state, target) && !noticeStands(target, now),
  ban: (state, actor, target) => isCouncil(state, actor) && isHere(target) && !isCouncil(state, target),
  unban: (state, actor, target) => isCouncil(state, actor) && target.standing === 'banned',
}

function rightsOver(state: LedgerState, actor: Member, target: Member, now: number): readonly Right[] {
  if (!inGoodStanding(actor)) return []
  return (Object.keys(RIGHTS) as Right[]).filter((right) => RIGHTS[right](state, actor, target, now))
}
