import { expect, test } from 'vitest'
import { verdictOf } from '../../../node/gossip/verdict.ts'
import { REASONS } from '../../../protocol/reasons.ts'

test('TOPIC-3: what an honest peer may forward that knows more or less than we do costs it nothing', () => {
  expect(REASONS.filter((reason) => verdictOf(reason) === 'ignore').toSorted()).toEqual([
    'ancestors-unknown',
    'expired',
    'not-member',
    'not-yet-valid',
    'rate-limited',
    'room-over',
    'stale',
  ])
  expect(REASONS.filter((reason) => verdictOf(reason) === 'accept')).toEqual([])
})
