/** From the click on an invitation to the first sound that the newcomer hears. */

import { setTimeout as delay } from 'node:timers/promises'
import { at, TESTIDS } from '../support/testids.ts'
import type { Figure } from './figure.ts'
import { measureFloor } from './floor.ts'
import { comeIn, leave, sitDown } from './guest.ts'
import { type Host, openHouse } from './host.ts'
import { describe, figuresOf, type Journey, journey, wait } from './journey.ts'
import { marksOf, untilSounded } from './stopwatch.ts'

/** A founder's slots, one for each newcomer (policy `founder-slots`). After so many a new community is founded. */
const NEWCOMERS = 12

/** A browser that was just started has so long to itself before the click, in milliseconds: its own first work is no part of ours. */
const SETTLE_MS = 500

/** @param n newcomers, each in a fresh profile */
export async function* invitation(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const journeys: Journey[] = []
  while (journeys.length < n) {
    const host = await openHouse(Math.min(NEWCOMERS, n - journeys.length))
    try {
      for (const link of host.links) {
        const one = await newcomer(host, link)
        journeys.push(one)
        note(`${journeys.length}/${n} ${describe(one)}`)
      }
    } finally {
      await host.close()
    }
  }
  yield* figuresOf('click on an invitation -> first sound', journeys)
}

async function newcomer(host: Host, link: string): Promise<Journey> {
  const { page, close } = await sitDown()
  try {
    await delay(SETTLE_MS)
    await comeIn(page, link)
    await page.click(at(TESTIDS.roomItem))
    await untilSounded(page)
    const marks = await marksOf(page)
    const { shown, pressed } = marks
    const waits = {
      'navigation -> invitation readable': wait(0, shown.invitation),
      'name submitted -> words shown': wait(pressed['join-submit'], shown['phrase-words']),
      'join submitted -> inside': wait(pressed['phrase-enter'], shown['room-open']),
      'inside -> room in the list': wait(shown['room-open'], shown['room-item']),
    }
    const one = journey(waits, marks, await measureFloor(host.alice.page, page))
    await leave(page)
    return one
  } finally {
    await close()
  }
}
