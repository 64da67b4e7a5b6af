/**
 * A 32-byte SHA-256 id in its text form: base64url without padding, 43 characters (SPEC §3.3).
 * Text, because ids are map keys and are compared everywhere; on the wire an id is its 32 bytes.
 */
export type Id = string & { readonly __id: true }

/** The id of a community: the id of its genesis statement. */
export type CommunityId = Id & { readonly __kind: 'community' }
/** The id of a member: the id of their identity statement. */
export type MemberId = Id & { readonly __kind: 'member' }
/** The id of a ledger statement. */
export type StatementId = Id & { readonly __kind: 'statement' }
/** The id of a room: the id of its opening. */
export type RoomId = Id & { readonly __kind: 'room' }
/** The id of a room operation. */
export type OperationId = Id & { readonly __kind: 'operation' }
/** An Ed25519 public key in the same text form as an id. */
export type KeyText = string & { readonly __kind: 'key' }

/** Length in bytes of an id and of an Ed25519 public key. */
export const ID_BYTES = 32

/** The text form of 32 bytes. Throws when the caller passes another length. */
export function idOf<T extends Id>(bytes: Uint8Array): T {
  if (bytes.length !== ID_BYTES) throw new RangeError(`an id has ${ID_BYTES} bytes, got ${bytes.length}`)
  return encodeText(bytes) as T
}

/** The 32 bytes behind an id. */
export function idBytes(id: Id): Uint8Array {
  return decodeText(id)
}

/** The text form of an Ed25519 public key. Throws when the caller passes another length than 32. */
export function keyText(key: Uint8Array): KeyText {
  if (key.length !== ID_BYTES) throw new RangeError(`a key has ${ID_BYTES} bytes, got ${key.length}`)
  return encodeText(key) as KeyText
}

/** The 32 bytes behind a key's text form. */
export function keyBytes(key: KeyText): Uint8Array {
  return decodeText(key)
}

/** Reads an id from text that somebody else wrote (a link); `undefined` when it is not exactly one. */
export function parseId<T extends Id>(text: string): T | undefined {
  // 43 characters carry 2 bits more than 32 bytes. They are 0, or one id would have four spellings.
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text) ? (text as T) : undefined
}

/** Letters of an id's text, the padding left out. */
const TEXT_CHARS = 43
const NO_LETTER = 255
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
/** By code; 255 where there is no such letter. */
const VALUES = new Uint8Array(128).fill(NO_LETTER)
for (const [value, code] of CODES.entries()) VALUES[code] = value

/** Millions of ids are read and kept: this makes one flat string where appending makes a rope of 43. */
function encodeText(bytes: Uint8Array): string {
  const codes: number[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) codes.push(CODES[(group >> shift) & 63] as number)
  }
  // 32 bytes are ten groups and two thirds: the last letter of the eleventh is padding, which is left out.
  return String.fromCharCode(...codes.slice(0, TEXT_CHARS))
}

function decodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES)
  for (let at = 0, bits = 0, held = 0, next = 0; at < TEXT_CHARS; at++) {
    const value = VALUES[text.charCodeAt(at)] ?? NO_LETTER
    if (value === NO_LETTER) throw new SyntaxError(`not the text of an id: ${text}`)
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[next++] = held >> bits
  }
  return bytes
}
