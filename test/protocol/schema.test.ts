import { describe, expect, it } from 'vitest'
import { bytes, isLine, list, map, oneGroup, text, uint } from '../../protocol/schema.ts'

it('SCHEMA-1 names the field that is wrong, however deep', () => {
  const shape = map({ a: list(map({ b: uint(5) }), 3) })
  const at = (value: unknown) => shape.decode(value as never, '')
  expect(at({ a: [{ b: 1 }, { b: 6 }] })).toEqual({ ok: false, reason: 'field-invalid', at: 'a[1].b' })
  expect(at({ a: [{}] })).toEqual({ ok: false, reason: 'field-missing', at: 'a[0].b' })
  expect(at({ a: [{ b: 1, c: 1 }] })).toEqual({ ok: false, reason: 'field-unknown', at: 'a[0].c' })
  expect(at({ a: [{ b: 1 }] })).toEqual({ ok: true, value: { a: [{ b: 1 }] } })
})

it('SCHEMA-1 does not take what every object is born with for a field', () => {
  const shape = map({}, { constructor: uint() })
  expect(shape.decode({ toString: 1 } as never, '')).toMatchObject({ reason: 'field-unknown' })
})

describe('SCHEMA-3 a line', () => {
  it.each(['Alice', 'é', '한글', 'a b', 'नमस्ते', 'می‌خواهم', '👩‍🚀', '❤️', 'x'.repeat(40)])(
    'may be %j',
    (line) => {
      expect(isLine(line, 40)).toBe(true)
    },
  )
  it.each([
    '',
    'x'.repeat(41),
    ' a',
    'a ',
    'a\u00a0',
    'a\nb',
    'a\u2028b',
    '\u200bAlice',
    'A\u200dlice\u202e',
    '\u2800',
    '\u3164',
    'e\u0301',
    '\ud83d',
    '\u{e0041}',
  ])('may not be %j', (line) => {
    expect(isLine(line, 40)).toBe(false)
  })
})

it('SCHEMA-5 wants exactly one alternative, whole', () => {
  const shape = oneGroup(map({}, { a: uint(), b: uint(), c: uint() }), ['a', 'b'], ['c'])
  const reason = (value: object) => {
    const read = shape.decode(value as never, '')
    return read.ok ? 'holds' : `${read.reason} ${read.at}`
  }
  expect(reason({ a: 1, b: 1 })).toBe('holds')
  expect(reason({ c: 1 })).toBe('holds')
  expect(reason({})).toBe('field-missing a')
  expect(reason({ b: 1 })).toBe('field-missing a')
  expect(reason({ a: 1, b: 1, c: 1 })).toBe('field-unknown c')
  expect(reason({ d: 1 })).toBe('field-unknown d')
})

it('SCHEMA-2 looks at the length of a text before its pattern', () => {
  const slow = text(/^(a+)+$/, 10)
  expect(slow.decode(`${'a'.repeat(60)}b`, 'x')).toEqual({ ok: false, reason: 'field-invalid', at: 'x' })
  expect(bytes(4).decode(new Uint8Array(3), 'x')).toMatchObject({ reason: 'field-invalid' })
})
