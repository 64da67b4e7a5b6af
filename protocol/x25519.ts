import { x25519 } from '@noble/curves/ed25519.js'
import { etc } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { equalBytes } from './bytes.ts'

/** X25519 (RFC 7748) with keys that are known as Ed25519 keys: the two curves are one, seen differently. All values are 32 bytes, little-endian. */

/** The field's prime, RFC 7748 §4.1. */
const P = 2n ** 255n - 19n

/**
 * The u of every point of small order, of the curve and of its twist: whatever is multiplied with one of them gives zero. They are 0, 1, -1, and
 * the two of order 8.
 */
const SMALL_ORDER = [
  0n,
  1n,
  P - 1n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
].map(littleEndian)

/** The public key of X25519 for an admitted Ed25519 key (SIG-1): u = (1 + y) / (1 - y), RFC 7748 §4.1. */
export function montgomeryOf(publicKey: Uint8Array): Uint8Array {
  const y = integer(publicKey) & (2n ** 255n - 1n)
  return littleEndian(etc.mod((1n + y) * etc.invert(etc.mod(1n - y, P), P), P))
}

/** The secret of X25519 that belongs to it: the scalar of the Ed25519 seed before it is clamped, RFC 8032 §5.1.5. */
export function secretOf(seed: Uint8Array): Uint8Array {
  return sha512(seed).slice(0, 32)
}

/** The public key of a secret. */
export function publicOf(secret: Uint8Array): Uint8Array {
  return x25519.getPublicKey(secret)
}

/** What two share. @returns undefined for a public key in another than its one spelling, or of small order: everybody would share that */
export function sharedSecret(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  const isBad = integer(publicKey) >= P || SMALL_ORDER.some((u) => equalBytes(u, publicKey))
  return isBad ? undefined : x25519.getSharedSecret(secret, publicKey)
}

function littleEndian(value: bigint): Uint8Array {
  const out = new Uint8Array(32)
  for (let rest = value, i = 0; i < 32; i++, rest >>= 8n) out[i] = Number(rest & 255n)
  return out
}

function integer(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
