import { APPEAL_REST } from '../../limits.ts'
import { advanceAnyKey, changeMember } from '../draft.ts'
import type { Member } from '../membership.ts'
import { byAnyKey, type Rule } from './acts.ts'
import { noticeStands } from './council.ts'

/** APPEAL-1: also who is banned may answer, but only to what was decided, and not without end. */
export const appeal: Rule<'appeal'> = {
  check(state, statement, at) {
    return byAnyKey(state, statement, statement.envelope.payload, (actor) => {
      if (!isDecidedOn(actor, at)) return 'appeal-needless'
      return hasAppealed(actor, at) ? 'appeal-known' : undefined
    })
  },
  take(draft, { envelope }, at) {
    const { m } = envelope.payload
    changeMember(draft, m, { appealed: at })
    advanceAnyKey(draft, m, envelope)
  },
}

/** Whether there is a decision of the council that the member may appeal. */
export function isDecidedOn(member: Member, at: number): boolean {
  const { standing } = member
  return standing === 'banned' || standing === 'cut' || (standing === 'active' && noticeStands(member, at))
}

/** Whether the member appealed what was decided last, and not long ago. */
export function hasAppealed({ appealed }: Member, at: number): boolean {
  return appealed !== undefined && at - appealed < APPEAL_REST
}
