import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeValue, encodeValue, type Value } from '../../protocol/codec.ts'
import { isStableNfc } from '../../protocol/unicode.ts'
import { toTagged } from '../vectors/format.ts'
import { mutations, runs, values } from './seeded.ts'

const MAX = 1 << 20

/** True when every text of the value is in the repertoire: random text may be newer than Unicode 15. */
function isWritable(value: Value): boolean {
  if (typeof value === 'string')
    return isStableNfc(value) && !value.startsWith('\ufeff') && value.isWellFormed()
  if (typeof value !== 'object' || value instanceof Uint8Array) return true
  return Object.values(value).every(isWritable)
}

describe('values', () => {
  it('CODEC-6 come back as they were, from the same bytes', () => {
    fc.assert(
      fc.property(values().filter(isWritable), (value) => {
        const bytes = encodeValue(value)
        const decoded = decodeValue(bytes, MAX)
        expect(decoded.ok && toTagged(decoded.value)).toEqual(toTagged(value))
        expect(decoded.ok && encodeValue(decoded.value)).toEqual(bytes)
      }),
      runs(500),
    )
  })

  it('CODEC-9 are never read from noise in two ways, and noise never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        const decoded = decodeValue(noise, MAX)
        if (decoded.ok) expect(encodeValue(decoded.value)).toEqual(noise)
      }),
      runs(5_000),
    )
  })

  it('CODEC-6 that were damaged are refused, or are other values in their one spelling', () => {
    const damaged = values()
      .filter(isWritable)
      .chain((value) => mutations(encodeValue(value)).map((bytes) => [value, bytes] as const))
    let refused = 0
    fc.assert(
      fc.property(damaged, ([, bytes]) => {
        const decoded = decodeValue(bytes, MAX)
        if (decoded.ok) expect(encodeValue(decoded.value)).toEqual(bytes)
        else refused += 1
      }),
      runs(2_000),
    )
    expect(refused).toBeGreaterThan(200)
  })

  it('CODEC-1 are not looked at beyond the size that was allowed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (noise) => {
        const decoded = decodeValue(noise, noise.length - 1)
        expect(decoded).toEqual({ ok: false, reason: 'too-large' })
      }),
      runs(200),
    )
  })
})
