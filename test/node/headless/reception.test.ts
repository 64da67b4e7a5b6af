import { expect, it } from 'vitest'
import { Reception, trafficOf } from '../../../node/headless/reception.ts'

const TICKS = 960

it('RFC 3550 §A.3 tells what did not come, and takes it back when it is only late', () => {
  const reception = new Reception()
  const missing = (sequence: number) => reception.take(sequence, 0, 0).missing
  expect([65_534, 65_535, 0].map(missing)).toEqual([0, 0, 0])
  // 1 and 2 are not there yet.
  expect([3, 1, 4, 2, 4].map(missing)).toEqual([2, -1, 0, -1, 0])
  // A sender that begins anew has lost nothing.
  expect([5_000, 5_001].map(missing)).toEqual([0, 0])
  const traffic = { roundTrip: undefined, jitter: 0, received: 10, lost: 0 }
  expect(trafficOf([reception, new Reception()])).toEqual(traffic)
  missing(5_004)
  expect(trafficOf([reception])).toEqual({ ...traffic, received: 11, lost: 2 })
  expect(trafficOf([new Reception()])).toEqual({ ...traffic, jitter: undefined, received: 0 })
})

it('RFC 3550 §A.8 tells how unevenly packets come', () => {
  const even = new Reception()
  const uneven = new Reception()
  for (let i = 0; i < 400; i++) {
    even.take(i, i * TICKS, 1_000 + 20 * i)
    uneven.take(i, i * TICKS, 1_000 + 20 * i + (i % 2) * 8)
  }
  expect(even.take(400, 400 * TICKS, 9_000).jitter).toBe(0)
  expect(uneven.take(400, 400 * TICKS, 9_000).jitter).toBeCloseTo(8, 3)
})
