/** From a returning member opening the app to the first sound of the room. */

import type { Page } from '../support/browsers.ts'
import { at, TESTIDS } from '../support/testids.ts'
import type { Figure } from './figure.ts'
import { measureFloor } from './floor.ts'
import { comeIn, leave, sitDown } from './guest.ts'
import { type Host, openHouse } from './host.ts'
import { describe, figuresOf, type Journey, journey, wait } from './journey.ts'
import { marksOf, untilSounded } from './stopwatch.ts'

/** @param n visits of one member, in one browser, whose cache holds the app */
export async function* room(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const host = await openHouse(1)
  const journeys: Journey[] = []
  try {
    const { page, close } = await sitDown()
    try {
      await comeIn(page, host.links[0] as string)
      while (journeys.length < n) {
        const one = await visit(host, page)
        journeys.push(one)
        note(`${journeys.length}/${n} ${describe(one)}`)
      }
    } finally {
      await close()
    }
  } finally {
    await host.close()
  }
  yield* figuresOf('page load of a member -> first sound', journeys)
}

async function visit(host: Host, page: Page): Promise<Journey> {
  // Otherwise the second would be no page load: all places of the app are one document.
  await page.goto('about:blank')
  await page.goto(host.relay.origin)
  await page.click(at(TESTIDS.roomItem))
  await untilSounded(page)
  const marks = await marksOf(page)
  const { shown } = marks
  const waits = {
    'navigation -> list drawn': wait(0, shown['room-open']),
    'list drawn -> room in the list': wait(shown['room-open'], shown['room-item']),
  }
  const one = journey(waits, marks, await measureFloor(host.alice.page, page))
  await leave(page)
  return one
}
