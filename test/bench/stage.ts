/** How long a change of the stage takes until it is on the screens of all five in a room. */

import type { MemberId } from '../../protocol/ids.ts'
import type { Page } from '../support/browsers.ts'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB, CAROL, DAVID, ERIN } from '../support/recordings/recordings.ts'
import { startRelayProcess } from '../support/relay-process.ts'
import { at, TESTIDS, type TestId } from '../support/testids.ts'
import { ensureApp } from './app.ts'
import { distribution, type Figure } from './figure.ts'

const ROOM = 'All of us'

/** How somebody is shown. */
type Place = 'audience' | 'offered' | 'stage'

interface Seen {
  readonly place: Place
  readonly at: number
}

/** In the page; all in milliseconds of the machine's clock, which all pages share. */
interface Watch {
  /** When each control was last pressed. */
  readonly pressed: Record<string, number>
  /** How the one who is watched was shown, frame by frame where that changed. */
  readonly seen: Seen[]
}

declare global {
  interface Window {
    __watch: Watch
  }
}

/** Milliseconds until each page has shown one change, the page in which it was made first. */
type Waits = readonly number[]

/** @param n rounds, each of them an offer, its acceptance, and a removal from the stage */
export async function* stage(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  await ensureApp()
  const relay = await startRelayProcess()
  const people: Person[] = []
  try {
    for (const voice of [ALICE, BOB, CAROL, DAVID, ERIN]) people.push(await person(voice, 'chromium'))
    const [alice, ...guests] = people as [Person, Person, ...Person[]]
    const [bob] = guests as [Person]
    await alice.found(relay.foundingLink ?? '', 'Le Baobab')
    const links: string[] = []
    for (const _ of guests) links.push(await alice.invite())
    for (const [i, guest] of guests.entries()) await guest.join(links[i] as string)
    await alice.openRoom(ROOM)
    for (const guest of guests) await guest.enterRoom(ROOM)
    for (const each of people) for (const other of people) await each.sees(other, { me: other === each })
    for (const { page } of people)
      await page.evaluate(watch, { who: bob.member, participant: at(TESTIDS.participant) })
    note('five are in a room')

    const offers: Waits[] = []
    const acceptances: Waits[] = []
    const removals: Waits[] = []
    const others = (by: Person) => people.filter((each) => each !== by)
    const change = async (by: Person, button: TestId, place: Place): Promise<Waits> => {
      await by.page.click(at(button))
      return Promise.all([by, ...others(by)].map(({ page }) => untilShown(page, by.page, button, place)))
    }
    const openCard = () => alice.page.click(`${at(TESTIDS.participant)}[data-member="${bob.member}"]`)
    for (let i = 0; i < n; i++) {
      await openCard()
      offers.push(await change(alice, TESTIDS.personOffer, 'offered'))
      await bob.page.click(at(TESTIDS.microphoneTry))
      await bob.page.waitFor(at(TESTIDS.microphoneTake))
      acceptances.push(await change(bob, TESTIDS.microphoneTake, 'stage'))
      await openCard()
      removals.push(await change(alice, TESTIDS.personRemove, 'audience'))
      note(`${i + 1}/${n} ${JSON.stringify([offers, acceptances, removals].map((all) => all.at(-1)))}`)
    }
    for (const [what, all] of [
      ['stage change', [...offers, ...acceptances, ...removals]],
      ['offer of the stage', offers],
      ['acceptance', acceptances],
      ['removal from the stage', removals],
    ] as const) {
      yield figure(
        `${what} pressed -> shown by the last of 5 browsers`,
        all.map((waits) => Math.max(...waits)),
      )
      yield figure(
        `${what} pressed -> shown by each of the 4 others`,
        all.flatMap(([, ...rest]) => rest),
      )
      yield figure(
        `${what} pressed -> shown where it was pressed`,
        all.flatMap(([own]) => own ?? []),
      )
    }
  } finally {
    for (const each of people) await each.close()
    await relay.close()
  }
}

function figure(metric: string, waits: readonly number[]): Figure {
  return { metric, unit: 'ms', n: waits.length, ...distribution(waits) }
}

async function untilShown(page: Page, by: Page, button: TestId, place: Place): Promise<number> {
  const pressed = await by.evaluate((name) => window.__watch.pressed[name], button)
  if (pressed === undefined) throw new Error(`${button} was not pressed`)
  const since = { place, pressed }
  await page.waitUntil(
    (wanted) => window.__watch.seen.some((one) => one.place === wanted.place && one.at >= wanted.pressed),
    since,
  )
  const shown = await page.evaluate(
    (wanted) => window.__watch.seen.find((one) => one.place === wanted.place && one.at >= wanted.pressed)?.at,
    since,
  )
  return (shown as number) - pressed
}

/** Runs in the page; may use nothing from outside itself. */
function watch({ who, participant }: { readonly who: MemberId; readonly participant: string }): void {
  const seen: Seen[] = []
  const pressed: Record<string, number> = {}
  window.__watch = { pressed, seen }
  let last: Place | undefined
  const look = () => {
    const shown = document.querySelector<HTMLElement>(`${participant}[data-member="${who}"]`)
    if (shown === null) return
    const { stage, offered } = shown.dataset
    const place = stage === 'true' ? 'stage' : offered === 'true' ? 'offered' : 'audience'
    if (place === last) return
    last = place
    requestAnimationFrame(() => seen.push({ place, at: Date.now() }))
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true })
  document.addEventListener(
    'click',
    ({ target, timeStamp }) => {
      const control = target instanceof Element ? target.closest<HTMLElement>('[data-testid]') : null
      const name = control?.dataset.testid
      if (name !== undefined) pressed[name] = Date.now() - (performance.now() - timeStamp)
    },
    { capture: true },
  )
}
