import { Point } from '@noble/ed25519'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { startCurve } from '../../../../node/crypto/edwards/curve.ts'
import { ADDEND_BYTES, POINT_BYTES } from '../../../../node/crypto/edwards/machine.ts'
import { isAdmissible } from '../../../../protocol/signature.ts'
import { runs } from '../../../property/seeded.ts'
import { unhex } from '../../../vectors/format.ts'
import { edgeVectors, speccheckVectors, wycheproofVectors } from '../../../vectors/signatures.ts'

const curve = await startCurve(2 * POINT_BYTES + ADDEND_BYTES)
const { machine } = curve
const [total, other] = [machine.reserve(POINT_BYTES), machine.reserve(POINT_BYTES)]
const addend = machine.reserve(ADDEND_BYTES)

const ORDER = Point.CURVE().n
const scalars = fc.bigInt({ min: 1n, max: ORDER - 1n })

/** A point of order 8: "Taming the many EdDSAs" (ePrint 2020/1244), table 6a. */
const EIGHTH = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
const torsion: readonly Point[] = Array.from({ length: 8 })
  .reduce<Point[]>((points) => [...points, (points.at(-1) as Point).add(EIGHTH)], [Point.ZERO])
  .slice(0, 8)

describe('SIG-1 the fast admission', () => {
  test('says of a point with every torsion what noble says', () => {
    fc.assert(
      fc.property(scalars, (scalar) => {
        const verdicts = torsion.map((twist) =>
          curve.isPrimeOrder(Point.BASE.multiply(scalar).add(twist).toBytes()),
        )
        expect(verdicts).toEqual([true, false, false, false, false, false, false, false])
      }),
      runs(100),
    )
  })

  test('refuses the points of small order', () => {
    expect(torsion.map((point) => curve.isPrimeOrder(point.toBytes()))).toEqual(Array(8).fill(false))
  })

  test('says of random bytes what noble says', () => {
    let admitted = 0
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const verdict = isAdmissible(bytes)
        expect(isAdmissible(bytes, curve.isPrimeOrder)).toBe(verdict)
        if (verdict) admitted += 1
      }),
      runs(400),
    )
    // One in two is a point of the curve, and one of those in eight has no torsion.
    expect(admitted).toBeGreaterThan(5)
  })

  test('says of every small y, from either end and with either sign, what noble says', () => {
    for (let by = 0; by < 64; by++) {
      for (const bytes of [
        new Uint8Array(32).with(0, by),
        new Uint8Array(32)
          .fill(255)
          .with(0, 255 - by)
          .with(31, 0x7f),
      ]) {
        for (const sign of [0, 0x80]) {
          const encoded = bytes.with(31, (bytes[31] as number) | sign)
          expect(isAdmissible(encoded, curve.isPrimeOrder)).toBe(isAdmissible(encoded))
        }
      }
    }
  })

  test('says of every key of the vectors what noble says', () => {
    const keys = new Set(
      [...edgeVectors(), ...wycheproofVectors(), ...speccheckVectors()].flatMap(({ key, signature }) => [
        key,
        signature.slice(0, 64),
      ]),
    )
    expect(keys.size).toBeGreaterThan(100)
    for (const key of keys) {
      expect([key, isAdmissible(unhex(key), curve.isPrimeOrder)]).toEqual([key, isAdmissible(unhex(key))])
    }
  })
})

describe('points', () => {
  /** total = the point that noble made. */
  function load(point: Point, place: number): void {
    curve.clear(place)
    expect(curve.decode(addend, point.toBytes())).toBe(true)
    machine.addAddend(place, addend, 0)
  }

  /** True when a place holds this point up to torsion: 8 times the difference is neutral. */
  function isThere(place: number, point: Point): boolean {
    curve.decode(addend, point.toBytes())
    machine.addAddend(place, addend, 1)
    return curve.isSmallOrder(place)
  }

  test('add, subtract and double as noble’s do', () => {
    fc.assert(
      fc.property(scalars, scalars, (m, n) => {
        const [p, q] = [Point.BASE.multiply(m), Point.BASE.multiply(n)]
        load(p, total)
        load(q, other)
        machine.addPoint(total, other)
        machine.double(total)
        curve.decode(addend, q.toBytes())
        machine.addAddend(total, addend, 1)
        machine.addPoint(total, total)
        const expected = p.add(q).double().subtract(q).double()
        expect(isThere(total, expected)).toBe(true)
        load(expected, total)
        expect(isThere(total, expected.add(Point.BASE))).toBe(false)
      }),
      runs(50),
    )
  })

  test('of small order are exactly the eight', () => {
    for (const [i, point] of torsion.entries()) {
      load(point, total)
      expect([i, curve.isSmallOrder(total)]).toEqual([i, true])
      load(Point.BASE.add(point), total)
      expect([i, curve.isSmallOrder(total)]).toEqual([i, false])
    }
  })
})
