/** A private room: who was let in finds it and hears, and nobody else does. And a room whose door is locked: who was inside hears, and nobody who comes after. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'
import { at, TESTIDS } from '../support/testids.ts'

const ROOM = 'The surprise'
const LOCKED = 'The count of the votes'

/** What is shown to whom the locked door keeps out. */
const SHUT = `${at(TESTIDS.roomOut)}[data-by="lock"]`

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

/** Somebody is told that the door is locked, is played no voice, and is shown to nobody who is inside. */
async function isShutOut({ page }: Person): Promise<void> {
  const [isTold, voices] = await page.evaluate(
    ({ told, voice }) =>
      [document.querySelector(told) !== null, document.querySelectorAll(voice).length] as const,
    { told: SHUT, voice: at(TESTIDS.voice) },
  )
  expect({ isTold, voices }).toEqual({ isTold: true, voices: 0 })
  for (const each of [alice, bob])
    expect((await each.people()).map(({ name }) => name).toSorted()).toEqual(['Alice', 'Bob'])
}

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

it('HAND-5 Alice locks the door of another room, in which Bob is: Carol, who comes then, is told so and hears nothing, and he hears her', async () => {
  await alice.leave()
  await alice.openRoom(LOCKED)
  await bob.page.click(at(TESTIDS.outBack))
  await bob.enterRoom(LOCKED)
  await alice.sees(bob, { stage: false })
  await alice.setLocked(true)
  await alice.openMicrophone()
  await carol.page.click('a[href="#/"]')
  await carol.choosesRoom(LOCKED)
  await carol.page.waitFor(SHUT)
  const said = await carol.page.text(at(TESTIDS.roomOut))
  expect(said).toContain('The door of this room is locked')
  expect(said).toContain('Stay here, and you come in as soon as the moderators open it.')
  const [atCarol] = await Promise.all([carol.listens(), bob.hears(alice)])
  expect(atCarol).toEqual([])
  await isShutOut(carol)
})

it('HAND-5 Bob, who loads the page anew behind the locked door, hears her again; Carol stays outside', async () => {
  await bob.page.reload()
  await bob.arrives()
  await bob.sees(alice, { link: 'connected' })
  await bob.hears(alice)
  await isShutOut(carol)
})

it('HAND-5 Alice opens the door: Carol, who has waited, comes in and hears her', async () => {
  await alice.setLocked(false)
  await carol.arrives()
  await Promise.all([carol.hears(alice), alice.sees(carol, { stage: false })])
})

it('nothing went wrong in any page', () => {
  expect([alice, bob, carol].flatMap(({ page }) => page.problems)).toEqual([])
})
