import { NOTICE_LIFE } from '../../limits.ts'
import { changeMember, touchCommunity } from '../draft.ts'
import type { Member } from '../membership.ts'
import { goneReason } from '../standing.ts'
import { byCouncil, type Rule } from './acts.ts'

/** NOTICE-1. */
export const notice: Rule<'notice'> = {
  check(state, statement, at) {
    const { v, m } = statement.envelope.payload
    return byCouncil(state, statement, v, () => {
      const member = state.members.get(m)
      if (member === undefined) return 'member-unknown'
      return goneReason(member) ?? (noticeStands(member, at) ? 'notice-known' : undefined)
    })
  },
  take(draft, { envelope }, at) {
    changeMember(draft, envelope.payload.m, { notice: at, appealed: undefined })
  },
}

/** Whether a notice about the member stands at this log time. */
export function noticeStands({ notice }: Member, at: number): boolean {
  return notice !== undefined && at - notice <= NOTICE_LIFE
}

/** COUNCIL-1. */
export const council: Rule<'council'> = {
  check(state, statement) {
    return byCouncil(state, statement, statement.envelope.payload.v, () => undefined)
  },
  take(draft, { envelope }) {
    const { v, k, keys } = envelope.payload
    draft.council = { v: v + 1, k, keys }
    touchCommunity(draft)
  },
}

/** CERT-1. */
export const stewards: Rule<'stewards'> = {
  check(state, statement) {
    const { v, of } = statement.envelope.payload
    return byCouncil(state, statement, v, () =>
      of.every((steward) => state.members.has(steward)) ? undefined : 'member-unknown',
    )
  },
  take(draft, { envelope }) {
    draft.stewards = envelope.payload.of
    touchCommunity(draft)
  },
}

/** ROTATE-1. */
export const logRotate: Rule<'log-rotate'> = {
  check(state, statement) {
    const { v, log } = statement.envelope.payload
    return byCouncil(state, statement, v, () => (log === state.log ? 'log-known' : undefined))
  },
  take(draft, { envelope }) {
    const { log, witnesses } = envelope.payload
    draft.log = log
    draft.logs = [...draft.logs.filter((known) => known !== log), log]
    if (witnesses) draft.witnesses = witnesses
    touchCommunity(draft)
  },
}
