/** A report made in one browser and opened by the council in another, over a real relay; and a council of two that decides by a link. */

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
  await bob.join(await alice.invite())
})

afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()])
  await relay?.close()
})

inOneStory()

/** Goes to a place of the app, in the tab that is open. */
async function go(who: Person, fragment: string): Promise<void> {
  await who.page.evaluate((hash) => {
    location.hash = hash
  }, fragment)
}

/** To the page of the other one, whose name comes a moment after they do. */
async function toPageOf(who: Person, name: string): Promise<void> {
  const { page } = who
  await go(who, '#/people')
  await page.click(at(TESTIDS.asTable))
  await page.waitUntil(
    ({ row, wanted }) =>
      [...document.querySelectorAll(row)].some((each) => each.textContent.includes(wanted)),
    { row: at(TESTIDS.personRow), wanted: name },
  )
  await page.evaluate(
    ({ row, wanted }) => {
      const rows = [...document.querySelectorAll(row)]
      rows
        .find((each) => each.textContent.includes(wanted))
        ?.querySelector('a')
        ?.click()
    },
    { row: at(TESTIDS.personRow), wanted: name },
  )
  await page.waitFor(at(TESTIDS.report))
}

/** Signs what a dialog asks for. */
async function sign({ page, phrase }: Person): Promise<void> {
  await page.fill(at(TESTIDS.phraseField), phrase)
  await page.click(at(TESTIDS.confirm))
  await page.waitFor(at(TESTIDS.confirmDialog), { hidden: true })
}

it('REPORT-1 what Bob reports is opened by Alice, of the council, in her browser, and read there once', async () => {
  await toPageOf(bob, 'Alice')
  await bob.page.click(at(TESTIDS.report))
  await bob.page.fill(at(TESTIDS.wordsField), 'She spoke\nof nothing but trees.')
  await bob.page.click(at(TESTIDS.confirm))
  await bob.page.waitFor(at(TESTIDS.reported))

  const { page } = alice
  await go(alice, '#/council')
  await page.waitFor(`${at(TESTIDS.message)}[data-type="report"][data-fresh="true"]`)
  await page.click(at(TESTIDS.messagesOpen))
  await sign(alice)
  await page.waitFor(at(TESTIDS.messageWords))
  expect(await page.text(at(TESTIDS.messageWords))).toBe('She spoke of nothing but trees.')
  await page.click(at(TESTIDS.messagesRead))
  await page.waitFor(`${at(TESTIDS.message)}[data-fresh="false"]`)

  // In a new tab it is sealed again, and known to be read; Bob, who wrote it, is shown nothing.
  await page.reload()
  await page.waitFor(`${at(TESTIDS.messages)}[data-sealed="1"]`)
  await page.waitFor(`${at(TESTIDS.message)}[data-fresh="false"]`)
  await go(bob, '#/council')
  await bob.page.waitFor(`${at(TESTIDS.council)}[data-mine="false"]`)
})

it('ACT-3 the two make a council of both, and what one proposes the other signs by its link, and sends', async () => {
  const { page } = alice
  await page.click(at(TESTIDS.councilChange))
  await page.fill(at(TESTIDS.pickerSearch), 'bo')
  await page.click(at(TESTIDS.pickerAdd))
  await page.evaluate((select) => {
    const field = document.querySelector<HTMLSelectElement>(select)
    if (field === null) return
    field.value = field.options[1]?.value ?? ''
    field.dispatchEvent(new Event('change', { bubbles: true }))
  }, at(TESTIDS.councilNeeded))
  await sign(alice)
  await bob.page.waitFor(`${at(TESTIDS.council)}[data-mine="true"]`)

  await page.click(at(TESTIDS.stewardsChange))
  await page.fill(at(TESTIDS.pickerSearch), 'bo')
  await page.click(at(TESTIDS.pickerAdd))
  await sign(alice)
  await page.waitFor(`${at(TESTIDS.proposal)}[data-state="open"]`)
  const link = await page.evaluate(
    (field) => document.querySelector<HTMLInputElement>(field)?.value ?? '',
    at(TESTIDS.proposalLink),
  )
  await go(bob, new URL(link).hash)
  await bob.page.waitFor(`${at(TESTIDS.proposal)}[data-what="stewards"][data-state="open"]`)
  expect(await bob.page.text(at(TESTIDS.proposal))).toContain('Bob')
  await bob.page.click(at(TESTIDS.proposalSign))
  await sign(bob)
  await bob.page.click(at(TESTIDS.proposalSubmit))
  await bob.page.waitFor(`${at(TESTIDS.proposal)}[data-state="done"]`)
  await go(alice, '#/decisions')
  await page.waitFor(`${at(TESTIDS.decision)}[data-what="stewards"]`)
})

it('no page of these had a problem of its own', () => {
  expect(alice.page.problems).toEqual([])
  expect(bob.page.problems).toEqual([])
})
