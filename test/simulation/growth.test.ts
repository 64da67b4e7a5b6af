import { describe, expect, it } from 'vitest'
import { growth } from '../independent/growth.ts'

/** On a busy machine; alone it is a few seconds. */
const PATIENCE = 120_000
const DAYS = 28

/** The table of `protocol/README.md`. */
describe('POL-1 what one rogue member makes of four weeks', () => {
  it('under strict, the slots that honest people gave them and no more', { timeout: PATIENCE }, async () => {
    const { byDay, ringClaims } = await growth('strict', DAYS, 1000)
    expect(byDay).toEqual(Array(DAYS + 1).fill(5))
    expect(ringClaims).toBe(0)
  })

  it('under default, twice as many more each week', { timeout: PATIENCE }, async () => {
    const { byDay, ringClaims } = await growth('default', DAYS, 1000)
    expect(byDay).toEqual([
      ...Array(7).fill(5),
      ...Array(7).fill(15),
      ...Array(7).fill(35),
      ...Array(7).fill(75),
      155,
    ])
    expect(ringClaims).toBe(0)
  })

  it('under open, as many as the log takes', { timeout: PATIENCE }, async () => {
    const { byDay, generations } = await growth('open', 0, 2555)
    expect(byDay).toEqual([5 * (2 ** 9 - 1)])
    expect(generations).toBe(9)
  })
})
