/**
 * Three in a room, of whom two do not reach each other: what one sends to the other directly vanishes. Those two hear each other over the relay, for as long
 * as they do not, and everybody else directly.
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Homes, startHomes } from '../support/homes.ts'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'

const ROOM = 'Under the tree'

let relay: RelayProcess
let homes: Homes
let alice: Person
let bob: Person
let carol: Person
/** Cuts the way between Alice and Bob, or opens it. */
let cut: () => void
let open: () => void

inOneStory()

beforeAll(async () => {
  relay = await startRelayProcess(['--host', '0.0.0.0'])
  homes = await startHomes(relay.origin, 2)
  const [hers, his] = homes.all
  if (hers === undefined || his === undefined) throw new Error('two homes are missing')
  cut = () => homes.cut(hers, his)
  open = () => homes.open(hers, his)
  cut()
  ;[alice, bob, carol] = await Promise.all([
    person(ALICE, 'chromium', '', hers),
    person(BOB, 'chromium', '', his),
    person(CAROL, 'firefox'),
  ])
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  await bob.join(await alice.invite())
  await carol.join(await alice.invite())
})

afterAll(async () => {
  await Promise.all([alice, bob, carol].map((each) => each?.close()))
  await homes?.close()
  await relay?.close()
})

async function eachHearsTheOther(): Promise<void> {
  await Promise.all([alice.tells(bob), bob.tells(alice)])
}

/** The two are shown as connected, by way of the relay; to Carol, as ever, nothing goes over it. */
async function areLinkedOverRelay(): Promise<void> {
  await Promise.all([alice.isCarriedInPart(relay), bob.isCarriedInPart(relay)])
  await bob.sees(alice, { link: 'connected' })
  await alice.sees(bob, { link: 'connected' })
  await carol.isCarriedByNobody()
}

it('WIRE-4 all three meet in a room, though Alice and Bob do not reach each other', async () => {
  await alice.openRoom(ROOM)
  await Promise.all([bob.enterRoom(ROOM), carol.enterRoom(ROOM)])
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
    [carol, alice],
    [carol, bob],
  ] as const)
    await one.sees(other, {})
})

it('CARRY-6 Bob, who listens, hears Alice over the relay, and Carol hears her directly', async () => {
  await alice.openMicrophone()
  await areLinkedOverRelay()
  await Promise.all([bob.tells(alice), carol.tells(alice)])
})

it('CARRY-6 once they reach each other Bob, who still listens, hears her directly, and no relay carries anything', async () => {
  open()
  await Promise.all([alice.isCarriedByNobody(), bob.isCarriedByNobody()])
  await bob.sees(alice, { link: 'connected' })
  await bob.tells(alice)
})

it('on the stage the two hear each other directly', async () => {
  await bob.takeStage(alice)
  await eachHearsTheOther()
  await Promise.all([alice.isCarriedByNobody(), bob.isCarriedByNobody()])
})

it('CARRY-6 the way between them is cut while they speak: they go on over the relay, and Carol hears both directly', async () => {
  cut()
  await areLinkedOverRelay()
  await Promise.all([eachHearsTheOther(), carol.tells(alice, bob)])
  expect([alice, bob, carol].flatMap(({ page }) => page.problems)).toEqual([])
})
