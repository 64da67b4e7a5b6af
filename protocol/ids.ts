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
  return textAt(bytes, 0) as T
}

/** The 32 bytes behind an id. */
export function idBytes(id: Id): Uint8Array {
  return decodeText(id)
}

/** The unsigned bytewise order of what is behind two ids or keys, without decoding them. Negative, 0 or positive. */
export function compareTexts(a: Id | KeyText, b: Id | KeyText): number {
  for (let place = 0; place < TEXT_CHARS; place++) {
    const [one, other] = [a.charCodeAt(place), b.charCodeAt(place)]
    if (one !== other) return (VALUES[one] as number) - (VALUES[other] as number)
  }
  return 0
}

/** The text form of an Ed25519 public key. Throws when the caller passes another length than 32. */
export function keyText(key: Uint8Array): KeyText {
  if (key.length !== ID_BYTES) throw new RangeError(`a key has ${ID_BYTES} bytes, got ${key.length}`)
  return textAt(key, 0) as KeyText
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

/** Writes the 32 bytes behind an id or a key into an array. */
export function putText(text: Id | KeyText, out: Uint8Array, at: number): void {
  let seen = 0
  const value = (place: number): number => {
    const one = VALUES[text.charCodeAt(place)] ?? NO_LETTER
    seen |= one
    return one
  }
  let to = at
  for (let place = 0; place < TEXT_CHARS; place += 4) {
    const group = (value(place) << 18) | (value(place + 1) << 12) | (value(place + 2) << 6)
    out[to++] = group >> 16
    out[to++] = group >> 8
    if (place + 3 < TEXT_CHARS) out[to++] = group | value(place + 3)
  }
  if (seen >= ALPHABET.length) throw new SyntaxError(`not the text of an id: ${text}`)
}

/** The text form of the 32 bytes that begin at this place of an array. */
export function textAt(bytes: Uint8Array, at: number): string {
  let place = 0
  for (let from = at; from < at + ID_BYTES; from += 3) {
    const last = from + 2 < at + ID_BYTES ? (bytes[from + 2] as number) : 0
    const group = ((bytes[from] as number) << 16) | ((bytes[from + 1] as number) << 8) | last
    for (let shift = 18; shift >= 0 && place < TEXT_CHARS; shift -= 6) {
      codes[place++] = CODES[(group >> shift) & 63] as number
    }
  }
  return String.fromCharCode(...codes)
}

/** Letters of an id's text, the padding left out. */
const TEXT_CHARS = 43
const NO_LETTER = 255
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
/** By code; 255 where there is no such letter. */
const VALUES = new Uint8Array(128).fill(NO_LETTER)
for (const [value, code] of CODES.entries()) VALUES[code] = value

/** The letters of the text at hand. Millions of texts are made: a plain array that stays becomes one soonest, and a flat one. */
const codes = Array.from({ length: TEXT_CHARS }, () => 0)

function decodeText(text: Id | KeyText): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES)
  putText(text, bytes, 0)
  return bytes
}
