import { expect, it } from 'vitest'
import { fuzz } from '../fuzz/fuzz.ts'

it('CODEC-9 ENV-10 no decoder crashes, invents a reason, or takes a second spelling', () => {
  const { inputs, taken, failures } = fuzz({ inputs: 20_000, seed: 7 })
  expect(failures).toEqual([])
  expect(inputs).toBe(20_000)
  // A fuzzer that only makes noise would show nothing.
  expect(taken).toBeGreaterThan(500)
})
