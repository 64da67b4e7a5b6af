/** The relay is killed in the middle of a conversation; the conversation goes on, and later the relay comes back. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL, DAVID } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'

const ROOM = 'After the storm'

let relay: RelayProcess
let alice: Person
let bob: Person
let carol: Person
let david: Person
/** Made before the relay dies, used after. */
let davidsLink: string

inOneStory()

beforeAll(async () => {
  ;[relay, alice, bob, carol, david] = await Promise.all([
    startRelayProcess(),
    person(ALICE, 'chromium'),
    person(BOB, 'firefox'),
    person(CAROL, 'chromium'),
    person(DAVID, 'firefox'),
  ])
})

afterAll(async () => {
  await Promise.all([alice, bob, carol, david].map((each) => each?.close()))
  await relay?.close()
})

it('Alice and Bob talk, Carol listens', async () => {
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  const [bobsLink, carolsLink] = [await alice.invite(), await alice.invite()]
  davidsLink = await alice.invite()
  await Promise.all([bob.join(bobsLink), carol.join(carolsLink)])
  await alice.openRoom(ROOM)
  await Promise.all([bob.enterRoom(ROOM), carol.enterRoom(ROOM)])
  await alice.openMicrophone()
  await bob.takeStage(alice)
  await Promise.all([alice.hears(bob), bob.hears(alice), carol.tells(alice, bob)])
})

it('the relay is killed: all are told, and all go on hearing', async () => {
  await relay.kill()
  await Promise.all([alice, bob, carol].map((each) => each.isToldOfLostRelay()))
  await Promise.all([alice.hears(bob), bob.hears(alice), carol.tells(alice, bob)])
})

it('without the relay, the stage changes for everybody', async () => {
  await carol.takeStage(alice)
  await Promise.all([alice, bob].map((each) => each.sees(carol, { stage: true, muted: false })))
  await alice.silence(bob)
  await Promise.all([alice, carol].map((each) => each.sees(bob, { muted: true })))
  await bob.microphoneIs('muted-by-moderator')
  await Promise.all([alice.hears(carol), bob.tells(alice, carol), carol.hears(alice)])
  await bob.stepDown()
  await Promise.all([alice, carol].map((each) => each.sees(bob, { stage: false })))
})

it('the relay comes back: everybody finds it again, and has lost nothing meanwhile', async () => {
  await relay.restart()
  // What it had acknowledged before it was killed, the founding first of all, is there.
  expect(relay.foundingLink).toBeUndefined()
  await Promise.all([alice, bob, carol].map((each) => each.isToldOfRelay()))
  for (const each of [alice, bob, carol]) {
    await each.sees(alice, { stage: true, muted: false })
    await each.sees(bob, { stage: false })
    await each.sees(carol, { stage: true, muted: false })
  }
  await Promise.all([alice.hears(carol), bob.tells(alice, carol), carol.hears(alice)])
})

it('David joins with an invitation from before, finds the room, hears and is heard', async () => {
  await david.join(davidsLink)
  await david.enterRoom(ROOM)
  for (const each of [alice, bob, carol]) {
    await david.sees(each, { stage: each !== bob })
    await each.sees(david, { stage: false })
  }
  await david.tells(alice, carol)
  // So that each ear has one voice to tell, and nothing of the others on its way to it.
  await Promise.all([alice.mute(), carol.mute()])
  await Promise.all([alice, bob, carol].map((each) => each.hearsNobody()))
  await david.takeStage(alice)
  await Promise.all([alice, bob, carol].map((each) => each.hears(david)))
})
