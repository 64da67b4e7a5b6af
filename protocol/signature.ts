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
const L = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n)
/** The field's prime, RFC 8032 §5.1. */
const P = littleEndian(2n ** 255n - 19n)
/** The y of the two points whose x is 0. */
const ONE = littleEndian(1n)
const MINUS_ONE = littleEndian(2n ** 255n - 20n)

export const SIGNATURE_BYTES = 64
export const SEED_BYTES = 32

/** A platform's Ed25519 verify. Throws when the platform fails; false when it says no. */
export type NativeVerify = (
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
) => Promise<boolean>

/**
 * A platform's answer whether a canonical encoding is a point of the curve, not of small order and without torsion. Unlike the one about a signature,
 * its *no* is final too.
 */
export type AdmitPoint = (encoded: Uint8Array) => boolean

/** A signature to judge, and what it is about. */
export interface Signed {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: KeyText
}

/** A platform's Ed25519 for many signatures at once. */
export interface BatchEngine {
  /**
   * Which of these canonical encodings, no two the same, are points of the curve, not of small order and without torsion (SIG-1). Both its answers
   * are final.
   */
  admitAll(keys: readonly KeyText[]): readonly boolean[]
  /** True when SIG-4 holds for each of them; at most `maximum`, all of which passed SIG-1 to SIG-3. Both its answers are final. */
  holds(batch: readonly Signed[]): boolean
  readonly maximum: number
}

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

/** The signature rule for whoever has many signatures at hand, as an auditor has. */
export interface BatchVerifier {
  /** The verdict on each, in their order. Wrong ones make it slower: each is looked for. */
  verifyAll(batch: readonly Signed[]): readonly Result<true, SignatureReason>[]
  /** Whether the verdict on each is good, for whoever has another way to find the wrong ones. */
  areGood(batch: readonly Signed[]): boolean
}

/** Keys are admitted once: the torsion check costs as much as a verification. A community of 10,000 with two devices each fits. */
const ADMITTED_CACHE = 32_768

/**
 * @param native the platform's fast path; without one, noble does all. The verdict is the same.
 * @param remembered how many keys' admission is remembered at most
 * @param admitPoint the platform's, or noble's
 */
export function createVerifier(
  native?: NativeVerify,
  remembered = ADMITTED_CACHE,
  admitPoint: AdmitPoint = isPrimeOrder,
): Verifier {
  const admitted = memory(remembered)
  const admits = (publicKey: KeyText): boolean => {
    const known = admitted.get(publicKey)
    if (known !== undefined) return known
    const verdict = isAdmissible(keyBytes(publicKey), admitPoint)
    admitted.set(publicKey, verdict)
    return verdict
  }
  return {
    async verify(signature, message, publicKey) {
      if (!admits(publicKey)) return bad('key-not-admitted')
      if (!wellFormed(signature)) return bad('signature-malformed')
      const key = keyBytes(publicKey)
      const valid =
        (native !== undefined && (await native(signature, message, key))) ||
        nobleVerify(signature, message, key, { zip215: false })
      return valid ? good(true) : bad('signature-wrong')
    },
  }
}

/** @param remembered how many keys' admission is remembered at most */
export function createBatchVerifier(engine: BatchEngine, remembered = ADMITTED_CACHE): BatchVerifier {
  const admitted = memory(remembered)
  /** SIG-1 to SIG-3. */
  function firstVerdicts(batch: readonly Signed[]): Result<true, SignatureReason>[] {
    const unknown = [...new Set(batch.map(({ publicKey }) => publicKey))].filter(
      (key) => admitted.get(key) === undefined,
    )
    const fresh = new Map<KeyText, boolean>(unknown.map((key) => [key, false]))
    const canonical = unknown.filter((key) => isCanonicalPoint(keyBytes(key)))
    for (const [i, verdict] of engine.admitAll(canonical).entries())
      fresh.set(canonical[i] as KeyText, verdict)
    const verdicts = batch.map(({ publicKey, signature }): Result<true, SignatureReason> => {
      if (!(fresh.get(publicKey) ?? admitted.get(publicKey))) return bad('key-not-admitted')
      return wellFormed(signature) ? good(true) : bad('signature-malformed')
    })
    for (const [key, verdict] of fresh) admitted.set(key, verdict)
    return verdicts
  }
  return {
    verifyAll(batch) {
      const verdicts = firstVerdicts(batch)
      const open = [...batch.keys()].filter((i) => verdicts[i]?.ok)
      for (let from = 0; from < open.length; from += engine.maximum) {
        for (const i of wrongOf(open.slice(from, from + engine.maximum), batch, engine)) {
          verdicts[i] = bad('signature-wrong')
        }
      }
      return verdicts
    },
    areGood(batch) {
      if (firstVerdicts(batch).some(({ ok }) => !ok)) return false
      for (let from = 0; from < batch.length; from += engine.maximum)
        if (!engine.holds(batch.slice(from, from + engine.maximum))) return false
      return true
    },
  }
}

/** Which of these signatures of a batch are wrong, by halves. */
function wrongOf(these: readonly number[], batch: readonly Signed[], engine: BatchEngine): readonly number[] {
  if (engine.holds(these.map((i) => batch[i] as Signed))) return []
  if (these.length === 1) return these
  const middle = Math.ceil(these.length / 2)
  return [these.slice(0, middle), these.slice(middle)].flatMap((half) => wrongOf(half, batch, engine))
}

/** Verdicts on keys. The oldest half is forgotten when the memory is full, so a flood of keys costs time, never memory. */
function memory(remembered: number): Pick<Map<KeyText, boolean>, 'get' | 'set'> {
  const verdicts = new Map<KeyText, boolean>()
  return {
    get: (key) => verdicts.get(key),
    set(key, verdict) {
      if (verdicts.size >= remembered) {
        let surplus = remembered / 2
        for (const old of verdicts.keys()) {
          if (surplus-- <= 0) break
          verdicts.delete(old)
        }
      }
      return verdicts.set(key, verdict)
    },
  }
}

/** Canonical, on the curve, not of small order, torsion-free. */
export function isAdmissible(publicKey: Uint8Array, admitPoint: AdmitPoint = isPrimeOrder): boolean {
  return publicKey.length === 32 && isCanonicalPoint(publicKey) && admitPoint(publicKey)
}

function isPrimeOrder(encoded: Uint8Array): boolean {
  let point: Point
  try {
    point = Point.fromBytes(encoded, false)
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
    compareNumbers(signature.subarray(32), L) < 0 &&
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
  if (compareNumbers(y, P) >= 0) return false
  return sign === 0 || (compareNumbers(y, ONE) !== 0 && compareNumbers(y, MINUS_ONE) !== 0)
}

/** Little-endian numbers of 32 bytes: negative, 0 or positive. From the top, where they nearly always differ; nothing here is secret. */
function compareNumbers(a: Uint8Array, b: Uint8Array): number {
  for (let i = 31; i >= 0; i--) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** In 32 bytes. */
function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
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
