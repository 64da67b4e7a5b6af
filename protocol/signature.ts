import { getPublicKey, hashes, sign as nobleSign, verify as nobleVerify, Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { type KeyText, keyBytes, keyText } from './ids.ts'
import type { SignatureReason } from './reasons.ts'
import { bad, good, type Result } from './result.ts'

/**
 * The one signature rule (SPEC §4.2), and the only file that signs and verifies.
 *
 * Ed25519 engines disagree on hundreds of crafted signatures; one of those would split a room for ever. Here the verdict is always the
 * *cofactored* equation `[8][S]B = [8]R + [8][k]A` over canonical encodings and a torsion-free key, whoever computes it:
 *
 * 1. the key is admitted: canonical, on the curve, not of small order, torsion-free;
 * 2. S < L, and R is a canonical encoding;
 * 3. the equation holds.
 *
 * A platform's verifier checks `[S]B = R + [k]A`, with or without the cofactor. Either implies the cofactored one, so its *yes* is ours. Its
 * *no* may be about the cofactor alone (R with torsion), so a *no* is asked again of noble, whose verdict is the rule.
 */

// noble's synchronous functions use this hash; the asynchronous ones would need WebCrypto, which the protocol does not know.
hashes.sha512 = sha512

/** The group's order, RFC 8032 §5.1: 2^252 + 27742317777372353535851937790883648493. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n
/** The field's prime, RFC 8032 §5.1. */
const P = 2n ** 255n - 19n

export const SIGNATURE_BYTES = 64
export const SEED_BYTES = 32

/** A platform's Ed25519 verify. Throws when the platform fails; false when it says no. */
export type NativeVerify = (
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
) => Promise<boolean>

/** Somebody who can sign: the private key stays behind it. */
export interface Signer {
  readonly publicKey: KeyText
  /** 64 bytes, RFC 8032 §5.1.6. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** The signature rule with its engine and its memory of admitted keys. */
export interface Verifier {
  verify(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: KeyText,
  ): Promise<Result<true, SignatureReason>>
}

/** Keys are admitted once: the torsion check costs as much as a verification. A community of 10,000 with two devices each fits. */
const ADMITTED_CACHE = 32_768

/**
 * @param native the platform's fast path; without one, noble does all. The verdict is the same.
 * @param remembered how many keys' admission is remembered at most
 */
export function createVerifier(native?: NativeVerify, remembered = ADMITTED_CACHE): Verifier {
  const admitted = new Map<KeyText, boolean>()
  return {
    async verify(signature, message, publicKey) {
      if (!admit(publicKey, admitted, remembered)) return bad('key-not-admitted')
      if (!wellFormed(signature)) return bad('signature-malformed')
      const key = keyBytes(publicKey)
      const valid =
        (native !== undefined && (await native(signature, message, key))) ||
        nobleVerify(signature, message, key, { zip215: false })
      return valid ? good(true) : bad('signature-wrong')
    },
  }
}

/** Step 1, remembered. The oldest half is forgotten when the cache is full, so a flood of keys costs time, never memory. */
function admit(publicKey: KeyText, admitted: Map<KeyText, boolean>, remembered: number): boolean {
  const known = admitted.get(publicKey)
  if (known !== undefined) return known
  const verdict = isAdmissible(keyBytes(publicKey))
  if (admitted.size >= remembered) {
    let surplus = remembered / 2
    for (const old of admitted.keys()) {
      if (surplus-- <= 0) break
      admitted.delete(old)
    }
  }
  admitted.set(publicKey, verdict)
  return verdict
}

/** Canonical, on the curve, not of small order, torsion-free. */
export function isAdmissible(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || !isCanonicalPoint(publicKey)) return false
  let point: Point
  try {
    point = Point.fromBytes(publicKey, false)
  } catch {
    // noble's only way to say that no point of the curve has this y.
    return false
  }
  return !point.isSmallOrder() && point.isTorsionFree()
}

/** Step 2: 64 bytes, S < L, R canonical. */
function wellFormed(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    littleEndian(signature.subarray(32)) < L &&
    isCanonicalPoint(signature.subarray(0, 32))
  )
}

/**
 * RFC 8032 §5.1.3: y < p, and no sign bit where x is 0, which is where y is 1 or -1.
 * noble alone accepts the second (Wycheproof ed25519 tcId 151).
 */
function isCanonicalPoint(encoded: Uint8Array): boolean {
  const y = encoded.slice()
  const sign = (y[31] as number) >> 7
  y[31] = (y[31] as number) & 0x7f
  const value = littleEndian(y)
  return value < P && !(sign === 1 && (value === 1n || value === P - 1n))
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
  return value
}

/** A signer over a 32-byte seed (RFC 8032 §5.1.5). Throws on another length. */
export function signerFromSeed(seed: Uint8Array): Signer {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes`)
  const secret = seed.slice()
  return {
    publicKey: keyText(getPublicKey(secret)),
    sign: async (message) => nobleSign(message, secret),
  }
}
