import { type Signed, verifySigned } from '../envelope.ts'
import type { CommunityId } from '../ids.ts'
import { MAX_CLOCK_SKEW } from '../limits.ts'
import type { Sha256 } from '../log/merkle.ts'
import type { CodecReason, SchemaReason, SignatureReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { Verifier } from '../signature.ts'
import { persistentMap } from '../state/persistent-map.ts'
import { type Draft, draftOf, finish, putVoid } from './draft.ts'
import { decodeEntry } from './entry.ts'
import { communityOf, openGenesis, verifyGenesis } from './genesis.ts'
import type { LedgerState, Membership } from './membership.ts'
import { askSigners, type Check, type Rule, type StatementReason } from './rules/acts.ts'
import { isRecoveryDue, takeRecoveries } from './rules/roots.ts'
import { ruleOf } from './rules/rules.ts'
import { openStatement, type Statement, type StatementType } from './statement.ts'

export type { StatementReason } from './rules/acts.ts'

/** An entry, and its statement as far as it opens. Plain bytes in, plain data out: a worker may do it. */
export interface OpenedEntry {
  readonly at: number
  readonly statement: Result<Statement, StatementReason>
}

/** What the signature rule says of a part of a statement: the first bad signature of it, or that all are good. */
export type SignedVerdict = Result<true, SignatureReason>
export type VerdictOf = (part: Signed) => SignedVerdict

/** An entry whose signatures somebody has verified already, part by part as in `statement.signed`. */
export interface VerifiedEntry extends OpenedEntry {
  /** Empty where the statement does not open. */
  readonly verdicts: readonly SignedVerdict[]
}

/**
 * Reads entry 0, which must be a genesis that all its founders signed (SPEC §6.1).
 * Unlike any later entry it cannot be void: without it there is no community.
 */
export async function beginLedger(
  verifier: Verifier,
  entry: Uint8Array,
): Promise<Result<Membership, StatementReason>> {
  const decoded = decodeEntry(entry)
  if (!decoded.ok) return decoded
  const genesis = openGenesis(decoded.value.e)
  if (!genesis.ok) return genesis.reason === 'unknown-type' ? bad('genesis-missing') : genesis
  const { council, log, witnesses, at } = genesis.value.payload
  if (at > decoded.value.at + MAX_CLOCK_SKEW) return bad('time-ahead')
  const signed = await verifyGenesis(verifier, genesis.value)
  if (!signed.ok) return signed
  return good({
    community: communityOf(genesis.value),
    genesis: genesis.value,
    size: 1,
    time: decoded.value.at,
    council: { v: 0, ...council },
    log,
    logs: [log],
    witnesses,
    stewards: [],
    forks: [],
    members: persistentMap(),
    roots: persistentMap(),
    devices: persistentMap(),
    invitations: persistentMap(),
    invitationKeys: persistentMap(),
    slots: persistentMap(),
    rooms: persistentMap(),
    attests: persistentMap(),
    attested: persistentMap(),
    bans: persistentMap(),
    statements: persistentMap([[genesis.value.id, 0]]),
    recoveries: [],
    voids: [],
    touched: [{ kind: 'community', name: '' }],
  })
}

/**
 * Reads further entries in order (SPEC §6.12): state and entries in, new state out; the state given is not changed. An entry that breaks a
 * rule of the ledger is *void*: it stays in the log, changes nothing, and its reason is part of the state. An entry that is no entry at
 * all is an error of whoever gave it to us, and stops the replay there.
 */
export async function replay(
  verifier: Verifier,
  state: Membership,
  entries: readonly Uint8Array[],
): Promise<Result<Membership, StatementReason>> {
  const draft = draftOf(state)
  for (const bytes of entries) {
    const entry = openEntry(state.community, bytes)
    if (!entry.ok) return entry
    const { at, statement } = entry.value
    if (at < draft.time) return bad('time-backwards')
    takeRecoveries(draft, at)
    takeEntry(draft, statement.ok ? await verified(verifier, draft, statement.value, at) : statement, at)
  }
  return good(finish(draft))
}

/** The same of entries whose signatures somebody verified already, with `openEntry` and `verifyParts`. */
export function replayVerified(
  state: Membership,
  entries: readonly VerifiedEntry[],
): Result<Membership, 'time-backwards'> {
  const draft = draftOf(state)
  const taken = takeVerified(draft, entries)
  return taken.ok ? good(finish(draft)) : taken
}

/** Reads further entries into a draft. Where one is older than the entry before it the draft means nothing any more. */
export function takeVerified(
  draft: Draft,
  entries: readonly VerifiedEntry[],
): Result<true, 'time-backwards'> {
  for (const { at, statement, verdicts } of entries) {
    if (at < draft.time) return bad('time-backwards')
    takeRecoveries(draft, at)
    takeEntry(
      draft,
      statement.ok ? judgeIn(draft, statement.value, at, given(statement.value, verdicts)) : statement,
      at,
    )
  }
  return good(true)
}

/** Reads an entry and what it holds. An error when it is no entry (ENTRY-1); what it holds may be bad, and is void then. */
export function openEntry(
  community: CommunityId,
  bytes: Uint8Array,
  sha256?: Sha256,
): Result<OpenedEntry, CodecReason | SchemaReason> {
  const entry = decodeEntry(bytes)
  if (!entry.ok) return entry
  return good({ at: entry.value.at, statement: openStatement(community, entry.value.e, sha256) })
}

/** Verifies whatever is signed in a statement, whoever should have signed it. */
export function verifyParts(verifier: Verifier, statement: Statement): Promise<readonly SignedVerdict[]> {
  return Promise.all(statement.signed.map((part) => verifySigned(verifier, part)))
}

/**
 * Would this envelope be good as the next entry, taken at this log time? (SPEC §6.12) Opens it, checks it against the state, and verifies
 * every signature. The log asks this before it takes anything, and replay asks the same of every entry.
 */
export async function admit(
  verifier: Verifier,
  state: Membership,
  envelope: Uint8Array,
  at: number,
): Promise<Result<Statement, StatementReason>> {
  const opened = openStatement(state.community, envelope)
  return opened.ok ? verified(verifier, settled(state, at), opened.value, at) : opened
}

/** The same of a statement that was opened, by verdicts about its parts that somebody else came to. */
export function judge(
  state: Membership,
  statement: Statement,
  at: number,
  verdictOf: VerdictOf,
): Result<Statement, StatementReason> {
  return judgeIn(settled(state, at), statement, at, verdictOf)
}

/** The state after a statement that `admit` or `judge` admitted as the next entry at this log time. */
export function append(state: Membership, statement: Statement, at: number): Membership {
  const draft = draftOf(state)
  takeRecoveries(draft, at)
  takeEntry(draft, good(statement), at)
  return finish(draft)
}

/** The state in which an entry of this time is judged (ROOT-5). */
function settled(state: Membership, at: number): Membership {
  if (!isRecoveryDue(state, at)) return state
  const draft = draftOf(state)
  takeRecoveries(draft, at)
  return finish(draft)
}

/** Every rule but the signatures (LEDGER-6, LEDGER-7). */
function check(state: LedgerState, statement: Statement, at: number): Check {
  if (statement.envelope.payload.at > at + MAX_CLOCK_SKEW) return bad('time-ahead')
  if (state.statements.has(statement.envelope.id)) return bad('statement-known')
  return ruleFor(statement).check(state, statement, at)
}

async function verified(
  verifier: Verifier,
  state: LedgerState,
  statement: Statement,
  at: number,
): Promise<Result<Statement, StatementReason>> {
  const checked = check(state, statement, at)
  if (!checked.ok) return checked
  const { asks, refused } = checked.value
  for (const ask of asks) {
    const right = askSigners(ask)
    if (!right.ok) return right
    const verdict = await verifySigned(verifier, ask.part)
    if (!verdict.ok) return ask.reason === undefined ? verdict : bad(ask.reason)
  }
  return refused === undefined ? good(statement) : bad(refused)
}

function judgeIn(
  state: LedgerState,
  statement: Statement,
  at: number,
  verdictOf: VerdictOf,
): Result<Statement, StatementReason> {
  const checked = check(state, statement, at)
  if (!checked.ok) return checked
  const { asks, refused } = checked.value
  for (const ask of asks) {
    const right = askSigners(ask)
    if (!right.ok) return right
    const verdict = verdictOf(ask.part)
    if (!verdict.ok) return ask.reason === undefined ? verdict : bad(ask.reason)
  }
  return refused === undefined ? good(statement) : bad(refused)
}

function given(statement: Statement, verdicts: readonly SignedVerdict[]): VerdictOf {
  return (part) => {
    const verdict = verdicts[statement.signed.indexOf(part)]
    if (verdict === undefined) throw new TypeError('a statement has a verdict for each of its parts')
    return verdict
  }
}

function takeEntry(draft: Draft, admitted: Result<Statement, StatementReason>, at: number): void {
  if (admitted.ok) {
    draft.statements.set(admitted.value.envelope.id, draft.size)
    ruleFor(admitted.value).take(draft, admitted.value, at)
  } else {
    putVoid(draft, { index: draft.size, reason: admitted.reason })
  }
  draft.size += 1
  draft.time = at
}

/** The rule for a statement of any type: the table has for each type the rule of that type. */
function ruleFor(statement: Statement): Rule<StatementType> {
  return ruleOf(statement.type) as Rule<StatementType>
}
