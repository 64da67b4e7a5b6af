import { expect, it } from 'vitest'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { Doubts } from '../../../relay/fanout/doubts.ts'
import { DOUBT_MS, SILENT_REPORTS } from '../../../relay/fanout/limits.ts'
import { NOON, signerOf } from '../../support/community.ts'

const ALICE = signerOf('Alice session').publicKey
const [first, second] = [peerIdOf(signerOf('first').publicKey), peerIdOf(signerOf('second').publicKey)]

it('CASCADE-7 doubts nobody on a report in which nothing is missing, when the doubt of another has just ended', () => {
  const clock = turnedClock(NOON * 1000)
  const doubts = new Doubts(clock)
  const missing = (relay: typeof first) => doubts.judge(ALICE, relay, true, false)
  const nothing = (relay: typeof first) => doubts.judge(ALICE, relay, false, false)
  for (let i = 1; i < SILENT_REPORTS; i++) expect(missing(first)).toBe(false)
  expect(missing(first)).toBe(true)

  // As long as the first is doubted it takes twice as many.
  for (let i = 1; i < 2 * SILENT_REPORTS; i++) expect(missing(second)).toBe(false)
  clock.turn(DOUBT_MS)
  expect(doubts.has(ALICE, first)).toBe(false)
  expect(nothing(second)).toBe(false)
  expect(doubts.has(ALICE, second)).toBe(false)
  expect(missing(second)).toBe(true)
  expect(doubts.has(ALICE, second)).toBe(true)
})
