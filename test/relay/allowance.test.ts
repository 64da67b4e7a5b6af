import { expect, test } from 'vitest'
import { turnedClock } from '../../node/ports/turned-clock.ts'
import { Allowance } from '../../relay/allowance.ts'

test('everybody has a burst of their own, and gets more as time passes', () => {
  const clock = turnedClock(0)
  const allowance = new Allowance(clock, { burst: 2, refill: 1000 })
  expect([1, 2, 3].map(() => allowance.take('alice'))).toEqual([true, true, false])
  expect(allowance.take('bob')).toBe(true)
  clock.turn(999)
  expect(allowance.take('alice')).toBe(false)
  clock.turn(1)
  expect([1, 2].map(() => allowance.take('alice'))).toEqual([true, false])
  clock.turn(60_000)
  expect([1, 2, 3].map(() => allowance.take('alice'))).toEqual([true, true, false])
})

test('a flood of names does not grow without a bound: who was seen last is remembered', () => {
  const allowance = new Allowance(turnedClock(0), { burst: 1, refill: 1000 })
  expect(allowance.take('first')).toBe(true)
  for (let i = 0; i < 4094; i++) allowance.take(`stranger ${i}`)
  expect(allowance.take('first')).toBe(false)
  for (let i = 0; i < 4095; i++) allowance.take(`other ${i}`)
  expect(allowance.take('first')).toBe(false)
  for (let i = 0; i < 4096; i++) allowance.take(`third ${i}`)
  expect(allowance.take('first')).toBe(true)
})
