/** Two newcomers of a large community at their own browsers: they talk before they have read its ledger, and have all of it in the end. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'
import { inOneStory } from '../support/story.ts'
import { at, TESTIDS } from '../support/testids.ts'
import { startVillageRelay, type VillageRelay } from '../support/village-relay.ts'

/** Larger than what is read before somebody looks: 7,500 entries of four kinds. How long a community of 10,000 or 100,000 takes, benchmarks say. */
const MEMBERS = 2_000
/** For a village of this size to be made up, and for its ledger to be read by two browsers at once. Milliseconds. */
const LONG = 240_000

let village: VillageRelay
let alice: Person
let bob: Person

beforeAll(async () => {
  ;[village, alice, bob] = await Promise.all([
    startVillageRelay({ members: MEMBERS, guests: 2, halting: true }),
    person(ALICE, 'chromium'),
    person(BOB, 'chromium'),
  ])
}, LONG)

afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()])
  await village?.relay.close()
})

inOneStory()

const isReading = (who: Person) =>
  who.page.evaluate((reading) => document.querySelector(reading) !== null, at(TESTIDS.reading))

// The relay gives out the first part of its ledger only, so that nobody's copy is whole before the last step, however quick the machine is.
it('LIGHT-2: a newcomer opens a room while the ledger is being read', async () => {
  await alice.join(village.links[0] as string)
  await alice.page.waitFor(at(TESTIDS.reading))
  await alice.openRoom('Market day')
})

it('LIGHT-2: another enters before their copy is whole, and hears who speaks there', async () => {
  await bob.join(village.links[1] as string)
  await bob.page.waitFor(at(TESTIDS.reading))
  await bob.enterRoom('Market day')
  await bob.sees(alice, { name: 'Alice', stage: true })
  await alice.openMicrophone()
  await bob.hears(alice)
})

it(
  'LIGHT-5: who stays has all of it in the end, and nothing to be alarmed about',
  async () => {
    expect(alice.page.problems).toEqual([])
    // One reads it in half the time.
    await alice.close()
    const { page } = bob
    await page.evaluate(() => {
      location.hash = '#/people'
    })
    await page.waitFor(at(TESTIDS.reading))
    village.release()
    await page.waitFor(at(TESTIDS.asTable), { timeout: LONG })
    expect(await isReading(bob)).toBe(false)
    const drawn = await page.evaluate(() => document.querySelector('main')?.textContent ?? '')
    const members = /([\d, ]+) members/.exec(drawn)?.[1]?.replace(/\D/g, '')
    // Some were banned, or left.
    expect(Number(members)).toBeGreaterThan(0.9 * village.members)
    expect(Number(members)).toBeLessThanOrEqual(village.members + village.links.length)
  },
  LONG,
)

it('no page of these had a problem of its own', () => {
  expect(bob.page.problems).toEqual([])
})
