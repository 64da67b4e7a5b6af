/** Persons at their own browsers, over a real relay: an invitation withdrawn, a guest taken back, the tree of who is left, and the audit that agrees. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'
import { at, TESTIDS } from '../support/testids.ts'

let relay: RelayProcess
let alice: Person
let bob: Person

beforeAll(async () => {
  ;[relay, alice, bob] = await Promise.all([
    startRelayProcess(),
    person(ALICE, 'chromium'),
    person(BOB, 'chromium'),
  ])
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
})

afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()])
  await relay?.close()
})

inOneStory()

const slot = (state: string) => `${at(TESTIDS.inviteSlot)}[data-state="${state}"]`

/** Goes to a place of the app, in the tab that is open. */
async function go(who: Person, fragment: string): Promise<void> {
  await who.page.evaluate((hash) => {
    location.hash = hash
  }, fragment)
}

it('a link that was withdrawn lets nobody in', async () => {
  const { page } = alice
  const link = await alice.invite()
  await go(alice, '#/invite')
  await page.waitFor(slot('pending'))
  await page.click(at(TESTIDS.withdraw))
  await page.click(at(TESTIDS.confirm))
  await page.waitFor(slot('pending'), { hidden: true })
  const tab = await bob.browser.open(link)
  await tab.waitFor(`${at(TESTIDS.errorSentence)}[data-code="invitation-void"]`)
  await tab.close()
})

it('who comes in stands in the tree below their sponsor, and is found there with the keyboard', async () => {
  await go(alice, '#/')
  await bob.join(await alice.invite())
  await go(alice, '#/people')
  const { page } = alice
  await page.waitUntil((leaf) => document.querySelectorAll(leaf).length === 2, at(TESTIDS.leaf))
  await page.evaluate(
    (leaf) => document.querySelector<SVGElement>(leaf)?.focus(),
    `${at(TESTIDS.leaf)}[tabindex="0"]`,
  )
  await page.press('ArrowRight')
  await page.waitUntil(() => document.activeElement?.getAttribute('aria-level') === '2', undefined)
  await page.press('Enter')
  await page.waitFor(at(TESTIDS.line))
  // His name comes a moment after he does.
  await page.waitUntil(() => document.querySelector('h1')?.textContent === 'Bob', undefined)
  expect(await page.text(at(TESTIDS.line))).toContain('Alice')
})

it('a guest who is taken back is so for everybody, and the sponsor has the invitation again', async () => {
  const { page } = alice
  await go(alice, '#/invite')
  await page.click(`${slot('used')} ${at(TESTIDS.undo)}`)
  await page.click(at(TESTIDS.confirm))
  await page.waitFor(slot('used'), { hidden: true })
  await go(bob, '#/people')
  await bob.page.waitFor(`${at(TESTIDS.leaf)}[data-standing="repudiated"]`)
  await go(alice, '#/decisions')
  await page.waitFor(`${at(TESTIDS.decision)}[data-what="undone"]`)
})

it('the whole ledger is verified in the browser, and both find the same state', async () => {
  const states: string[] = []
  for (const who of [alice, bob]) {
    await go(who, '#/verify')
    await who.page.click(at(TESTIDS.verifyRun))
    await who.page.waitFor(`${at(TESTIDS.verdict)}[data-findings="0"]`)
    states.push(await who.page.text(at(TESTIDS.stateHash)))
  }
  expect(states[0]).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  expect(states[1]).toBe(states[0])
})

it('no page of these had a problem of its own', () => {
  expect(alice.page.problems).toEqual([])
  expect(bob.page.problems).toEqual([])
})
