import { base64url } from 'multiformats/bases/base64'

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
  return base64url.baseEncode(bytes) as T
}

/** The 32 bytes behind an id. */
export function idBytes(id: Id): Uint8Array {
  return base64url.baseDecode(id)
}

/** The text form of an Ed25519 public key. Throws when the caller passes another length than 32. */
export function keyText(key: Uint8Array): KeyText {
  if (key.length !== ID_BYTES) throw new RangeError(`a key has ${ID_BYTES} bytes, got ${key.length}`)
  return base64url.baseEncode(key) as KeyText
}

/** The 32 bytes behind a key's text form. */
export function keyBytes(key: KeyText): Uint8Array {
  return base64url.baseDecode(key)
}

/** Reads an id from text that somebody else wrote (a link); `undefined` when it is not exactly one. */
export function parseId<T extends Id>(text: string): T | undefined {
  // 43 characters carry 2 bits more than 32 bytes. They are 0, or one id would have four spellings.
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text) ? (text as T) : undefined
}
