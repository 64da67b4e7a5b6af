import { compareBytes, equalBytes } from '../bytes.ts'
import { decodeValue, encodeValue } from '../codec.ts'
import { decodeEntry, type LogPromise, PROMISE } from '../community/entry.ts'
import { type Envelope, open, peekId, verifyEnvelope } from '../envelope.ts'
import type { CommunityId, KeyText } from '../ids.ts'
import { MAX_ENTRY_BYTES, MAX_ENVELOPE_BYTES, MAX_EVIDENCE_BYTES, MAX_PROOF_HASHES } from '../limits.ts'
import type { EnvelopeReason, LogReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, id, isMap, key, list, map, oneOf, type Read, type Schema } from '../schema.ts'
import type { Verifier } from '../signature.ts'
import {
  checkpointBytes,
  type Log,
  logKey,
  openCheckpoint,
  type SignedCheckpoint,
  sameHead,
} from './checkpoint.ts'
import { HASH_BYTES, leafHash } from './merkle.ts'
import { type Proof, type TreeHead, verifyConsistency, verifyInclusion } from './proof.ts'
import { keyId } from './signed-note.ts'

/**
 * What convicts a log key (EVID-1 to 6): things that it signed and that cannot all be honest. Whoever knows the genesis verifies it offline.
 *
 * - `fork`: two checkpoints. Of one size and saying different things, that is all. Of different sizes, `root` is the root that the larger
 *   tree had at the smaller size, by `proof`, and it is not the one that was signed.
 * - `broken-promise`: a promise, and a checkpoint whose tree holds another statement at the promised place.
 * - `double-promise`: two promises that give one place to two statements, or two places to one.
 */
export type Evidence = Fork | BrokenPromise | DoublePromise

const proof = list(bytes(HASH_BYTES), MAX_PROOF_HASHES)
const note = bytes(MAX_EVIDENCE_BYTES, 1)
const promise = bytes(MAX_ENVELOPE_BYTES, 1)
const community = id<CommunityId>()

const FORK = map(
  { kind: oneOf('fork'), c: community, log: key, a: note, b: note },
  { root: bytes(HASH_BYTES), proof },
)
const BROKEN_PROMISE = map({
  kind: oneOf('broken-promise'),
  c: community,
  log: key,
  promise,
  checkpoint: note,
  entry: bytes(MAX_ENTRY_BYTES, 1),
  proof,
})
const DOUBLE_PROMISE = map({ kind: oneOf('double-promise'), c: community, log: key, a: promise, b: promise })

export type Fork = Read<typeof FORK>
export type BrokenPromise = Read<typeof BROKEN_PROMISE>
export type DoublePromise = Read<typeof DOUBLE_PROMISE>

const KINDS: ReadonlyMap<unknown, Schema<Evidence>> = new Map<string, Schema<Evidence>>([
  ['fork', FORK as Schema<Evidence>],
  ['broken-promise', BROKEN_PROMISE as Schema<Evidence>],
  ['double-promise', DOUBLE_PROMISE as Schema<Evidence>],
])

export type EvidenceReason = EnvelopeReason | LogReason | 'evidence-wrong'

/**
 * That a log signed two checkpoints of which one does not continue the other.
 * @param between of checkpoints of different sizes: the root of the larger tree at the smaller size, and the consistency proof from there
 */
export function forkEvidence(
  c: CommunityId,
  one: SignedCheckpoint,
  other: SignedCheckpoint,
  between?: { readonly root: Uint8Array; readonly proof: Proof },
): Fork {
  if (one.key !== other.key) throw new TypeError('the checkpoints are signed by different keys')
  const [a, b] = [one, other]
    .map((checkpoint) => ({ size: checkpoint.size, bytes: bareBytes(c, checkpoint) }))
    .sort((x, y) => x.size - y.size || compareBytes(x.bytes, y.bytes)) as [Bare, Bare]
  return { kind: 'fork', c, log: one.key, a: a.bytes, b: b.bytes, ...between }
}

/** That a log put another entry where it promised a statement. @param proof that the entry is at the promised index of the checkpoint's tree */
export function brokenPromise(
  c: CommunityId,
  promised: Envelope<LogPromise>,
  checkpoint: SignedCheckpoint,
  entry: Uint8Array,
  proof: Proof,
): BrokenPromise {
  return {
    kind: 'broken-promise',
    c,
    log: checkpoint.key,
    promise: promised.bytes,
    checkpoint: bareBytes(c, checkpoint),
    entry,
    proof,
  }
}

/** That a log promised one place twice, or one statement two places. */
export function doublePromise(
  c: CommunityId,
  log: KeyText,
  one: Envelope<LogPromise>,
  other: Envelope<LogPromise>,
): DoublePromise {
  const [a, b] = [one.bytes, other.bytes].sort(compareBytes) as [Uint8Array, Uint8Array]
  return { kind: 'double-promise', c, log, a, b }
}

/** The one spelling. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  return encodeValue((KINDS.get(evidence.kind) as Schema<Evidence>).encode(evidence))
}

/** Reads evidence. Whether it proves anything is another question. */
export function decodeEvidence(bytes: Uint8Array): Result<Evidence, EvidenceReason> {
  const value = decodeValue(bytes, MAX_EVIDENCE_BYTES)
  if (!value.ok) return value
  if (!isMap(value.value)) return bad('field-invalid')
  const { kind } = value.value
  if (kind === undefined) return bad('field-missing', 'kind')
  const shape = KINDS.get(kind)
  return shape === undefined ? bad('unknown-type') : shape.decode(value.value, '')
}

/** What evidence proves. */
export interface Conviction {
  readonly evidence: Evidence
  /** Where the log lied: the size of the smaller checkpoint of a fork, or the promised index, of two the lower. */
  readonly at: number
}

/**
 * Reads evidence and makes sure that it convicts the log key that it names.
 * @param log the community, and every key that its log has had: without a rotation that of the genesis
 */
export async function verifyEvidence(
  verifier: Verifier,
  log: Log,
  bytes: Uint8Array,
): Promise<Result<Conviction, EvidenceReason>> {
  const decoded = decodeEvidence(bytes)
  if (!decoded.ok) return decoded
  const evidence = decoded.value
  if (evidence.c !== log.community) return bad('foreign-community')
  if (!log.keys.includes(evidence.log)) return bad('log-unknown')
  const at = await judge(verifier, evidence)
  return at.ok ? good({ evidence, at: at.value }) : at
}

interface Bare {
  readonly size: number
  readonly bytes: Uint8Array
}

type Verdict = Promise<Result<number, EvidenceReason>>

function judge(verifier: Verifier, evidence: Evidence): Verdict {
  switch (evidence.kind) {
    case 'fork':
      return judgeFork(verifier, evidence)
    case 'broken-promise':
      return judgeBrokenPromise(verifier, evidence)
    case 'double-promise':
      return judgeDoublePromise(verifier, evidence)
  }
}

async function judgeFork(verifier: Verifier, fork: Fork): Verdict {
  const a = await openBare(verifier, fork, fork.a)
  if (!a.ok) return a
  const b = await openBare(verifier, fork, fork.b)
  if (!b.ok) return b
  const order = a.value.size - b.value.size || compareBytes(fork.a, fork.b)
  if (order >= 0) return bad('not-canonical')
  return a.value.size === b.value.size
    ? judgeOneSize(fork, a.value, b.value)
    : judgeTwoSizes(fork, a.value, b.value)
}

function judgeOneSize(
  { root, proof }: Fork,
  a: SignedCheckpoint,
  b: SignedCheckpoint,
): Result<number, EvidenceReason> {
  if (root !== undefined || proof !== undefined) return bad('field-unknown')
  return sameHead(a, b) ? bad('evidence-wrong') : good(a.size)
}

function judgeTwoSizes({ root, proof }: Fork, a: TreeHead, b: TreeHead): Result<number, EvidenceReason> {
  if (root === undefined || proof === undefined) return bad('field-missing')
  const continued = verifyConsistency({ size: a.size, root }, b, proof)
  if (!continued.ok) return continued
  return equalBytes(root, a.root) ? bad('evidence-wrong') : good(a.size)
}

async function judgeBrokenPromise(verifier: Verifier, broken: BrokenPromise): Verdict {
  const promised = await openPromise(verifier, broken, broken.promise)
  if (!promised.ok) return promised
  const checkpoint = await openBare(verifier, broken, broken.checkpoint)
  if (!checkpoint.ok) return checkpoint
  const { index, id } = promised.value
  if (index >= checkpoint.value.size) return bad('evidence-wrong')
  const included = verifyInclusion(leafHash(broken.entry), index, checkpoint.value, broken.proof)
  if (!included.ok) return included
  const entry = decodeEntry(broken.entry)
  const there = entry.ok ? peekId(broken.c, entry.value.e) : entry
  // What is no entry at all is not what was promised either.
  return there.ok && there.value === id ? bad('evidence-wrong') : good(index)
}

async function judgeDoublePromise(verifier: Verifier, double: DoublePromise): Verdict {
  const a = await openPromise(verifier, double, double.a)
  if (!a.ok) return a
  const b = await openPromise(verifier, double, double.b)
  if (!b.ok) return b
  if (compareBytes(double.a, double.b) >= 0) return bad('not-canonical')
  const contradict = (a.value.index === b.value.index) !== (a.value.id === b.value.id)
  return contradict ? good(Math.min(a.value.index, b.value.index)) : bad('evidence-wrong')
}

/** A checkpoint with the signature of the accused key and no other, so that one piece of evidence has one spelling. */
async function openBare(
  verifier: Verifier,
  { c, log }: Evidence,
  bytes: Uint8Array,
): Promise<Result<SignedCheckpoint, EvidenceReason>> {
  const opened = await openCheckpoint(verifier, { community: c, keys: [log] }, bytes)
  if (!opened.ok) return opened
  return opened.value.note.signatures.length === 1 ? opened : bad('not-canonical')
}

function bareBytes(c: CommunityId, checkpoint: SignedCheckpoint): Uint8Array {
  const { name } = logKey(c, checkpoint.key)
  const id = keyId(logKey(c, checkpoint.key))
  const signature = checkpoint.note.signatures.find((one) => one.name === name && one.id === id)
  if (signature === undefined) throw new TypeError('the checkpoint is of another log')
  return checkpointBytes({ ...checkpoint, note: { ...checkpoint.note, signatures: [signature] } })
}

async function openPromise(
  verifier: Verifier,
  { c, log }: Evidence,
  bytes: Uint8Array,
): Promise<Result<LogPromise, EvidenceReason>> {
  const opened = open(PROMISE, c, bytes)
  if (!opened.ok) return opened
  const signed = await verifyEnvelope(verifier, c, opened.value, [log])
  return signed.ok ? good(opened.value.payload) : signed
}
