import { utf8ToBytes } from '@noble/hashes/utils.js'
import { hash } from '../hash.ts'
import { type KeyText, keyBytes } from '../ids.ts'
import { MAX_NOTE_BYTES, MAX_NOTE_NAME_BYTES, MAX_NOTE_SIGNATURES } from '../limits.ts'
import type { CodecReason, LogReason, SignatureReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { Signer, Verifier } from '../signature.ts'
import { decodeUtf8 } from '../utf8.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/**
 * A signed note (c2sp.org/signed-note, NOTE-1 to 7):
 *
 * ```
 *  text                                            lines; the last ends in a newline too
 *                                                  an empty line
 *  — <key name> base64(key id(4) ‖ signature)      one or more
 * ```
 */
export interface SignedNote {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface NoteSignature {
  readonly name: string
  /** The first 4 bytes of a hash of name, type and key: a hint which key to try, and no more. */
  readonly id: number
  readonly signature: Uint8Array
}

/** What a signature of a note is: the byte that goes into the key's id. */
export const NOTE_TYPE = { ed25519: 0x01, cosignature: 0x04 } as const
export type NoteType = (typeof NOTE_TYPE)[keyof typeof NOTE_TYPE]

/** A key that signs notes, with the name under which it does. */
export interface NoteKey {
  readonly name: string
  readonly type: NoteType
  readonly key: KeyText
}

/** Reads a note. What its signatures are worth is another question: see `verifyNote`. */
export function parseNote(bytes: Uint8Array): Result<SignedNote, LogReason | CodecReason> {
  if (bytes.length > MAX_NOTE_BYTES) return bad('too-large')
  const all = readText(bytes)
  if (all === undefined) return bad('note-malformed', 'text')
  const end = all.lastIndexOf('\n\n')
  if (end < 0) return bad('note-malformed', 'no empty line')
  const signatures = parseSignatures(all.slice(end + 2))
  return signatures.ok ? good({ text: all.slice(0, end + 1), signatures: signatures.value }) : signatures
}

/** Reads signature lines alone, as a witness answers with them. */
export function parseSignatures(lines: string): Result<readonly NoteSignature[], LogReason> {
  if (!lines.endsWith('\n')) return bad('note-malformed', 'no signature')
  const all = lines.slice(0, -1).split('\n')
  if (all.length > MAX_NOTE_SIGNATURES) return bad('note-malformed', 'too many signatures')
  const signatures: NoteSignature[] = []
  for (const line of all) {
    const signature = parseSignature(line)
    if (signature === undefined) return bad('note-malformed', 'signature')
    signatures.push(signature)
  }
  return good(signatures)
}

/** The one spelling. Throws when nobody could read it. */
export function encodeNote(note: SignedNote): Uint8Array {
  const bytes = utf8ToBytes(`${note.text}\n${note.signatures.map(encodeSignature).join('')}`)
  const readable = parseNote(bytes)
  if (!readable.ok || readable.value.text !== note.text)
    throw new TypeError('not a note that others would read')
  return bytes
}

/** One signature line with its newline. */
export function encodeSignature({ name, id, signature }: NoteSignature): string {
  const bytes = new Uint8Array(4 + signature.length)
  new DataView(bytes.buffer).setUint32(0, id)
  bytes.set(signature, 4)
  return `${LINE_START}${name} ${encodeBase64(bytes)}\n`
}

/** `SHA-256(name ‖ newline ‖ type ‖ public key)`, its first 4 bytes. */
export function keyId({ name, type, key }: NoteKey): number {
  const digest = hash(utf8ToBytes(`${name}\n`), Uint8Array.of(type), keyBytes(key))
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0)
}

/** Whether somebody may sign notes under this name: not empty, not too long, no white space, no plus, no control character. */
export function isKeyName(name: string): boolean {
  return (
    name !== '' &&
    !/[\p{White_Space}+]/u.test(name) &&
    !CONTROL.test(name) &&
    utf8ToBytes(name).length <= MAX_NOTE_NAME_BYTES
  )
}

/** Signs a text under the signer's name, as type 1. */
export async function signNote(text: string, name: string, signer: Signer): Promise<NoteSignature> {
  const key: NoteKey = { name, type: NOTE_TYPE.ed25519, key: signer.publicKey }
  return { name, id: keyId(key), signature: await signer.sign(utf8ToBytes(text)) }
}

/**
 * Which of some keys of type 1 signed the note. Lines of other keys are ignored; one of a known key that does not hold refuses the whole
 * note, and so does a note that none of them signed.
 */
export async function verifyNote(
  verifier: Verifier,
  note: SignedNote,
  keys: readonly NoteKey[],
): Promise<Result<readonly NoteKey[], SignatureReason>> {
  const known = keys.map((key) => ({ key, id: keyId(key) }))
  const message = utf8ToBytes(note.text)
  const signers: NoteKey[] = []
  for (const { name, id, signature } of note.signatures) {
    const found = known.find((one) => one.key.name === name && one.id === id)
    if (found === undefined) continue
    const verdict = await verifier.verify(signature, message, found.key.key)
    if (!verdict.ok) return verdict
    if (!signers.includes(found.key)) signers.push(found.key)
  }
  return signers.length > 0 ? good(signers) : bad('signer-missing')
}

const LINE_START = '\u2014 '
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters.
const CONTROL = /[\u0000-\u001f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters.
const CONTROL_BUT_NEWLINE = /[\u0000-\u0009\u000b-\u001f]/
/** A key id and at least one byte. */
const MIN_SIGNATURE_BYTES = 5

/** Well-formed UTF-8 without control characters but newlines. */
function readText(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes)
  return text === undefined || CONTROL_BUT_NEWLINE.test(text) ? undefined : text
}

function parseSignature(line: string): NoteSignature | undefined {
  const space = line.indexOf(' ', LINE_START.length)
  if (!line.startsWith(LINE_START) || space < 0) return undefined
  const name = line.slice(LINE_START.length, space)
  const bytes = decodeBase64(line.slice(space + 1))
  if (!isKeyName(name) || bytes === undefined || bytes.length < MIN_SIGNATURE_BYTES) return undefined
  return { name, id: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), signature: bytes.slice(4) }
}
