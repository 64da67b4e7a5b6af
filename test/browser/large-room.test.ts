/** A room of more people than are linked from each to each: its audience hears over the relay, which has no key, and without it goes on hearing. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Peer } from '../../node/view.ts'
import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { PATIENCE } from '../support/browsers-page.ts'
import { audioFlows, remoteTracks } from '../support/browsers-tracks.ts'
import { found, join, joinListed, newDevice } from '../support/node-peer.ts'
import { type Person, person } from '../support/person.ts'
import { plainEars } from '../support/plain-ears.ts'
import { ALICE, BOB, CAROL } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'

const ROOM = 'The whole village'
/** With Alice, Bob and Carol one more than are linked from each to each. */
const OTHERS = 6

let relay: RelayProcess
let alice: Person
let bob: Person
let carol: Person
const others: Peer[] = []

inOneStory()

beforeAll(async () => {
  ;[relay, alice, bob, carol] = await Promise.all([
    // Firefox does not look for roads over the loopback.
    startRelayProcess(['--host', '0.0.0.0']),
    person(ALICE, 'chromium'),
    person(BOB, 'chromium'),
    person(CAROL, 'firefox'),
  ])
})

afterAll(async () => {
  await Promise.all([alice, bob, carol].map((each) => each?.close()))
  await Promise.all(others.map((each) => each.stop()))
  await relay?.close()
})

/** Packets of sound that came over each connection of somebody's page in the next seconds, where any did. */
async function roadsIn(listener: Person): Promise<readonly number[]> {
  const before = await audioFlows(listener.page)
  await listener.listens()
  const after = await audioFlows(listener.page)
  return after.map(({ received }, i) => received - (before[i]?.received ?? 0)).filter((came) => came > 0)
}

/** Waits until sound comes over one connection only: the one before is left when the new one brings voices, and not earlier. */
async function hasOneRoad(listener: Person): Promise<void> {
  await expect.poll(() => roadsIn(listener), { timeout: PATIENCE }).toHaveLength(1)
}

/** Which connections of somebody's page, in the order in which they were made, had a place for each voice that a relay sends. */
async function linksWithRelays({ page }: Person): Promise<readonly number[]> {
  const all = (await remoteTracks(page)).map(({ connection }) => connection)
  const several = all.filter((each) => all.filter((other) => other === each).length === MAX_VOICE_SLOTS)
  return [...new Set(several)]
}

it('nine people come together in one room', async () => {
  const host = await found(
    (await newDevice({ ears: plainEars('127.0.0.1') })).open(relay.origin),
    relay.foundingLink ?? '',
    'Host',
  )
  others.push(host)
  const link = async () => (await host.invite()).link
  await alice.join(await link())
  await Promise.all([bob.join(await link()), carol.join(await link())])
  while (others.length < OTHERS) {
    const device = await newDevice({ ears: plainEars('127.0.0.1') })
    others.push(await join(device.open(relay.origin), await link(), `Guest ${others.length}`))
  }
  await alice.openRoom(ROOM)
  await Promise.all([bob.enterRoom(ROOM), carol.enterRoom(ROOM)])
  for (const other of others) await joinListed(other, ROOM)
})

it('CARRY-1 all are told that the relay carries their voices, and how many listen so', async () => {
  for (const each of [alice, bob, carol]) await each.isCarriedBy(relay, OTHERS + 3)
})

it('CARRY-2 Bob in Chromium and Carol in Firefox hear Alice over the relay, and nothing comes from her directly', async () => {
  await alice.openMicrophone()
  for (const each of [bob, carol]) await each.sees(alice, { link: 'connected', muted: false })
  await Promise.all([bob.hears(alice), carol.hears(alice), bob.tells(alice), carol.tells(alice)])
  for (const each of [bob, carol]) await each.sees(alice, { speaking: true })
  // One connection each, and at Alice one for all of them.
  const roads = (await audioFlows(alice.page)).filter(({ sent }) => sent > 0)
  expect(roads).toHaveLength(1)
  for (const came of await Promise.all([bob, carol].map(roadsIn))) expect(came).toHaveLength(1)
  expect([alice, bob, carol].flatMap(({ page }) => page.problems)).toEqual([])
})

it('CARRY-2 the relay is killed, and both go on hearing her', async () => {
  await relay.kill()
  for (const each of [alice, bob, carol]) await each.isCarriedByNobody()
  await Promise.all([bob.hears(alice), carol.hears(alice), bob.tells(alice), carol.tells(alice)])
})

it('the relay comes back, and carries them again', async () => {
  await relay.restart()
  for (const each of [alice, bob, carol]) await each.isCarriedBy(relay)
  await Promise.all([bob.tells(alice), carol.tells(alice)])
  await Promise.all([bob, carol].map(hasOneRoad))
})

it('CARRY-1 somebody who comes on stage is heard over the relay too, by who was linked to them before and by who was not', async () => {
  await bob.takeStage(alice)
  await Promise.all([carol.tells(alice, bob), alice.hears(bob), bob.hears(alice)])
  await hasOneRoad(carol)
})

it('FANOUT-6 who looks at the list has a link held, without a sound on it, and hears over it when they enter', async () => {
  const device = await newDevice({ ears: plainEars('127.0.0.1') })
  const { link } = await (others[0] as Peer).invite()
  const late = await join(device.open(relay.origin), link, 'One more')
  others.push(late)
  await joinListed(late, ROOM)
  // It may be there as soon as the list is.
  const before = await linksWithRelays(carol)
  await carol.leave()
  const looking = () => linksWithRelays(carol)
  await expect.poll(looking, { timeout: PATIENCE }).toHaveLength(before.length + 1)
  const held = await looking()
  const flows = await audioFlows(carol.page)
  expect(flows.filter(({ sent, received }) => sent + received > 0)).toEqual([])
  await carol.enterRoom(ROOM)
  await carol.isCarriedBy(relay)
  await carol.tells(alice, bob)
  await hasOneRoad(carol)
  expect(await looking()).toEqual(held)
})
