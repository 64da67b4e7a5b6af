import { expect, test } from 'vitest'
import { gradeOf } from '../../web/audio/grade.ts'

const of = (roundTrip?: number, jitter?: number, lost?: number) => gradeOf({ roundTrip, jitter, lost })

test('a connection is as good as the worst that is known of it', () => {
  expect(of(299, 39, 0.029)).toBe('good')
  expect(of(300, 0, 0)).toBe('uneven')
  expect(of(0, 40, 0)).toBe('uneven')
  expect(of(0, 0, 0.03)).toBe('uneven')
  expect(of(700, 0, 0)).toBe('bad')
  expect(of(0, 100, 0)).toBe('bad')
  expect(of(0, 0, 0.1)).toBe('bad')
})

test('what is not known does not count, and of nothing nothing is said', () => {
  expect(of(undefined, undefined, 0.2)).toBe('bad')
  expect(of(20)).toBe('good')
  expect(of()).toBeUndefined()
  expect(gradeOf(undefined)).toBeUndefined()
})
