/** Five people on one stage, each at a browser of their own: every voice reaches every other, and nobody their own. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL, DAVID, ERIN } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'

const ROOM = 'All of us'

let relay: RelayProcess
let alice: Person
let guests: readonly Person[] = []

inOneStory()

beforeAll(async () => {
  relay = await startRelayProcess()
  alice = await person(ALICE, 'chromium')
  guests = await Promise.all([
    person(BOB, 'firefox'),
    person(CAROL, 'chromium'),
    person(DAVID, 'firefox'),
    person(ERIN, 'chromium'),
  ])
})

afterAll(async () => {
  await Promise.all([alice, ...guests].map((each) => each?.close()))
  await relay?.close()
})

it('five people come together in one room', async () => {
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  const links: string[] = []
  for (const _ of guests) links.push(await alice.invite())
  await Promise.all(guests.map((guest, i) => guest.join(links[i] ?? '')))
  await alice.openRoom(ROOM)
  await Promise.all(guests.map((guest) => guest.enterRoom(ROOM)))
  for (const each of [alice, ...guests])
    for (const other of [alice, ...guests]) await each.sees(other, { me: other === each })
})

it('all come on the stage', async () => {
  await alice.openMicrophone()
  for (const guest of guests) await guest.takeStage(alice)
  for (const each of [alice, ...guests])
    for (const other of [alice, ...guests]) await each.sees(other, { stage: true, muted: false })
  for (const each of [alice, ...guests]) await each.mute()
  await Promise.all([alice, ...guests].map((each) => each.hearsNobody()))
})

// In turn, as people talk: five browsers that all encode, decode and draw at once are more than two processors can give,
// and what then stutters is the machine, not the mesh. Whoever else were heard, the listener included, fails it.
it.each(['Alice', 'Bob', 'Carol', 'David', 'Erin'])(
  '%s speaks: every other hears it, and nobody else',
  async (name) => {
    const all = [alice, ...guests]
    const speaker = all.find((each) => each.name === name) as Person
    const listeners = all.filter((each) => each !== speaker)
    await speaker.openMicrophone()
    await Promise.all(listeners.map((each) => each.hears(speaker)))
    await speaker.mute()
    // What was said and is still on its way is the last speaker's, not the next one's.
    await Promise.all(all.map((each) => each.hearsNobody()))
  },
)

it('nothing went wrong in any page', () => {
  expect([alice, ...guests].flatMap(({ page }) => page.problems)).toEqual([])
})
