/** A host whose laptop is closed for a while; and somebody who is put out of a room, whichever door they try next. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHome } from '../../node/headless/home.ts'
import { person as atTerminal } from '../cli/member/terminal.ts'
import type { Page } from '../support/browsers.ts'
import { PATIENCE } from '../support/browsers-page.ts'
import { temporaryFolder } from '../support/folder.ts'
import { joinListed, newDevice, until } from '../support/node-peer.ts'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'
import { at, TESTIDS } from '../support/testids.ts'

const ROOM = 'The long evening'
const NOTE = 'Three times is enough.'
/** Whoever goes without a word is there until their last beacon is 30 s old, at most. Milliseconds. */
const FADED = 90_000

let relay: RelayProcess
let alice: Person
let bob: Person
let carol: Person

inOneStory()
beforeAll(async () => {
  ;[relay, alice, bob, carol] = await Promise.all([
    startRelayProcess(),
    person(ALICE, 'chromium'),
    person(BOB, 'chromium'),
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

const countOf = (page: Page, selector: string) =>
  page.evaluate((wanted) => document.querySelectorAll(wanted).length, selector)

/** Rooms that some tab of this browser is in. */
const roomsHeldIn = (page: Page) =>
  page.evaluate(async () => {
    const { held = [] } = await navigator.locks.query()
    return held.flatMap(({ name = '' }) => (name.startsWith('palabre/room/') ? name : []))
  }, undefined)

/** Waits until the room says this of a host who is away. */
const isToldWhoCarriesOn = ({ page }: Person, sentence: string) =>
  page.waitUntil(
    ({ leads, wanted }) => document.querySelector(leads)?.textContent === wanted,
    { leads: at(TESTIDS.roomLeads), wanted: sentence },
    FADED,
  )

it('Alice hosts, Carol helps her, Bob speaks', async () => {
  await alice.openRoom(ROOM)
  await Promise.all([bob.enterRoom(ROOM), carol.enterRoom(ROOM)])
  await alice.askForHelp(carol)
  await carol.accept()
  await bob.takeStage(alice)
  await Promise.all([alice.hears(bob), carol.hears(bob)])
})

it('Alice closes her laptop: the others are told who carries on, and do', async () => {
  alice.browser.freeze()
  await Promise.all([
    isToldWhoCarriesOn(bob, 'The host has lost the connection. Carol carries on.'),
    isToldWhoCarriesOn(carol, 'The host has lost the connection. You carry on.'),
  ])
  await carol.hears(bob)
})

it('what Carol decides meanwhile holds', async () => {
  await carol.silence(bob)
  await bob.microphoneIs('muted-by-moderator')
  await carol.hearsNobody()
})

it('Alice opens her laptop: she sees what was decided, and is the host again', async () => {
  alice.browser.thaw()
  await alice.sees(bob, { stage: true, muted: true })
  await Promise.all([bob, carol].map((each) => each.page.waitFor(at(TESTIDS.roomLeads), { hidden: true })))
  await Promise.all([bob, carol].map((each) => each.sees(alice, { stage: true, link: 'connected' })))
  await alice.unsilence(bob)
  await bob.microphoneIs('muted')
  await bob.openMicrophone()
  await alice.openMicrophone()
  await Promise.all([alice.hears(bob), bob.hears(alice), carol.tells(alice, bob)])
})

it('ROOM-10 Bob, whom Alice puts out while he speaks, is told why; nobody hears him, and he hears nobody', async () => {
  await alice.putOut(bob, NOTE)
  await bob.page.waitFor(`${at(TESTIDS.roomOut)}[data-by="remove"]`)
  expect(await bob.page.text(at(TESTIDS.roomOut))).toContain(NOTE)
  await Promise.all([alice, carol].map((each) => each.missesFromRoom(bob)))
  await Promise.all([alice.hearsNobody(), carol.hears(alice)])
  expect(await bob.listens()).toEqual([])
})

it('in another tab of his browser he is told the same, and hears nobody', async () => {
  const address = await bob.page.evaluate(() => location.href)
  const tab = await bob.browser.open(address)
  // One tab at a time is in a room, and one that shows why it is out has not left it.
  await tab.waitFor('[data-code="other-tab"]')
  await bob.page.click(at(TESTIDS.outBack))
  await bob.page.waitFor(at(TESTIDS.roomOpen))
  // The list is shown before the goodbyes are over, and until they are he is in the room.
  await expect.poll(() => roomsHeldIn(tab), { timeout: PATIENCE }).toEqual([])
  await tab.click(at(TESTIDS.retry))
  await tab.waitFor(`${at(TESTIDS.roomOut)}[data-by="remove"]`)
  expect(await tab.text(at(TESTIDS.roomOut))).toContain(NOTE)
  expect(await countOf(tab, at(TESTIDS.voice))).toBe(0)
  expect(await bob.listens()).toEqual([])
  expect((await alice.people()).map(({ name }) => name).toSorted()).toEqual(['Alice', 'Carol'])
  expect(tab.problems).toEqual([])
  await tab.close()
})

it('on another device, made of his words at a terminal, he is told the same, and is shown to nobody', async () => {
  const laptop = atTerminal(temporaryFolder(), 'laptop', bob.phrase)
  await laptop.ask('identity', 'restore', '--relay', relay.origin, '--words-file', '-')
  const home = openHome(laptop.home)
  const bobs = await (await newDevice({ storage: home })).open(relay.origin).resume()
  try {
    if (bobs === undefined) throw new Error('the words made no device')
    expect(bobs.me.id).toBe(bob.member)
    const again = await joinListed(bobs, ROOM)
    const { out } = await until(again.view, ({ status }) => status === 'out')
    expect(out).toMatchObject({ by: 'remove', note: NOTE })
    expect((await carol.people()).map(({ name }) => name).toSorted()).toEqual(['Alice', 'Carol'])
    await carol.hears(alice)
  } finally {
    await bobs?.stop()
    home.close()
  }
})

it('nothing went wrong in any page', () => {
  expect([alice, bob, carol].flatMap(({ page }) => page.problems)).toEqual([])
})
