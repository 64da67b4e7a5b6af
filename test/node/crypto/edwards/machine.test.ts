import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ELEMENT_BYTES, LIMBS, limbBits } from '../../../../node/crypto/edwards/field.ts'
import { type Place, putBytes, putElement, startMachine } from '../../../../node/crypto/edwards/machine.ts'
import { runs } from '../../../property/seeded.ts'

/** The field in WebAssembly against whole numbers. */

const P = 2n ** 255n - 19n

const machine = await startMachine(4 * ELEMENT_BYTES)
const [a, b, out] = [0, 1, 2].map(() => machine.reserve(ELEMENT_BYTES)) as [Place, Place, Place]

type Limbs = readonly number[]

function put(place: Place, limbs: Limbs): void {
  machine.words.set(limbs, place / 4)
}

function limbsAt(place: Place): Limbs {
  return [...machine.words.subarray(place / 4, place / 4 + LIMBS)]
}

/** The number that limbs mean, modulo p. */
function meaning(limbs: Limbs): bigint {
  let value = 0n
  let bits = 0n
  for (const [i, limb] of limbs.entries()) {
    value += BigInt(limb) * 2n ** bits
    bits += BigInt(limbBits(i))
  }
  return ((value % P) + P) % P
}

/** Limbs of at most `share` times 2^26 and 2^25, the greatest ones often. */
function limbs(share: number): fc.Arbitrary<Limbs> {
  return fc.tuple(
    ...Array.from({ length: LIMBS }, (_, i) => {
      const most = Math.floor(share * 2 ** limbBits(i))
      return fc.oneof(fc.integer({ min: -most, max: most }), fc.constantFrom(-most, most, 0))
    }),
  )
}

/** What the routines take as factors, and what they give. */
const factor = limbs(1.65)
const reduced = limbs(1.01 / 2)

function expectReduced(place: Place): void {
  for (const [i, limb] of limbsAt(place).entries()) {
    expect(Math.abs(limb)).toBeLessThanOrEqual((1.01 / 2) * 2 ** limbBits(i))
  }
}

test('multiply is the product, and reduced', () => {
  fc.assert(
    fc.property(factor, factor, (one, other) => {
      put(a, one)
      put(b, other)
      machine.multiply(out, a, b)
      expect(meaning(limbsAt(out))).toBe((meaning(one) * meaning(other)) % P)
      expectReduced(out)
    }),
    runs(500),
  )
})

test('multiply and square bear the greatest limbs that a factor may have', () => {
  for (const sign of [1, -1]) {
    const most = Array.from({ length: LIMBS }, (_, i) => sign * Math.floor(1.65 * 2 ** limbBits(i)))
    put(a, most)
    machine.multiply(out, a, a)
    expect(meaning(limbsAt(out))).toBe(meaning(most) ** 2n % P)
    expectReduced(out)
    machine.square(out, a, 1)
    expect(meaning(limbsAt(out))).toBe(meaning(most) ** 2n % P)
    expectReduced(out)
  }
})

test('square is the power of a power of two, and reduced', () => {
  fc.assert(
    fc.property(factor, fc.integer({ min: 1, max: 5 }), (one, n) => {
      put(a, one)
      machine.square(out, a, n)
      let expected = meaning(one)
      for (let i = 0; i < n; i++) expected = expected ** 2n % P
      expect(meaning(limbsAt(out))).toBe(expected)
      expectReduced(out)
    }),
    runs(300),
  )
})

test('a result may stand where an argument does', () => {
  fc.assert(
    fc.property(factor, factor, (one, other) => {
      for (const [verb, expected] of [
        ['multiply', meaning(one) * meaning(other)],
        ['add', meaning(one) + meaning(other)],
        ['subtract', meaning(one) - meaning(other) + P],
      ] as const) {
        put(a, one)
        put(b, other)
        machine[verb](b, a, b)
        expect(meaning(limbsAt(b))).toBe(expected % P)
      }
    }),
    runs(100),
  )
})

test('freeze gives one spelling for one number', () => {
  const near = fc.bigInt({ min: -40n, max: 40n }).map((by) => canonical((by + P) % P))
  fc.assert(
    fc.property(fc.oneof(reduced, limbs(1.01), near), (one) => {
      put(a, one)
      machine.freeze(out, a)
      expect(limbsAt(out)).toEqual(canonical(meaning(one)))
    }),
    runs(500),
  )
})

test('freeze knows p and its neighbours, however they are spelled', () => {
  for (let by = -20n; by < 19n; by++) {
    putElement(machine, a, P + by)
    machine.freeze(out, a)
    expect(limbsAt(out)).toEqual(canonical((P + by) % P))
  }
})

test('bytes are read as the number that they spell, without the sign', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), fc.nat(8), (bytes, from) => {
      const encoded = bytes.subarray(from, from + 32)
      putBytes(machine, a, encoded)
      const value = BigInt(`0x${Buffer.from(encoded).reverse().toString('hex')}`) % 2n ** 255n
      expect(limbsAt(a)).toEqual(canonical(value))
    }),
    runs(200),
  )
})

test('memory that was not asked for is not given', () => {
  expect(() => machine.reserve(65_536)).toThrow(RangeError)
})

/** Limbs from 0 of a number below 2^255. */
function canonical(value: bigint): Limbs {
  let rest = value
  return Array.from({ length: LIMBS }, (_, i) => {
    const bits = BigInt(limbBits(i))
    const limb = Number(rest % 2n ** bits)
    rest >>= bits
    return limb
  })
}
