import { equalBytes } from '../../protocol/bytes.ts'
import { decodeValue } from '../../protocol/codec.ts'
import { decodeEntry, PROMISE } from '../../protocol/community/entry.ts'
import { startReplay } from '../../protocol/community/reading.ts'
import { verifyParts } from '../../protocol/community/replay.ts'
import { openStatement, type Statement } from '../../protocol/community/statement.ts'
import { open, openUntyped, peekId, soleSigner, verifyEnvelope } from '../../protocol/envelope.ts'
import type { CommunityId, KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import { MAX_EVIDENCE_BYTES } from '../../protocol/limits.ts'
import { genesisLog, openCheckpoint } from '../../protocol/log/checkpoint.ts'
import { decodeEvidence, type Evidence, verifyEvidence } from '../../protocol/log/evidence.ts'
import { parseNote } from '../../protocol/log/signed-note.ts'
import { decodeBundle, TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { isMap } from '../../protocol/schema.ts'
import { OVERDUE } from '../ledger/promises.ts'
import { type Audit, auditLedger, readCheckpoint, readGenesis } from './audit.ts'
import type { ReaderMeans } from './reader.ts'
import type { LedgerSource } from './source.ts'

/**
 * Something that is held up as evidence, by what its bytes are: evidence that convicts by itself (EVID-1), something that the log signed, an entry that
 * it took, or a statement that proves what it says of somebody.
 */
export type Exhibit =
  | { readonly is: 'evidence'; readonly evidence: Evidence }
  | { readonly is: 'checkpoint' | 'promise' | 'entry' | 'statement' }

/** What an exhibit proves, once it was held against a ledger. */
export type Proof =
  /** By this key the log signed what cannot all be honest. `at`: the place of it, as in `verifyEvidence`. */
  | { readonly kind: Evidence['kind']; readonly log: KeyText; readonly at: number }
  /** By this key the log signed another tree, or another state, of `at` entries than the ledger's entries come to. */
  | { readonly kind: 'root-wrong' | 'state-wrong'; readonly log: KeyText; readonly at: number }
  /** By this key the log promised the place `at`: something else is there, or nothing yet, though it is long ago. */
  | { readonly kind: 'promise-broken' | 'promise-unkept'; readonly log: KeyText; readonly at: number }
  /** The log took the entry `at`, which breaks a rule. */
  | { readonly kind: 'void-taken'; readonly at: number; readonly reason: Reason }
  /** The key of a member signed two statements for one place. */
  | { readonly kind: 'equivocation'; readonly key: KeyText; readonly member: MemberId }
  /** Two people had the link of one invitation. */
  | { readonly kind: 'leak'; readonly invitation: StatementId; readonly member: MemberId }
  /** The log signed two trees of one size. */
  | { readonly kind: 'log-fork'; readonly log: KeyText; readonly at: number }

/** Why an exhibit proves nothing; `not-yet` where the ledger has not come so far that it could. */
export type Unproved = Reason | 'not-yet'

/** Which of them it is. The reason is why it is none. */
export function readExhibit(bytes: Uint8Array): Result<Exhibit, Reason> {
  if (bytes.length > MAX_EVIDENCE_BYTES) return bad('too-large')
  if (parseNote(bytes).ok) return good({ is: 'checkpoint' })
  const value = decodeValue(bytes, MAX_EVIDENCE_BYTES)
  if (!value.ok) return value
  if (!isMap(value.value)) return bad('field-invalid')
  if ('p' in value.value) {
    const envelope = openUntyped(bytes)
    if (!envelope.ok) return envelope
    return good({ is: envelope.value.type === PROMISE.type ? 'promise' : 'statement' })
  }
  if ('e' in value.value) {
    const entry = decodeEntry(bytes)
    return entry.ok ? good({ is: 'entry' }) : entry
  }
  const evidence = decodeEvidence(bytes)
  return evidence.ok ? good({ is: 'evidence', evidence: evidence.value }) : evidence
}

/** A ledger that an exhibit is held against. */
export interface Bench {
  readonly source: LedgerSource
  readonly means: ReaderMeans
  /** Seconds. */
  readonly now: number
  progress?(done: number, of: number): void
  readonly signal: AbortSignal
}

/**
 * Holds an exhibit against a ledger: of evidence its genesis is enough, unless the log has had another key since; for everything else the whole of it is verified.
 * @returns undefined when the ledger begins with no good genesis
 * @throws SourceError when the source cannot be read
 */
export async function proveExhibit(
  bytes: Uint8Array,
  exhibit: Exhibit,
  bench: Bench,
): Promise<Result<Proof, Unproved> | undefined> {
  const { source, means, signal } = bench
  const begun = await readGenesis(source, means, signal)
  if (begun === undefined) return undefined
  if (exhibit.is === 'evidence') {
    const early = await prove(bytes, begun.community, genesisLog(begun.genesis).keys, means)
    if (early.ok || early.reason !== 'log-unknown') return early
  }
  const size = exhibit.is === 'checkpoint' ? sizeOf(bytes) : undefined
  const audit = await auditLedger(source, means, {
    marks: size === undefined ? [] : [size],
    ...(bench.progress && { progress: bench.progress }),
    signal,
  })
  const { state } = audit
  if (state === undefined) return undefined
  switch (exhibit.is) {
    case 'evidence':
      return prove(bytes, state.community, state.logs, means)
    case 'checkpoint':
      return proveCheckpoint(bytes, audit, state, means)
    case 'promise':
      return provePromise(bytes, audit, state, bench)
    case 'entry':
      return proveEntry(bytes, audit, state, signal)
    case 'statement':
      return proveStatement(bytes, state, means)
  }
}

type Judged = NonNullable<Audit['state']>
type Verdict = Promise<Result<Proof, Unproved>>

async function prove(
  bytes: Uint8Array,
  community: CommunityId,
  keys: readonly KeyText[],
  { verifier }: ReaderMeans,
): Verdict {
  const convicted = await verifyEvidence(verifier, { community, keys }, bytes)
  if (!convicted.ok) return convicted
  const { evidence, at } = convicted.value
  return good({ kind: evidence.kind, log: evidence.log, at })
}

function sizeOf(bytes: Uint8Array): number | undefined {
  const stated = readCheckpoint(bytes)
  return typeof stated === 'string' ? undefined : stated.size
}

async function proveCheckpoint(
  bytes: Uint8Array,
  { marks, head }: Audit,
  { community, logs }: Judged,
  { verifier }: ReaderMeans,
): Verdict {
  const opened = await openCheckpoint(verifier, { community, keys: logs }, bytes)
  if (!opened.ok) return opened
  const { size, root, state, key } = opened.value
  if (size > head.size) return bad('not-yet')
  const ours = marks.get(size)
  if (ours === undefined) throw new Error(`nothing was noted of the tree of ${size} entries`)
  if (!equalBytes(ours.root, root)) return good({ kind: 'root-wrong', log: key, at: size })
  // Where entries cannot be believed there is no state to compare with.
  if (ours.state === undefined || equalBytes(ours.state, state)) return bad('evidence-wrong')
  return good({ kind: 'state-wrong', log: key, at: size })
}

async function provePromise(
  bytes: Uint8Array,
  audit: Audit,
  { community, logs }: Judged,
  { means: { verifier }, now, signal }: Bench,
): Verdict {
  const promise = open(PROMISE, community, bytes)
  if (!promise.ok) return promise
  const log = soleSigner(promise.value)
  if (log === undefined) return bad('signer-unexpected')
  if (!logs.includes(log)) return bad('log-unknown')
  const signed = await verifyEnvelope(verifier, community, promise.value, [log])
  if (!signed.ok) return signed
  const { id, index, at } = promise.value.payload
  const entry = await entryAt(audit, index, signal)
  if (entry === undefined)
    return now > at + OVERDUE ? good({ kind: 'promise-unkept', log, at: index }) : bad('not-yet')
  const there = decodeEntry(entry)
  const found = there.ok ? peekId(community, there.value.e) : there
  return found.ok && found.value === id
    ? bad('evidence-wrong')
    : good({ kind: 'promise-broken', log, at: index })
}

async function proveEntry(bytes: Uint8Array, audit: Audit, { voids }: Judged, signal: AbortSignal): Verdict {
  for (const { index, reason } of voids) {
    const entry = await entryAt(audit, index, signal)
    if (entry && equalBytes(entry, bytes)) return good({ kind: 'void-taken', at: index, reason })
  }
  return bad('evidence-wrong')
}

/** The entry of a ledger that was audited; undefined when it has no such. */
async function entryAt(
  { source, head: { size } }: Audit,
  index: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (index >= size) return undefined
  const number = Math.floor(index / TILE_WIDTH)
  for await (const bytes of source.bundles(number * TILE_WIDTH, size, signal)) {
    const bundle = bytes && decodeBundle(bytes, tileWidth('entries', number, size))
    return bundle?.ok ? bundle.value[index % TILE_WIDTH] : undefined
  }
  return undefined
}

/** Judges it as the next entry: what proves itself is refused otherwise. */
async function proveStatement(bytes: Uint8Array, state: Judged, { verifier }: ReaderMeans): Verdict {
  const opened = openStatement(state.community, bytes)
  if (!opened.ok) return opened
  const statement = opened.value
  const said = claimOf(statement, state)
  if (said === undefined) return bad('unknown-type')
  const replay = startReplay(state)
  const at = Math.max(state.time, statement.envelope.payload.at)
  const verdicts = await verifyParts(verifier, statement)
  if (!replay.take([{ at, statement: opened, verdicts }]).ok) throw new Error('time ran back')
  const refused = replay.state.voids.find(({ index }) => index === state.size)
  return refused === undefined || KNOWN.has(refused.reason) ? said : bad(refused.reason)
}

/** What a statement says of somebody; undefined when it is none that proves itself. */
function claimOf(statement: Statement, state: Judged): Result<Proof, Reason> | undefined {
  switch (statement.type) {
    case 'equivocation': {
      const key = statement.twins?.key
      const member = key && (state.devices.get(key) ?? state.roots.get(key))?.member
      return key && member ? good({ kind: 'equivocation', key, member }) : bad('evidence-wrong')
    }
    case 'leak': {
      const invitation = state.invitations.get(statement.join?.envelope.payload.invite as StatementId)
      return invitation === undefined
        ? bad('invitation-unknown')
        : good({ kind: 'leak', invitation: invitation.id, member: invitation.sponsor })
    }
    case 'log-fork': {
      const { fork } = statement
      return fork ? good({ kind: 'log-fork', log: fork.log, at: fork.size }) : bad('evidence-wrong')
    }
    default:
      return undefined
  }
}

/** What is refused with one of these was proved before, by the same or by another statement. */
const KNOWN: ReadonlySet<Reason> = new Set(['evidence-known', 'statement-known'])
