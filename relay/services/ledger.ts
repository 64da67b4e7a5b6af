import type { PeerIdString } from '../../node/network/network.ts'
import { JOIN } from '../../protocol/community/join.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { openStatement } from '../../protocol/community/statement.ts'
import { open } from '../../protocol/envelope.ts'
import { checkpointBytes, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { type LedgerAnswer, type LedgerRequest, MAX_ENTRIES_AN_ANSWER } from '../../protocol/wire/services.ts'
import type { Allowance } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'
import { accountOf, type Session, type Sessions } from '../sessions.ts'
import type { Take } from '../taking.ts'

/** Of which the newest is shown. */
export interface Checkpoints {
  readonly checkpoint: SignedCheckpoint | undefined
}

export interface LedgerParts {
  readonly keeper: LogKeeper
  readonly take: Take
  readonly publisher: Checkpoints
  readonly sessions: Sessions
  readonly gets: Allowance
  readonly puts: Allowance
  /** What all of them together may put. */
  readonly allPuts: Allowance
}

/** Gives entries to whoever is admitted; takes statements of members, of a root those that it signed, and of a newcomer the join with the invitation they proved. */
export async function answerLedger(
  { keeper, take, publisher, sessions, gets, puts, allPuts }: LedgerParts,
  from: PeerIdString,
  { get, most = MAX_ENTRIES_AN_ANSWER, put, promise }: LedgerRequest,
): Promise<LedgerAnswer> {
  const { membership } = keeper
  if (!membership) return { error: 'not-founded' }
  const session = sessions.of(from)
  if (!session) return { error: 'not-admitted' }
  if (get !== undefined) {
    if (!gets.take(accountOf(session))) return { error: 'rate-limited' }
    const entries = keeper.entries(get, most)
    return { entries, size: membership.size, ...checkpointOf(publisher) }
  }
  if (put === undefined) return { error: 'field-missing' }
  if (!puts.take(accountOf(session)) || !allPuts.take('everybody')) return { error: 'rate-limited' }
  if (!maySubmit(session, membership, put)) return { error: 'not-admitted' }
  const taken = await take(put, false, promise)
  return taken.ok ? { promise: taken.value } : { error: taken.reason }
}

/** What the newest checkpoint of the log is, to whoever may know. */
export function checkpointOf({ checkpoint }: Checkpoints): { readonly cp?: Uint8Array } {
  return checkpoint ? { cp: checkpointBytes(checkpoint) } : {}
}

function maySubmit(session: Session, membership: Membership, statement: Uint8Array): boolean {
  if (session.kind === 'member') return true
  if (session.kind === 'root') {
    const opened = openStatement(membership.community, statement)
    return opened.ok && opened.value.envelope.signatures.some(({ key }) => key === session.root)
  }
  const join = open(JOIN, membership.community, statement)
  return join.ok && join.value.payload.invite === session.invitation
}
