import type { LedgerState, Member } from '../../protocol/community/membership.ts'
import { noticeStands } from '../../protocol/community/rules/council.ts'
import { isHere } from '../../protocol/community/standing.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { NOTICE_LEAD, NOTICE_LIFE } from '../../protocol/limits.ts'
import { banOf } from './page.ts'
import { undoUntil } from './slots.ts'
import type { NoticeView } from './view.ts'

/** What concerns a member and does not wait until they look for it: about themselves, and those for whom they answer. @param now seconds */
export function noticesFor(state: LedgerState, me: MemberId, now: number): readonly NoticeView[] {
  const notices: NoticeView[] = []
  for (const member of state.members.values()) {
    if (!concerns(member, me)) continue
    notices.push(...aboutStanding(state, member, member.id === me, now))
  }
  return [...notices, ...leaks(state, me, now)]
}

/** Whoever invited or vouched for somebody answers for them. */
function concerns({ id, sponsor, vouches }: Member, me: MemberId): boolean {
  return id === me || sponsor === me || vouches.some(({ member }) => member === me)
}

function aboutStanding(state: LedgerState, member: Member, me: boolean, now: number): readonly NoticeView[] {
  const { id, notice, standing } = member
  const ban = banOf(state, member)
  if (ban !== undefined && (standing === 'banned' || standing === 'cut')) {
    // About oneself it matters for as long as it lasts, about a guest while it is news.
    const news = me || now * 1000 - ban.at <= NOTICE_LIFE * 1000
    return news ? [{ what: standing, member: id, me, ban }] : []
  }
  if (notice === undefined || !isHere(member) || !noticeStands(member, now)) return []
  return [{ what: 'notice', member: id, me, at: notice * 1000, charged: (notice + NOTICE_LEAD) * 1000 }]
}

/** Links of mine that two people had. */
function leaks(state: LedgerState, me: MemberId, now: number): readonly NoticeView[] {
  return [...state.invitations.values()].flatMap(({ sponsor, guest, leaked }): readonly NoticeView[] => {
    if (sponsor !== me || guest === undefined || !leaked) return []
    const { since } = state.members.get(guest) as Member
    const undo = undoUntil(state, guest)
    if (undo === undefined || now - since > NOTICE_LIFE) return []
    return [{ what: 'leaked', guest, undo: now <= undo ? undo * 1000 : undefined }]
  })
}
