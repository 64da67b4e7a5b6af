import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'

/** SHA-256 over the concatenation. 32 bytes. */
export function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  return sha256(parts.length === 1 && first !== undefined ? first : concatBytes(...parts))
}

/** HKDF-SHA256 (RFC 5869), 32 bytes. */
export function derive(secret: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array {
  return hkdf(sha256, secret, salt, info, 32)
}
