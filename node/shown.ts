import type { Member, Membership } from '../protocol/community/membership.ts'
import { inGoodStanding } from '../protocol/community/standing.ts'
import type { CommunityView, MemberView } from './view.ts'

/** A member as a person sees them. @param name of their profile, when it is held */
export function memberView({ id, founder, sponsor, since }: Member, name: string | undefined): MemberView {
  return { id, name, founder, sponsor, since: since * 1000 }
}

/** A community as a person sees it. @param isWhole whether the membership knows everybody */
export function communityView(membership: Membership, isWhole: boolean): CommunityView {
  const { name, at } = membership.genesis.payload
  const active = [...membership.members.values()].filter(inGoodStanding)
  return { id: membership.community, name, founded: at * 1000, members: isWhole ? active.length : undefined }
}
