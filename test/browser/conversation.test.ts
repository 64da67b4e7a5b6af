/** Two people, two different browsers, one invitation, one relay. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserKind } from '../support/browsers.ts'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'
import { at, TESTIDS } from '../support/testids.ts'

const ROOM = 'Under the tree'

let relay: RelayProcess
let alice: Person
let bob: Person

/** Alice founds the community and opens a room; Bob comes by her invitation, and listens. */
async function meet(hosting: BrowserKind, visiting: BrowserKind): Promise<void> {
  ;[relay, alice, bob] = await Promise.all([
    startRelayProcess(),
    person(ALICE, hosting),
    person(BOB, visiting),
  ])
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  await bob.join(await alice.invite())
  await alice.openRoom(ROOM)
  await bob.enterRoom(ROOM)
}

async function part(): Promise<void> {
  await Promise.all([alice?.close(), bob?.close()])
  await relay?.close()
}

/** At the ear, and in each voice that is played. */
async function eachHearsTheOther(): Promise<void> {
  await Promise.all([alice.hears(bob), bob.hears(alice), alice.tells(bob), bob.tells(alice)])
}

describe('Alice in Chromium invites Bob in Firefox', () => {
  inOneStory()
  beforeAll(() => meet('chromium', 'firefox'))
  afterAll(part)

  it('they see each other by name', async () => {
    await bob.sees(alice, { name: 'Alice', stage: true, muted: true })
    await alice.sees(bob, { name: 'Bob', stage: false })
  })

  it('the listener hears, is not heard, and is asked for no microphone', async () => {
    await alice.openMicrophone()
    await bob.sees(alice, { muted: false, link: 'connected' })
    await bob.raiseHand()
    await alice.sees(bob, { hand: '1' })
    const [atAlice] = await Promise.all([alice.listens(), bob.hears(alice)])
    expect(atAlice).toEqual([])
    expect(await bob.questionsForMicrophone()).toBe(0)
  })

  it('the guest enters the stage by their own consent, and muted', async () => {
    await alice.bringOnStage(bob)
    await alice.sees(bob, { stage: false, offered: true })
    expect(await bob.questionsForMicrophone()).toBe(0)
    await bob.accept()
    expect(await bob.questionsForMicrophone()).toBe(1)
    await alice.sees(bob, { stage: true, muted: true, hand: '', link: 'connected' })
    expect(await alice.listens()).toEqual([])
  })

  it('each hears the other speak, and not themselves', async () => {
    await bob.openMicrophone()
    await alice.sees(bob, { muted: false })
    await eachHearsTheOther()
  })

  it('each is told how good the connection is, in a word and in numbers', async () => {
    const said = await Promise.all([alice.connectionWith(bob), bob.connectionWith(alice)])
    for (const each of said) expect(each).toMatch(/^.*(between you|entre vous) \(.*[\d,.]+\s?% .*\)$/)
    // Chromium measures the road itself, Firefox is told by whoever hears it speak.
    expect(said[0]).toMatch(/\d ms (there and back|aller-retour)/)
  })

  it('a ring follows the speech', async () => {
    await Promise.all([alice.sees(bob, { speaking: true }), bob.sees(bob, { speaking: true })])
    bob.browser.card.hush()
    await Promise.all([alice.sees(bob, { speaking: false }), bob.sees(bob, { speaking: false })])
    bob.browser.card.speak(BOB)
    await Promise.all([alice.sees(bob, { speaking: true }), bob.sees(bob, { speaking: true })])
  })

  it('nothing is heard of whoever mutes', async () => {
    await bob.mute()
    await alice.sees(bob, { muted: true, speaking: false })
    // What was said before may still be on its way; nothing comes after it.
    await alice.hearsNobody()
    expect(await alice.listens()).toEqual([])
  })

  it('nothing is heard of whoever the host mutes', async () => {
    await bob.openMicrophone()
    await alice.hears(bob)
    await alice.silence(bob)
    await bob.microphoneIs('muted-by-moderator')
    await alice.sees(bob, { muted: true })
    expect(await alice.listens()).toEqual([])
  })

  it('and no press or key of theirs opens the microphone again', async () => {
    await bob.page.click(at(TESTIDS.openMicrophone))
    await bob.page.click(at(TESTIDS.talkKey))
    await bob.page.press('Escape')
    await bob.page.waitFor(at(TESTIDS.microphoneDialog), { hidden: true })
    const press = (type: 'keydown' | 'keyup') =>
      bob.page.evaluate(
        ({ toggle, what }) => {
          document.querySelector<HTMLElement>(toggle)?.click()
          document.body.dispatchEvent(new KeyboardEvent(what, { code: 'Space', bubbles: true }))
        },
        { toggle: at(TESTIDS.micToggle), what: type },
      )
    await press('keydown')
    await bob.microphoneIs('muted-by-moderator')
    expect(await alice.listens()).toEqual([])
    await press('keyup')
    await alice.sees(bob, { muted: true })
  })

  it('whoever steps down listens again', async () => {
    await bob.stepDown()
    await alice.sees(bob, { stage: false, link: 'connected' })
    await bob.hears(alice)
  })

  it('the host ends the room for both, and nothing went wrong in either page', async () => {
    await alice.end()
    await Promise.all([alice.findsRoomEnded(), bob.findsRoomEnded()])
    expect([...alice.page.problems, ...bob.page.problems]).toEqual([])
  })
})

describe('Alice in Firefox invites Bob in Chromium', () => {
  inOneStory()
  beforeAll(() => meet('firefox', 'chromium'))
  afterAll(part)

  it('each hears the other speak, and not themselves', async () => {
    await alice.openMicrophone()
    await bob.takeStage(alice)
    await eachHearsTheOther()
  })

  it('whoever leaves is gone for the other, and nothing went wrong in either page', async () => {
    await bob.leave()
    await alice.missesFromRoom(bob)
    expect(await alice.listens()).toEqual([])
    expect([...alice.page.problems, ...bob.page.problems]).toEqual([])
  })
})
