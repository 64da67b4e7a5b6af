import { utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import { hash } from '../hash.ts'
import { MAX_PROOF_HASHES, MAX_WITNESS_REQUEST_BYTES } from '../limits.ts'
import type { CodecReason, LogReason, SignatureReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { Verifier } from '../signature.ts'
import { encodeBase64 } from './base64.ts'
import { type Checkpoint, parseCheckpoint, parseDecimal, parseHash } from './checkpoint.ts'
import { emptyRoot, type Sha256 } from './merkle.ts'
import { type Proof, type TreeHead, verifyConsistency } from './proof.ts'
import { encodeNote, type NoteKey, parseNote, type SignedNote, verifyNote } from './signed-note.ts'

/**
 * The witness's side of c2sp.org/tlog-witness (WIT-1 to 5), as a function: what it knows of a log and a request in, what it knows then or a
 * refusal out. It neither stores nor signs.
 */

/** The body of `add-checkpoint`. */
export interface AddCheckpoint {
  /** The size that the witness cosigned last, as far as the client knows. */
  readonly old: number
  /** From that size to the checkpoint's. */
  readonly proof: Proof
  readonly note: SignedNote
}

/** A log that the witness follows. */
export interface WitnessedLog {
  /** Those that may sign its checkpoints, of type 1. */
  readonly keys: readonly NoteKey[]
  /** What the witness cosigned last; `undefined` while it never did. */
  readonly last: TreeHead | undefined
}

/** What the witness may cosign, once it has stored `head` in place of the head of size `old`, both in one step. */
export interface Consistent {
  readonly origin: string
  readonly old: number
  readonly head: TreeHead
  readonly note: SignedNote
}

export type WitnessRefusal = LogReason | CodecReason | SignatureReason

/** Why nothing is cosigned, and the HTTP status that says so. */
export interface Refused {
  readonly ok: false
  readonly reason: WitnessRefusal
  readonly status: 400 | 403 | 404 | 409 | 422
  /** With 409: the size that the witness cosigned last. */
  readonly size?: number
}

/** The body of a request: `old <size>`, a line for each hash, an empty line, the checkpoint. Throws when a witness could not read it. */
export function encodeAddCheckpoint({ old, proof, note }: AddCheckpoint): Uint8Array {
  const lines = [`old ${old}`, ...proof.map(encodeBase64), ''].map((line) => `${line}\n`).join('')
  const head = utf8ToBytes(lines)
  const body = encodeNote(note)
  const request = new Uint8Array(head.length + body.length)
  request.set(head)
  request.set(body, head.length)
  const readable = parseAddCheckpoint(request)
  if (!readable.ok) throw new TypeError(`not a request that a witness would read: ${readable.reason}`)
  return request
}

export function parseAddCheckpoint(body: Uint8Array): Result<AddCheckpoint, LogReason | CodecReason> {
  if (body.length > MAX_WITNESS_REQUEST_BYTES) return bad('too-large')
  const lines: string[] = []
  let at = 0
  for (;;) {
    const end = body.indexOf(NEWLINE, at)
    if (end < 0 || end - at > MAX_LINE_BYTES || lines.length > MAX_PROOF_HASHES + 1)
      return bad('request-malformed')
    const line = String.fromCharCode(...body.subarray(at, end))
    at = end + 1
    if (line === '') break
    lines.push(line)
  }
  const [first = '', ...hashes] = lines
  const old = first.startsWith(OLD) ? parseDecimal(first.slice(OLD.length)) : undefined
  if (old === undefined) return bad('request-malformed', 'old')
  const proof = hashes.map(parseHash).filter((one) => one !== undefined)
  if (proof.length < hashes.length || proof.length > MAX_PROOF_HASHES)
    return bad('request-malformed', 'proof')
  const note = parseNote(body.subarray(at))
  return note.ok ? good({ old, proof, note: note.value }) : note
}

/**
 * Decides on a request. The order is that of the specification, so that every witness gives the same status.
 * @param logOf the log with this origin; `undefined` when the witness does not follow it
 */
export async function judgeCheckpoint(
  verifier: Verifier,
  logOf: (origin: string) => WitnessedLog | undefined,
  body: Uint8Array,
  sha256: Sha256 = hash,
): Promise<{ readonly ok: true; readonly value: Consistent } | Refused> {
  const request = parseAddCheckpoint(body)
  if (!request.ok) return refused(400, request.reason)
  const { old, proof, note } = request.value
  const checkpoint = parseCheckpoint(note.text)
  if (!checkpoint.ok) return refused(400, checkpoint.reason)
  const log = logOf(checkpoint.value.origin)
  if (log === undefined) return refused(404, 'log-unknown')
  const signed = await verifyNote(verifier, note, log.keys)
  if (!signed.ok) return refused(403, signed.reason)
  if (old > checkpoint.value.size) return refused(400, 'request-malformed')
  const last = log.last?.size ?? 0
  if (old !== last) return { ...refused(409, 'size-conflict'), size: last }
  const broken = inconsistency(log.last, checkpoint.value, proof, sha256)
  if (broken !== undefined) return refused(422, broken)
  const { origin, size, root } = checkpoint.value
  return good({ origin, old, head: { size, root }, note })
}

/** The answer with status 409. @param size what the witness cosigned last */
export function sizeAnswer(size: number): { readonly contentType: string; readonly body: string } {
  return { contentType: 'text/x.tlog.size', body: `${size}\n` }
}

const NEWLINE = 0x0a
const OLD = 'old '
/** A hash in base64; `old` and a size are shorter. */
const MAX_LINE_BYTES = 44

/** Why the checkpoint does not continue what was cosigned last, of the same size or smaller; `undefined` when it does. */
function inconsistency(
  last: TreeHead | undefined,
  next: Checkpoint,
  proof: Proof,
  sha256: Sha256,
): LogReason | undefined {
  if (next.size === 0 && !equalBytes(next.root, emptyRoot(sha256))) return 'proof-wrong'
  if (last === undefined || last.size === 0) return proof.length === 0 ? undefined : 'proof-wrong'
  if (last.size === next.size && !equalBytes(last.root, next.root)) return 'log-forked'
  const consistent = verifyConsistency(last, next, proof, sha256)
  return consistent.ok ? undefined : consistent.reason
}

function refused(status: Refused['status'], reason: WitnessRefusal): Refused {
  return { ok: false, status, reason }
}
