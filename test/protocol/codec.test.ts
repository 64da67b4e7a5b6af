import { describe, expect, it } from 'vitest'
import { decodeValue, encodeValue, type Value } from '../../protocol/codec.ts'

describe('what our own code hands over', () => {
  it.each<[string, unknown]>([
    ['CODEC-2 a fraction', 0.5],
    ['CODEC-2 a negative integer', -1],
    ['CODEC-2 minus zero', -0],
    ['CODEC-2 an integer above 2^53 - 1', 2 ** 53],
    ['CODEC-2 not a number', Number.NaN],
    ['CODEC-2 null', null],
    ['CODEC-2 undefined', undefined],
    ['CODEC-2 a bigint', 1n],
    ['CODEC-2 a function', () => 1],
    ['CODEC-2 a field that is undefined', { a: undefined }],
    ['CODEC-3 seven arrays', [[[[[[[]]]]]]]],
    ['CODEC-4 an empty key', { '': 1 }],
    ['CODEC-4 a key of 17 characters', { 'a-key-of-17-chars': 1 }],
    ['CODEC-4 a key with a space', { 'a b': 1 }],
    ['CODEC-7 a lone surrogate', '\ud800'],
    ['CODEC-7 a byte order mark first', '\ufeffa'],
    ['CODEC-8 text that is not in NFC', 'e\u0301'],
    ['CODEC-8 a character of Unicode 16', '\u0897'],
  ])('%s throws', (_name, value) => {
    expect(() => encodeValue(value as Value)).toThrow(/./)
  })
})

it('CODEC-4 a key that would be a prototype elsewhere is a key like any other', () => {
  const bytes = Uint8Array.from([0xa1, 0x69, ...Buffer.from('__proto__'), 0xa1, 0x61, 0x61, 0x01])
  const decoded = decodeValue(bytes, 100)
  expect(decoded.ok && Object.getPrototypeOf(decoded.value)).toBeNull()
  expect(decoded.ok && Object.keys(decoded.value)).toEqual(['__proto__'])
  expect(({} as { a?: number }).a).toBeUndefined()
})

it('bytes that were read do not change with the message that they came in', () => {
  const message = Buffer.from([0x42, 1, 2])
  const decoded = decodeValue(message, 100)
  message.fill(0)
  expect(decoded).toEqual({ ok: true, value: Uint8Array.of(1, 2) })
})

it('bytes that were written are no part of a pool', () => {
  const bytes = encodeValue(Array.from({ length: 300 }, () => 1))
  expect(bytes.constructor).toBe(Uint8Array)
  expect(bytes.buffer.byteLength).toBe(bytes.length)
})
