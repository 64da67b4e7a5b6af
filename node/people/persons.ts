import { type LedgerState, type Member, membersInOrder } from '../../protocol/community/membership.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { PersonView } from './view.ts'

/** Everybody whom the ledger ever let in, as they came, in one pass down the tree and one up. */
export function personViews(
  state: LedgerState,
  nameOf: (member: MemberId) => string | undefined,
  me: MemberId,
): readonly PersonView[] {
  const members = membersInOrder(state)
  const guests = new Map<MemberId, number>()
  const below = new Map<MemberId, number>()
  // Whoever was sponsored came after their sponsor: from the last on, everybody below somebody is counted before they are.
  for (const { id, sponsor } of members.toReversed()) {
    if (sponsor === undefined) continue
    guests.set(sponsor, (guests.get(sponsor) ?? 0) + 1)
    below.set(sponsor, (below.get(sponsor) ?? 0) + (below.get(id) ?? 0) + 1)
  }
  return members.map((member) => ({
    ...plain(member),
    name: nameOf(member.id),
    me: member.id === me,
    guests: guests.get(member.id) ?? 0,
    below: below.get(member.id) ?? 0,
  }))
}

function plain({ id, founder, sponsor, since, standing, certified, branch }: Member) {
  return { id, founder, sponsor, since: since * 1000, standing, certified, branch }
}
