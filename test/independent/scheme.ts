import { hashes, Point, sign } from '@noble/ed25519'
import { concat, hex, sha512, unhex } from './bytes.ts'
import type { Dice } from './dice.ts'
import type { Check } from './evidence.ts'

/** A way to sign: the real one, or one that costs nothing, for a hundred thousand ledgers. */
export interface Scheme {
  readonly name: 'toy' | 'ed25519'
  newKey(dice: Dice): string
  /** A key under which nothing verifies. */
  badKey(dice: Dice): string
  /** 64 bytes. */
  sign(key: string, message: Uint8Array): Uint8Array
  /** A signature that no key could have made. */
  readonly malformed: Uint8Array
  readonly check: Check
}

/** The signature is SHA-512 of key and message: anybody can sign for anybody, so only who plays by the rules of this house is judged. */
export const toyScheme: Scheme = {
  name: 'toy',
  newKey: (dice) => `00${hex(dice.bytes(31))}`,
  badKey: (dice) => `ff${hex(dice.bytes(31))}`,
  sign: (key, message) => sha512(concat(unhex(key), message)),
  malformed: new Uint8Array(64),
  check: (signature, message, key) => {
    if (key.startsWith('ff')) return 'key-not-admitted'
    if (signature.every((byte) => byte === 0)) return 'signature-malformed'
    return hex(signature) === hex(sha512(concat(unhex(key), message))) ? undefined : 'signature-wrong'
  },
}

/** L of RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** Ed25519 as §4.2 defines it, with the points of `@noble/ed25519`. Its keys are a scheme's own: it remembers their seeds. */
export function ed25519Scheme(): Scheme {
  hashes.sha512 = (message) => sha512(message) as Uint8Array<ArrayBuffer>
  const seeds = new Map<string, Uint8Array>()
  return {
    name: 'ed25519',
    newKey: (dice) => {
      const seed = dice.bytes(32)
      const key = hex(publicKey(seed))
      seeds.set(key, seed)
      return key
    },
    // The neutral point has the y-coordinate 1: of small order.
    badKey: () => `01${'00'.repeat(31)}`,
    sign: (key, message) => {
      const seed = seeds.get(key)
      return seed ? sign(message, seed) : sha512(message)
    },
    malformed: new Uint8Array(64).fill(0xff),
    check: checkEd25519,
  }
}

function publicKey(seed: Uint8Array): Uint8Array {
  const head = sha512(seed).subarray(0, 32)
  head[0] = (head[0] as number) & 0xf8
  head[31] = ((head[31] as number) & 0x7f) | 0x40
  return Point.BASE.multiply(number(head) % L).toBytes()
}

/** SIG-1 to SIG-4. Canonical encodings are those that come out again. */
function checkEd25519(signature: Uint8Array, message: Uint8Array, key: string): string | undefined {
  const a = point(unhex(key))
  if (!a || a.isSmallOrder() || !a.isTorsionFree()) return 'key-not-admitted'
  const s = number(signature.subarray(32))
  if (s >= L || !isCanonical(signature.subarray(0, 32))) return 'signature-malformed'
  const r = point(signature.subarray(0, 32))
  if (!r) return 'signature-wrong'
  const k = number(sha512(concat(signature.subarray(0, 32), unhex(key), message))) % L
  const left = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s)
  const right = k === 0n ? r : r.add(a.multiplyUnsafe(k))
  return left.clearCofactor().equals(right.clearCofactor()) ? undefined : 'signature-wrong'
}

function point(encoded: Uint8Array): Point | undefined {
  try {
    const one = Point.fromBytes(encoded, false)
    return hex(one.toBytes()) === hex(encoded) ? one : undefined
  } catch {
    // noble's only way to say that these bytes are no point.
    return undefined
  }
}

/** SIG-3, of R: y < p, and no sign bit where x is 0. */
function isCanonical(encoded: Uint8Array): boolean {
  const p = 2n ** 255n - 19n
  const y = number(encoded) & (2n ** 255n - 1n)
  const sign = (encoded[31] as number) >> 7
  return y < p && !(sign === 1 && (y === 1n || y === p - 1n))
}

function number(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${hex(littleEndian.toReversed())}`)
}
