import { ELEMENT_BYTES, LIMBS } from './field.ts'
import { getBytes, type Machine, type Place, putBytes, putElement, startMachine, TWICE_D } from './machine.ts'

/** Points of edwards25519 from their encodings, and which of them lie in the subgroup of prime order. */
export interface Curve {
  readonly machine: Machine
  /** Writes, as an addend, the point that a canonical encoding means (RFC 8032 §5.1.3). False when no point of the curve has this y. */
  decode(addend: Place, encoded: Uint8Array): boolean
  /** Of a canonical encoding: a point of the curve, not of small order, and without torsion. */
  isPrimeOrder(encoded: Uint8Array): boolean
  /** The encoding of a point (RFC 8032 §5.1.2), 32 bytes. */
  encode(point: Place): Uint8Array
  /** Makes a point the neutral one. */
  clear(point: Place): void
  /** Of a point: 8 times it is the neutral one. The point is lost. */
  isSmallOrder(point: Place): boolean
}

const P = 2n ** 255n - 19n

/** Of the Montgomery form v² = u³ + Au² + u: RFC 7748 §4.1. */
const A = 486_662n

/** The curve's d: RFC 8032 §5.1. */
const D = modulo(-121_665n * inverse(121_666n))

/** A square root of -1, which is itself no square: RFC 8032 §5.1.3. */
const I = power(2n, (P - 1n) / 4n)

const CONSTANTS = {
  zero: 0n,
  one: 1n,
  two: 2n,
  half: inverse(2n),
  d: D,
  i: I,
  a: A,
  /** v = scale * u / x: RFC 7748 §4.1. */
  scale: root(-(A + 2n)),
  /** Neither A² - 4 nor i is a square, so their quotient is. */
  twist: root((A ** 2n - 4n) * inverse(I)),
  /** i^0 to i^3. */
  unities: [1n, I, P - 1n, P - I],
} as const

/** Elements that a curve keeps: its constants, and what it computes with. */
const ELEMENTS = Object.values(CONSTANTS).flat().length + 18

/** @param memoryBytes what the caller will reserve of its machine */
export async function startCurve(memoryBytes = 0): Promise<Curve> {
  const machine = await startMachine(memoryBytes + ELEMENTS * ELEMENT_BYTES)
  const { multiply, square, add, subtract, freeze, words } = machine

  const variable = (): Place => machine.reserve(ELEMENT_BYTES)
  const given = (value: bigint): Place => {
    const place = variable()
    putElement(machine, place, value)
    return place
  }
  const { unities, ...single } = CONSTANTS
  const [zero, one, two, half, d, i, a, scale, twist] = Object.values(single).map(given) as Nine
  const powersOfI = unities.map(given)
  putElement(machine, TWICE_D, modulo(2n * D))

  /** Of {@link raise} and {@link inverseRoot}. */
  const [t0, t1, t2, frozen] = [variable(), variable(), variable(), variable()]
  /** Of {@link find}. */
  const [x, y, above, below, product, r, reciprocal] = Array.from({ length: 7 }, variable) as Seven
  /** Of {@link isPrimeOrder}. */
  const [u, w, slope, double, s, above1, below1] = Array.from({ length: 7 }, variable) as Seven

  function equal(frozenOne: Place, frozenOther: Place): boolean {
    for (let limb = 0; limb < LIMBS; limb++) {
      if (words[frozenOne / 4 + limb] !== words[frozenOther / 4 + limb]) return false
    }
    return true
  }

  function isZero(element: Place): boolean {
    freeze(frozen, element)
    return equal(frozen, zero)
  }

  /** out = base^(2^252 - 3), and 2^252 - 3 is (p - 5) / 8. */
  function raise(out: Place, base: Place): void {
    square(t0, base, 1)
    square(t1, t0, 2)
    multiply(t1, base, t1) // 9
    multiply(t0, t0, t1) // 11
    square(t0, t0, 1) // 22
    multiply(t0, t1, t0) // 2^5 - 1
    square(t1, t0, 5)
    multiply(t0, t1, t0) // 2^10 - 1
    square(t1, t0, 10)
    multiply(t1, t1, t0) // 2^20 - 1
    square(t2, t1, 20)
    multiply(t1, t2, t1) // 2^40 - 1
    square(t1, t1, 10)
    multiply(t0, t1, t0) // 2^50 - 1
    square(t1, t0, 50)
    multiply(t1, t1, t0) // 2^100 - 1
    square(t2, t1, 100)
    multiply(t1, t2, t1) // 2^200 - 1
    square(t1, t1, 50)
    multiply(t0, t1, t0) // 2^250 - 1
    square(t0, t0, 2)
    multiply(out, t0, base)
  }

  /**
   * Finds out with base * out² = i^n, and gives n. Odd: base is no square. Even: it is one, and out becomes 1 / sqrt(base).
   * Where base is 0, out is 0 and n is -1.
   */
  function inverseRoot(out: Place, base: Place): number {
    raise(out, base)
    square(t0, out, 1)
    multiply(t0, t0, base)
    freeze(frozen, t0)
    const n = powersOfI.findIndex((unity) => equal(frozen, unity))
    if (n === 2) multiply(out, out, i)
    return n
  }

  /** Finds y, x, and 1/x but for its sign; x² = (y² - 1) / (dy² + 1). */
  function find(encoded: Uint8Array): boolean {
    putBytes(machine, y, encoded)
    square(r, y, 1)
    subtract(above, r, one)
    multiply(r, r, d)
    add(below, r, one)
    multiply(product, above, below)
    if (inverseRoot(r, product) % 2 === 1) return false
    multiply(x, above, r)
    multiply(reciprocal, below, r)
    freeze(frozen, x)
    const sign = (encoded[31] as number) >> 7
    if (((words[frozen / 4] as number) & 1) !== sign) subtract(x, zero, x)
    return true
  }

  /**
   * Halves u, of which w is the root, into u', and finds s with s² = X below.
   *
   * On v² = u³ + Au² + u, doubling is (u', v') -> X = (v'/u')² = u' + A + 1/u' and then u = (X² - 2AX + A² - 4) / 4X. Backwards,
   * X = A + 2u ± 2v/w. The product of both is A² - 4, no square, so exactly one of them is a square: that is X, and u' = (X - A)/2 + ws.
   */
  function halve(): void {
    add(double, u, slope)
    multiply(double, double, two)
    add(double, double, a)
    const n = inverseRoot(r, double)
    if (n % 2 === 0) {
      multiply(s, double, r)
    } else {
      // The other one: (A² - 4) / double = (A² - 4) / i^n * r².
      multiply(s, r, twist)
      if (n === 3) multiply(s, s, i)
    }
    square(double, s, 1)
    subtract(double, double, a)
    multiply(double, double, half)
    multiply(t0, w, s)
    add(double, double, t0)
    multiply(u, double, one)
  }

  const niels = { plus: 0, minus: ELEMENT_BYTES, product: 2 * ELEMENT_BYTES } as const

  return {
    machine,

    decode(addend, encoded) {
      if (!find(encoded)) return false
      add(addend + niels.plus, y, x)
      subtract(addend + niels.minus, y, x)
      multiply(product, x, y)
      multiply(addend + niels.product, product, TWICE_D)
      return true
    },

    /**
     * By halving, after Pornin, "Point-Halving and Subgroup Membership in Twisted Edwards Curves" (ePrint 2022/1164). The curve's group is cyclic of
     * order 8 times one of odd order, and a point has a half where its u is a square. The halves of a point without torsion have torsion 0 or 4 in
     * Z/8; halves of those 0, 2, 4 or 6; so a third half exists whichever was taken. From any other torsion one comes to an odd one before that.
     */
    isPrimeOrder(encoded) {
      if (!find(encoded)) return false
      // u = (1 + y) / (1 - y). Where y is 1 or -1 the order is 1 or 2.
      add(above1, one, y)
      subtract(below1, one, y)
      multiply(product, above1, below1)
      if (inverseRoot(r, product) % 2 !== 0) return false
      multiply(w, above1, r)
      square(u, w, 1)
      // v/w = scale * u / x / w.
      multiply(slope, w, scale)
      multiply(slope, slope, reciprocal)
      halve()
      if (inverseRoot(r, u) % 2 !== 0) return false
      multiply(w, u, r)
      // v'/u' = s.
      multiply(slope, w, s)
      halve()
      return inverseRoot(r, u) % 2 === 0
    },

    encode(point) {
      const z = point + 2 * ELEMENT_BYTES
      // 1/z = z^(p - 2), and p - 2 is 8 (2^252 - 3) + 3.
      raise(r, z)
      square(r, r, 3)
      square(t0, z, 1)
      multiply(t0, t0, z)
      multiply(r, r, t0)
      multiply(x, point, r)
      multiply(y, point + ELEMENT_BYTES, r)
      freeze(frozen, x)
      const sign = (words[frozen / 4] as number) & 1
      freeze(frozen, y)
      const encoded = getBytes(machine, frozen)
      encoded[31] = (encoded[31] as number) | (sign << 7)
      return encoded
    },

    clear(point) {
      for (const [i, value] of [zero, one, one, zero].entries()) {
        words.copyWithin((point + i * ELEMENT_BYTES) / 4, value / 4, value / 4 + LIMBS)
      }
    },

    isSmallOrder(point) {
      for (let doubled = 1; doubled < 8; doubled *= 2) machine.double(point)
      subtract(t0, point + ELEMENT_BYTES, point + 2 * ELEMENT_BYTES)
      return isZero(point) && isZero(t0)
    },
  }
}

type Seven = [Place, Place, Place, Place, Place, Place, Place]
type Nine = [...Seven, Place, Place]

function modulo(a: bigint): bigint {
  return ((a % P) + P) % P
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) result = (result * square) % P
  }
  return result
}

function inverse(a: bigint): bigint {
  return power(modulo(a), P - 2n)
}

/** Of a square: RFC 8032 §5.1.3, step 3. */
function root(a: bigint): bigint {
  const candidate = power(modulo(a), (P + 3n) / 8n)
  return modulo(candidate ** 2n - a) === 0n ? candidate : (candidate * I) % P
}
