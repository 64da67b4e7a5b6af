/** A private room: who was let in finds it and hears, and nobody else does. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'
import { at, TESTIDS } from '../support/testids.ts'

const ROOM = 'The surprise'

let relay: RelayProcess
let alice: Person
let bob: Person
let carol: Person

inOneStory()
beforeAll(async () => {
  ;[relay, alice, bob, carol] = await Promise.all([
    startRelayProcess(),
    person(ALICE, 'chromium'),
    person(BOB, 'firefox'),
    person(CAROL, 'chromium'),
  ])
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  await bob.join(await alice.invite())
  await carol.join(await alice.invite())
})
afterAll(async () => {
  await Promise.all([alice, bob, carol].map((each) => each?.close()))
  await relay?.close()
})

/** What stands in the list of somebody who is in no room. */
const listed = ({ page }: Person) =>
  page.evaluate((item) => document.querySelectorAll(item).length, at(TESTIDS.roomItem))

it('PRIVATE-3 Bob, whom Alice lets in, finds the room in his list; Carol does not', async () => {
  await alice.openRoom(ROOM, 'private')
  await alice.page.waitFor(at(TESTIDS.roomPrivate))
  await alice.letIn(bob)
  await bob.enterRoom(ROOM)
  await alice.sees(bob, { stage: false })
  expect(await listed(carol)).toBe(0)
})

it('Bob hears Alice', async () => {
  await alice.openMicrophone()
  await bob.hears(alice)
})

it('Carol, who has the address of the room, is told that it is gone, sees nobody and hears nothing', async () => {
  const address = await bob.page.evaluate(() => location.hash)
  await carol.page.evaluate((hash) => {
    location.hash = hash
  }, address)
  await carol.page.waitFor('[data-code="room-gone"]')
  expect(await carol.listens()).toEqual([])
  expect(
    await carol.page.evaluate((who) => document.querySelectorAll(who).length, at(TESTIDS.participant)),
  ).toBe(0)
  await alice.sees(bob, { stage: false })
  expect((await alice.people()).map(({ name }) => name).toSorted()).toEqual(['Alice', 'Bob'])
})

it('PRIVATE-5 Bob, whom Alice shuts out, is told so and hears her no more', async () => {
  await alice.shutOut()
  await bob.page.waitFor(at(TESTIDS.roomOut))
  await alice.missesFromRoom(bob)
  expect(await bob.listens()).toEqual([])
})

it('nothing went wrong in any page', () => {
  expect([alice, bob, carol].flatMap(({ page }) => page.problems)).toEqual([])
})
