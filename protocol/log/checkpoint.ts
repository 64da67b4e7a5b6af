import { utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import { communityOf, type Genesis } from '../community/genesis.ts'
import type { Envelope } from '../envelope.ts'
import type { CommunityId, KeyText } from '../ids.ts'
import { MAX_NOTE_NAME_BYTES } from '../limits.ts'
import type { CodecReason, LogReason, SignatureReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { Signer, Verifier } from '../signature.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { HASH_BYTES } from './merkle.ts'
import type { TreeHead } from './proof.ts'
import {
  encodeNote,
  NOTE_TYPE,
  type NoteKey,
  parseNote,
  type SignedNote,
  signNote,
  verifyNote,
} from './signed-note.ts'

/**
 * The text of a checkpoint of any log (c2sp.org/tlog-checkpoint, CHECK-1):
 *
 * ```
 *  origin
 *  size in decimal
 *  base64(root)
 *  extension lines, if any
 * ```
 */
export interface Checkpoint extends TreeHead {
  readonly origin: string
  readonly extensions: readonly string[]
}

/** A checkpoint of a community's log (CHECK-2): it also says which state everybody must come to who replays the log so far. */
export interface LogHead extends TreeHead {
  /** The state hash, 32 bytes. */
  readonly state: Uint8Array
}

/** One that the log signed, with whatever cosignatures came with it. */
export interface SignedCheckpoint extends LogHead {
  /** The log key that signed. */
  readonly key: KeyText
  readonly note: SignedNote
}

/** A community's log: whose it is, and by which keys its checkpoints are believed. */
export interface Log {
  readonly community: CommunityId
  readonly keys: readonly KeyText[]
}

/** The log of a community that never rotated it. */
export function genesisLog(genesis: Envelope<Genesis>): Log {
  return { community: communityOf(genesis), keys: [genesis.payload.log] }
}

/** The origin of a community's checkpoints, and the name of its log key. */
export function logOrigin(community: CommunityId): string {
  return `palabre/v1/${community}`
}

/** A log key as a key of notes. */
export function logKey(community: CommunityId, key: KeyText): NoteKey {
  return { name: logOrigin(community), type: NOTE_TYPE.ed25519, key }
}

/** The note's text. Throws when nobody could read it. */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint
  const text = [origin, String(size), encodeBase64(root), ...extensions].map((line) => `${line}\n`).join('')
  const readable = parseCheckpoint(text)
  if (!readable.ok || readable.value.extensions.length !== extensions.length)
    throw new TypeError('not a checkpoint that others would read')
  return text
}

/** The one extension line of a community's checkpoints. @param state the state hash, 32 bytes */
export function stateLine(state: Uint8Array): string {
  return `${STATE_LINE}${encodeBase64(state)}`
}

/** Reads the text of a checkpoint of any log. */
export function parseCheckpoint(text: string): Result<Checkpoint, LogReason> {
  const lines = text.split('\n')
  const [origin = '', digits = '', encoded = '', ...extensions] = lines.slice(0, -1)
  if (lines.at(-1) !== '' || lines.slice(0, -1).includes('')) return bad('checkpoint-malformed', 'lines')
  if (origin === '' || utf8ToBytes(origin).length > MAX_NOTE_NAME_BYTES)
    return bad('checkpoint-malformed', 'origin')
  const size = parseDecimal(digits)
  if (size === undefined) return bad('checkpoint-malformed', 'size')
  const root = parseHash(encoded)
  if (root === undefined) return bad('checkpoint-malformed', 'root')
  return good({ origin, size, root, extensions })
}

/** Signs a checkpoint of a community's log. Throws when there is nothing to sign: a log begins with its genesis. */
export async function signCheckpoint(
  signer: Signer,
  community: CommunityId,
  { size, root, state }: LogHead,
): Promise<SignedCheckpoint> {
  if (size < 1 || state.length !== HASH_BYTES) throw new RangeError('a log head has entries and a state')
  const origin = logOrigin(community)
  const extensions = [stateLine(state)]
  const text = encodeCheckpoint({ origin, size, root, extensions })
  const note = { text, signatures: [await signNote(text, origin, signer)] }
  return { size, root, state, key: signer.publicKey, note }
}

/** Reads a checkpoint of a community's log. Signatures are not looked at: see `openCheckpoint`. */
export function readCheckpoint(
  community: CommunityId,
  bytes: Uint8Array,
): Result<Omit<SignedCheckpoint, 'key'>, LogReason | CodecReason> {
  const note = parseNote(bytes)
  if (!note.ok) return note
  const checkpoint = parseCheckpoint(note.value.text)
  if (!checkpoint.ok) return checkpoint
  const { origin, size, root, extensions } = checkpoint.value
  if (origin !== logOrigin(community)) return bad('log-unknown')
  const state = parseState(extensions)
  if (size < 1 || state === undefined) return bad('checkpoint-malformed', 'state')
  return good({ size, root, state, note: note.value })
}

/** Reads a checkpoint of a community's log and verifies that the log signed it. Cosignatures are not looked at. */
export async function openCheckpoint(
  verifier: Verifier,
  log: Log,
  bytes: Uint8Array,
): Promise<Result<SignedCheckpoint, LogReason | CodecReason | SignatureReason>> {
  const read = readCheckpoint(log.community, bytes)
  if (!read.ok) return read
  const keys = log.keys.map((key) => logKey(log.community, key))
  const signed = await verifyNote(verifier, read.value.note, keys)
  if (!signed.ok) return signed
  const [first] = signed.value as readonly [NoteKey, ...NoteKey[]]
  return good({ ...read.value, key: first.key })
}

/** The exact bytes of a signed checkpoint. */
export function checkpointBytes(checkpoint: SignedCheckpoint): Uint8Array {
  return encodeNote(checkpoint.note)
}

/** Whether two heads of one log say the same. */
export function sameHead(a: LogHead, b: LogHead): boolean {
  return a.size === b.size && equalBytes(a.root, b.root) && equalBytes(a.state, b.state)
}

/** A size in decimal without leading zeros, to 2^53 - 1. */
export function parseDecimal(digits: string): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(digits)) return undefined
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : undefined
}

/** A hash of the tree in base64. */
export function parseHash(encoded: string): Uint8Array | undefined {
  const bytes = decodeBase64(encoded)
  return bytes?.length === HASH_BYTES ? bytes : undefined
}

const STATE_LINE = 'state '

function parseState(extensions: readonly string[]): Uint8Array | undefined {
  const [line] = extensions
  if (extensions.length !== 1 || line === undefined || !line.startsWith(STATE_LINE)) return undefined
  return parseHash(line.slice(STATE_LINE.length))
}
