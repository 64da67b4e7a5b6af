import type { StatementType } from '../statement.ts'
import type { Rule } from './acts.ts'
import { appeal } from './appeals.ts'
import { ban, unban } from './bans.ts'
import { council, logRotate, notice, stewards } from './council.ts'
import { equivocation, leak, logFork } from './evidence.ts'
import { invite, inviteVoid } from './invitations.ts'
import { identity, join } from './people.ts'
import { deviceAdd, deviceRemove, guardians, recover, rootRotate } from './roots.ts'
import { erase, leave, repudiate, vouch } from './sponsors.ts'
import { attest, certify, claim, report, roomEnd, roomOpen } from './stage.ts'

/** The rule book of the ledger: what each type of statement wants, and what it does. */
export const RULES: { readonly [T in StatementType]: Rule<T> } = {
  identity,
  'device-add': deviceAdd,
  'device-remove': deviceRemove,
  guardians,
  'root-rotate': rootRotate,
  recover,
  invite,
  join,
  'invite-void': inviteVoid,
  repudiate,
  vouch,
  leave,
  erase,
  'room-open': roomOpen,
  'room-end': roomEnd,
  attest,
  claim,
  certify,
  report,
  appeal,
  notice,
  ban,
  unban,
  council,
  stewards,
  'log-rotate': logRotate,
  equivocation,
  leak,
  'log-fork': logFork,
}

/** Every type of a statement after the genesis. */
export const STATEMENT_TYPES = Object.keys(RULES) as readonly StatementType[]

/** The rule of one type. */
export function ruleOf<T extends StatementType>(type: T): Rule<T> {
  return RULES[type]
}
