import { sha512 as portableSha512 } from '@noble/hashes/sha2.js'
import { equalBytes } from '../../../protocol/bytes.ts'
import { type KeyText, keyBytes, keyText } from '../../../protocol/ids.ts'
import type { BatchEngine } from '../../../protocol/signature.ts'
import { startCurve } from './curve.ts'
import { ADDEND_BYTES, type Place, POINT_BYTES } from './machine.ts'

/**
 * SIG-4 for many signatures at once: Bernstein, Duif, Lange, Schwabe and Yang, "High-speed high-security signatures" (ePrint 2011/368), §5.
 *
 * `[8]([Σ -zS]B + Σ [z]R + Σ [zk]A) = 0`, with a random z for each signature. Where every signature holds, this holds. Where one does not, the z
 * that hide it are one in 2^128. Because of the 8 this is SIG-4 and not a stricter rule, which batches of the equation without it are not.
 */

/** The group's order, RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** RFC 8032 §5.1: the y of the base point is 4/5, its x is even. */
const BASE = new Uint8Array(32).fill(0x66).with(0, 0x58)

/** RFC 8032 §5.1: the neutral point is (0, 1). */
const NEUTRAL = new Uint8Array(32).with(0, 1)
const NEUTRAL_KEY = keyText(NEUTRAL)

/** Below L, in bits. */
const SCALAR_BITS = 253
const SCALAR_WORDS = 8

/** 128 bits of chance, in bytes. */
const CHANCE_BYTES = 16

/** Signatures of one batch: more do not make the share of each smaller by much. */
const MAX_BATCH = 8192

/** `getRandomValues` gives no more bytes at a time. */
const MAX_RANDOM_BYTES = 65_536

/** Keys that stay decoded: those of a batch are asked for when they are admitted, and again when their signatures are. */
const MAX_DECODED = MAX_BATCH

/** R and A of every signature, and B. */
const MAX_ADDENDS = 2 * MAX_BATCH + 1

/** Bits of a digit: wider ones need more buckets than stay in a processor's nearest memory. */
const MAX_DIGIT_BITS = 11

/** Sums of subsets that one round of {@link batchEngine}'s `admitAll` makes: a byte of chance says in which of them a key is. */
const SUMS_OF_ROUND = 8

/** Fewer keys than this are admitted sooner one by one than by the 128 sums. */
const FEW_KEYS = 256

/** What an engine has from its platform. */
export interface BatchMeans {
  /** Fills at most 65,536 bytes with what nobody can foresee. */
  random(bytes: Uint8Array<ArrayBuffer>): void
  /** 64 bytes. */
  sha512(bytes: Uint8Array): Uint8Array
}

/** The same in Node and in a page; some megabytes of memory stay with it. Throws `WebAssembly.CompileError` where a page's policy forbids WebAssembly. */
export async function batchEngine({
  random = fill,
  sha512 = portableSha512,
}: Partial<BatchMeans> = {}): Promise<BatchEngine> {
  const buckets = 2 ** (MAX_DIGIT_BITS - 1)
  const curve = await startCurve((MAX_BATCH + 1 + MAX_DECODED) * ADDEND_BYTES + (buckets + 3) * POINT_BYTES)
  const { machine } = curve
  const total = machine.reserve(POINT_BYTES)
  const row = machine.reserve(POINT_BYTES)
  const rest = machine.reserve(POINT_BYTES)
  const firstBucket = machine.reserve(buckets * POINT_BYTES)
  const base = machine.reserve(ADDEND_BYTES)
  const firstPoint = machine.reserve(MAX_BATCH * ADDEND_BYTES)
  const firstKey = machine.reserve(MAX_DECODED * ADDEND_BYTES)
  const bucket = (digit: number): Place => firstBucket + (digit - 1) * POINT_BYTES
  if (!curve.decode(base, BASE)) throw new Error('the base point is a point')

  /** Where a key lies decoded; all are forgotten when there is no place for another. */
  const decoded = new Map<KeyText, Place>()
  /** Undefined when it is no point of the curve. */
  function placeOfKey(key: KeyText): Place | undefined {
    const known = decoded.get(key)
    if (known !== undefined) return known
    const place = firstKey + decoded.size * ADDEND_BYTES
    if (!curve.decode(place, keyBytes(key))) return undefined
    decoded.set(key, place)
    return place
  }
  function makeRoomFor(keys: readonly KeyText[]): void {
    const more = keys.filter((key) => !decoded.has(key)).length
    if (decoded.size + more > MAX_DECODED) decoded.clear()
  }

  /** Where the addends of a sum lie. */
  const addends = new Int32Array(MAX_ADDENDS)
  const scalars = new Uint32Array(MAX_ADDENDS * SCALAR_WORDS)
  const wide = new DataView(scalars.buffer)
  const chances = new Uint8Array(MAX_BATCH * CHANCE_BYTES)
  /** New chances for so many signatures or keys. */
  function drawChances(count: number): Uint8Array {
    const drawn = chances.subarray(0, count * CHANCE_BYTES)
    for (let at = 0; at < drawn.length; at += MAX_RANDOM_BYTES)
      random(drawn.subarray(at, at + MAX_RANDOM_BYTES))
    return drawn
  }
  const setScalar = (i: number, value: bigint): void => {
    for (let word = 0, rest = value; word < SCALAR_WORDS; word += 2, rest >>= 64n) {
      wide.setBigUint64((i * SCALAR_WORDS + word) * 4, rest & 0xffff_ffff_ffff_ffffn, true)
    }
  }

  /** The sum of the scalars times their addends, into `total`. The first `short` scalars have no more bits than a chance, the others are below L. */
  function sumUp(count: number, short: number): void {
    const bits = digitBits(count, short)
    const rows = digits(scalars, count, bits)
    const shortRows = rowsOf(CHANCE_BYTES * 8, bits)
    const highest = 2 ** (bits - 1)
    curve.clear(total)
    for (let level = rowsOf(SCALAR_BITS, bits) - 1; level >= 0; level--) {
      for (let doubled = 0; doubled < bits; doubled++) machine.double(total)
      if (bits === 1) {
        // Few addends: buckets would cost more than they save.
        for (let i = level < shortRows ? 0 : short; i < count; i++) {
          if (rows[level * count + i] === 1) machine.addAddend(total, addends[i] as Place, 0)
        }
        continue
      }
      for (let digit = 1; digit <= highest; digit++) curve.clear(bucket(digit))
      for (let i = level < shortRows ? 0 : short; i < count; i++) {
        const digit = rows[level * count + i] as number
        if (digit > 0) machine.addAddend(bucket(digit), addends[i] as Place, 0)
        else if (digit < 0) machine.addAddend(bucket(-digit), addends[i] as Place, 1)
      }
      // Each bucket counts as often as its digit says: once in every rest from its own down to that of 1.
      curve.clear(row)
      curve.clear(rest)
      for (let digit = highest; digit >= 1; digit--) {
        machine.addPoint(rest, bucket(digit))
        machine.addPoint(row, rest)
      }
      machine.addPoint(total, row)
    }
  }

  /**
   * Whether none of these points of the curve has torsion: each of 128 sums over random subsets of them has none.
   *
   * Torsion is a group of its own, of order 8. Where some point has it, whatever the others add up to in a subset, that sum has none with the
   * point or without it, but not both; so each sum shows it with a chance of one half at least.
   */
  function areTorsionFree(places: readonly Place[]): boolean {
    const chance = drawChances(places.length)
    for (let round = 0; round < CHANCE_BYTES; round++) {
      let half = 2 ** SUMS_OF_ROUND / 2
      for (let subset = 1; subset < 2 * half; subset++) curve.clear(bucket(subset))
      for (const [i, place] of places.entries()) {
        const subset = chance[i * CHANCE_BYTES + round] as number
        if (subset > 0) machine.addAddend(bucket(subset), place, 0)
      }
      // The sum of the highest bit is that of the upper half, which then counts with what it has of the lower bits.
      for (; half >= 1; half /= 2) {
        curve.clear(total)
        machine.addPoint(total, bucket(half))
        for (let subset = 1; subset < half; subset++) {
          machine.addPoint(total, bucket(half + subset))
          machine.addPoint(bucket(subset), bucket(half + subset))
        }
        const sum = curve.encode(total)
        if (!curve.isPrimeOrder(sum) && !equalBytes(sum, NEUTRAL)) return false
      }
    }
    return true
  }

  function admitTogether(keys: readonly KeyText[]): readonly boolean[] {
    makeRoomFor(keys)
    const places = keys.map((key) => (key === NEUTRAL_KEY ? undefined : placeOfKey(key)))
    const points = places.filter((place) => place !== undefined)
    if (points.length >= FEW_KEYS && areTorsionFree(points)) return places.map((place) => place !== undefined)
    return keys.map((key, i) => places[i] !== undefined && curve.isPrimeOrder(keyBytes(key)))
  }

  return {
    maximum: MAX_BATCH,

    admitAll(keys) {
      const verdicts: boolean[] = []
      for (let from = 0; from < keys.length; from += MAX_DECODED) {
        verdicts.push(...admitTogether(keys.slice(from, from + MAX_DECODED)))
      }
      return verdicts
    },

    holds(batch) {
      if (batch.length > MAX_BATCH) throw new RangeError(`a batch has at most ${MAX_BATCH} signatures`)
      const chance = drawChances(batch.length)
      // One of them may be fixed, and a batch of one is then the equation itself.
      chance.fill(0, 0, CHANCE_BYTES)
      chance[0] = 1
      const ofKeys = new Map<KeyText, bigint>()
      let ofBase = 0n
      for (const [i, { signature, message, publicKey }] of batch.entries()) {
        const place = firstPoint + i * ADDEND_BYTES
        if (!curve.decode(place, signature.subarray(0, 32))) return false
        const z = readNumber(chance.subarray(i * CHANCE_BYTES, (i + 1) * CHANCE_BYTES))
        addends[i] = place
        setScalar(i, z)
        const k = readNumber(sha512(joined(signature.subarray(0, 32), keyBytes(publicKey), message)))
        ofKeys.set(publicKey, (ofKeys.get(publicKey) ?? 0n) + z * k)
        ofBase += z * readNumber(signature.subarray(32))
      }
      makeRoomFor([...ofKeys.keys()])
      let count = batch.length
      for (const [key, scalar] of ofKeys) {
        const place = placeOfKey(key)
        if (place === undefined) throw new Error('a key was admitted that is no point')
        addends[count] = place
        setScalar(count, scalar % L)
        count += 1
      }
      addends[count] = base
      setScalar(count, L - (ofBase % L))
      count += 1
      sumUp(count, batch.length)
      return curve.isSmallOrder(total)
    },
  }
}

/** Levels of digits of so many bits. One bit more than the number has, so that nothing is carried out of the last. */
function rowsOf(bits: number, digitBits: number): number {
  return Math.ceil((bits + 1) / digitBits)
}

/** The width with the least to add: digits that are not 0, and every bucket twice, which costs three times an addend. */
function digitBits(count: number, short: number): number {
  const work = (bits: number): number => {
    const buckets = bits === 1 ? 0 : 2 ** (bits - 1)
    const share = 1 - 2 ** -bits
    return (
      rowsOf(SCALAR_BITS, bits) * ((count - short) * share + 3 * buckets) +
      rowsOf(CHANCE_BYTES * 8, bits) * short * share
    )
  }
  let best = 1
  for (let bits = 2; bits <= MAX_DIGIT_BITS; bits++) if (work(bits) < work(best)) best = bits
  return best
}

/** Scalars as sums of digit * 2^(bits * level), digits from -2^(bits - 1) + 1 to 2^(bits - 1). By level, the lowest first. */
function digits(scalars: Uint32Array, count: number, bits: number): Int16Array {
  const levels = rowsOf(SCALAR_BITS, bits)
  const rows = new Int16Array(levels * count)
  const mask = 2 ** bits - 1
  const half = 2 ** (bits - 1)
  for (let i = 0; i < count; i++) {
    let carry = 0
    for (let level = 0; level < levels; level++) {
      const bit = level * bits
      const word = i * SCALAR_WORDS + (bit >> 5)
      const shift = bit & 31
      let digit = (scalars[word] as number) >>> shift
      if (shift + bits > 32 && (bit >> 5) + 1 < SCALAR_WORDS)
        digit |= (scalars[word + 1] as number) << (32 - shift)
      digit = (digit & mask) + carry
      carry = digit > half ? 1 : 0
      rows[level * count + i] = digit - (carry << bits)
    }
  }
  return rows
}

/** Little-endian, a multiple of 8 bytes. */
function readNumber(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let value = 0n
  for (let at = bytes.length - 8; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true)
  return value
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function fill(bytes: Uint8Array<ArrayBuffer>): void {
  crypto.getRandomValues(bytes)
}
