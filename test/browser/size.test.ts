import { beforeAll, describe, expect, it } from 'vitest'
import { FIRST_LOAD_LIMIT, weigh } from '../bench/first-load.ts'
import { type FirstLoads, measureFirstLoads } from '../bench/first-loads.ts'

/** What somebody on a slow line waits for: weighed from what Chromium really fetched, so that no file is forgotten. */

let loads: FirstLoads

beforeAll(async () => {
  loads = await measureFirstLoads()
})

describe.each(['welcome', 'invitation', 'rooms'] as const)('the first load of %s', (screen) => {
  it('was seen: the page, its code and the network library', () => {
    const { before } = loads[screen]
    expect(before.map(({ path }) => path)).toContain('/')
    // Nothing else of the app is so large: without it the weight would be of another app.
    expect(Math.max(...before.map(({ plain }) => plain))).toBeGreaterThan(300_000)
  })

  it(`stays under ${FIRST_LOAD_LIMIT / 1000} kB of brotli`, () => {
    const heaviest = loads[screen].before.toSorted((a, b) => b.brotli - a.brotli)
    expect(weigh(heaviest, 'brotli'), JSON.stringify(heaviest.slice(0, 8), undefined, 1)).toBeLessThan(
      FIRST_LOAD_LIMIT,
    )
  })
})
