import type { Why } from '../../protocol/community/ban.ts'
import type { LedgerState, Member } from '../../protocol/community/membership.ts'
import type { MemberId } from '../../protocol/ids.ts'

/** What somebody appealed: a ban of theirs, one of somebody above them, or a notice. Times in seconds. */
export type AppealedDecision =
  | {
      readonly what: 'ban' | 'cut'
      readonly member: MemberId
      readonly why: Why
      readonly at: number
      readonly lifted: boolean
    }
  | { readonly what: 'notice'; readonly at: number }

/** The last decision about somebody at a time, as far as the state still has it. */
export function decisionBefore(state: LedgerState, id: MemberId, time: number): AppealedDecision | undefined {
  const { by, notice } = state.members.get(id) as Member
  const own = [...state.bans.values()].filter((ban) => ban.member === id || ban.id === by)
  const last = own
    .filter(({ at }) => at <= time)
    .sort((a, b) => a.at - b.at)
    .at(-1)
  if (last !== undefined) {
    const { member, why, at, lifted } = last
    return { what: member === id ? 'ban' : 'cut', member, why, at, lifted }
  }
  return notice !== undefined && notice <= time ? { what: 'notice', at: notice } : undefined
}
