import { describe, expect, it } from 'vitest'
import { judge } from './room/judge.ts'

/** On a busy machine; alone it is some seconds for each part. */
const PATIENCE = 120_000
const PARTS = 8
const HISTORIES = 1_500

/** More of them: `npm run simulate -- --histories N --seed S`. */
describe('ROOM-1 to ROOM-15 in small rooms among honest and dishonest people', () => {
  it.each(Array.from({ length: PARTS }, (_, part) => part * HISTORIES))(
    `hold in the histories from %i on`,
    { timeout: PATIENCE },
    (first) => {
      let twins = 0
      let accepted = 0
      let together = 0
      for (let seed = first; seed < first + HISTORIES; seed++) {
        const one = judge(seed)
        expect(one.failed).toEqual([])
        twins += one.twins
        accepted += one.accepted
        together += one.together
      }
      // Histories in which nothing happens would prove nothing.
      expect(twins).toBeGreaterThan(HISTORIES / 4)
      expect(accepted).toBeGreaterThan(5 * HISTORIES)
      expect(together).toBeGreaterThan(HISTORIES)
    },
  )
})
