/** A clock inside the page that notes when things first are there, without touching what it watches. */

import type { Page } from '../support/browsers.ts'
import { at, type TestId } from '../support/testids.ts'
import { installEnergy } from './energy.ts'

/** All in milliseconds since the navigation to the page began. */
export interface Marks {
  /** When each control was first on a drawn frame. */
  readonly shown: Readonly<Partial<Record<TestId, number>>>
  /** When each was last pressed, by the time of the input event. */
  readonly pressed: Readonly<Partial<Record<TestId, number>>>
  /** When a voice that the page plays first had energy. */
  readonly sounded: number | undefined
}

interface Stopwatch {
  shown: Record<string, number>
  pressed: Record<string, number>
  sounded: number | undefined
}

declare global {
  interface Window {
    __stopwatch: Stopwatch
  }
}

/** For `addInitScript`, in Chromium. */
export const STOPWATCH_SCRIPT = `(${installEnergy.toString()})();(${install.toString()})(${JSON.stringify(at('voice'))})`

export async function marksOf(page: Page): Promise<Marks> {
  const { shown, pressed, sounded } = await page.evaluate(() => {
    const { shown, pressed, sounded } = window.__stopwatch
    return { shown, pressed, sounded }
  })
  return { shown, pressed, sounded }
}

/** Waits until the page has sounded. */
export async function untilSounded(page: Page): Promise<void> {
  await page.waitUntil(() => window.__stopwatch.sounded !== undefined, undefined)
}

/** Runs in the page before any of its scripts; may use nothing from outside itself. */
function install(voice: string): void {
  /** How often a voice's element is looked at until it has its stream, in milliseconds. */
  const LOOK_MS = 2

  const stopwatch: Stopwatch = { shown: {}, pressed: {}, sounded: undefined }
  window.__stopwatch = stopwatch

  const seen = new Set<string>()
  new MutationObserver(() => {
    for (const { dataset } of document.querySelectorAll<HTMLElement>('[data-testid]')) {
      const { testid } = dataset
      if (testid === undefined || seen.has(testid)) continue
      seen.add(testid)
      requestAnimationFrame(() => {
        stopwatch.shown[testid] = performance.now()
      })
    }
  }).observe(document, { childList: true, subtree: true })

  document.addEventListener(
    'click',
    ({ target, timeStamp }) => {
      const control = target instanceof Element ? target.closest<HTMLElement>('[data-testid]') : null
      if (control?.dataset.testid !== undefined) stopwatch.pressed[control.dataset.testid] = timeStamp
    },
    { capture: true },
  )

  const look = setInterval(() => {
    const stream = document.querySelector<HTMLAudioElement>(voice)?.srcObject
    const [track] = stream instanceof MediaStream ? stream.getAudioTracks() : []
    if (track === undefined) return
    clearInterval(look)
    void window.__energyIn(track).then((when) => {
      stopwatch.sounded = when
    })
  }, LOOK_MS)
}
