import type { MemberId, StatementId } from '../../ids.ts'
import { DAY, NOTICE_LEAD } from '../../limits.ts'
import { changeMember, type Draft, putBan } from '../draft.ts'
import type { Ban, LedgerState, Member } from '../membership.ts'
import { goneReason, guestsOf, inGoodStanding, isDescendant } from '../standing.ts'
import { byCouncil, type Rule } from './acts.ts'
import { noticeStands } from './council.ts'

/** BAN-1. */
export const ban: Rule<'ban'> = {
  check(state, statement) {
    const { v, m } = statement.envelope.payload
    return byCouncil(state, statement, v, () => {
      const member = state.members.get(m)
      if (member === undefined) return 'member-unknown'
      if (member.standing === 'banned') return 'ban-known'
      return goneReason(member) ?? (state.council.keys.includes(member.root) ? 'council-member' : undefined)
    })
  },
  take(draft, { envelope }, at) {
    const id = envelope.id as StatementId
    const { m, why, note, cut } = envelope.payload
    const member = draft.members.get(m) as Member
    const charged = answerable(draft, member, at)
    const branch = cut === undefined ? [] : branchToCut(draft, member, cut)
    changeMember(draft, m, { standing: 'banned', by: id, appealed: undefined })
    for (const one of branch) changeMember(draft, one, { standing: 'cut', by: id, appealed: undefined })
    for (const one of charged) charge(draft, one, id, at)
    const copy = note?.slice()
    putBan(draft, { id, member: member.id, why, at, note: copy, cut, lifted: false, branch, charged })
  },
}

/** BAN-2: who answers for somebody that is banned now. */
function answerable(state: LedgerState, member: Member, at: number): readonly MemberId[] {
  const { notice, since, sponsor, vouches } = member
  if (notice === undefined || !noticeStands(member, at) || at - notice < NOTICE_LEAD) return []
  const isRecent = (time: number): boolean => at - time <= state.genesis.payload.policy['answer-days'] * DAY
  const vouched = vouches.filter((one) => isRecent(one.at)).map((one) => one.member)
  return sponsor !== undefined && isRecent(since) ? [sponsor, ...vouched] : vouched
}

function charge(draft: Draft, id: MemberId, ban: StatementId, at: number): void {
  const { charges } = draft.members.get(id) as Member
  changeMember(draft, id, { charges: [...charges, { ban, at }] })
}

/** BAN-4: whom a ban cuts, with everybody visited below the member but who has a sponsor elsewhere and those below these. */
function branchToCut(state: LedgerState, banned: Member, from: number): readonly MemberId[] {
  const cut: MemberId[] = []
  const visit = [...guestsOf(state, banned)]
  for (let member = visit.pop(); member !== undefined; member = visit.pop()) {
    if (hasSponsorElsewhere(state, member, banned)) continue
    if (inGoodStanding(member) && member.index >= from) cut.push(member.id)
    visit.push(...guestsOf(state, member))
  }
  return cut
}

/** Somebody active vouched for them who is neither the banned member nor came in below them. */
function hasSponsorElsewhere(state: LedgerState, member: Member, banned: Member): boolean {
  return member.vouches.some((vouch) => {
    const sponsor = state.members.get(vouch.member) as Member
    return sponsor.id !== banned.id && inGoodStanding(sponsor) && !isDescendant(state, sponsor, banned.id)
  })
}

/** BAN-5. */
export const unban: Rule<'unban'> = {
  check(state, statement) {
    const { v, ban: id } = statement.envelope.payload
    return byCouncil(state, statement, v, () => {
      const known = state.bans.get(id)
      if (known === undefined) return 'ban-unknown'
      return known.lifted ? 'ban-lifted' : undefined
    })
  },
  take(draft, { envelope }) {
    const lifted = draft.bans.get(envelope.payload.ban) as Ban
    changeMember(draft, lifted.member, { standing: 'active', by: undefined })
    for (const id of lifted.branch) {
      const { standing, by } = draft.members.get(id) as Member
      if (standing === 'cut' && by === lifted.id)
        changeMember(draft, id, { standing: 'active', by: undefined })
    }
    for (const id of lifted.charged) {
      const { charges } = draft.members.get(id) as Member
      changeMember(draft, id, { charges: charges.filter((one) => one.ban !== lifted.id) })
    }
    putBan(draft, { ...lifted, lifted: true, branch: [], charged: [] })
  },
}
