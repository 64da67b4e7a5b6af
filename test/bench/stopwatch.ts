/** A clock inside the page that notes when things first are there, without touching what it watches. */

import type { Page } from '../support/browsers.ts'
import { at, type TestId } from '../support/testids.ts'

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
  /** Resolves to `performance.now()` at the first energy in the track. */
  energyIn(track: MediaStreamTrack): Promise<number>
}

declare global {
  interface Window {
    __stopwatch: Stopwatch
    /** MediaStreamTrack Insertable Media Processing §4: of sound, in windows, in Chromium alone, hence not in lib.dom. */
    MediaStreamTrackProcessor: new (init: {
      readonly track: MediaStreamTrack
    }) => { readonly readable: ReadableStream<AudioData> }
  }
}

/** For `addInitScript`. Chromium only: it reads tracks with `MediaStreamTrackProcessor`. */
export const STOPWATCH_SCRIPT = `(${install.toString()})(${JSON.stringify(at('voice'))})`

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
  /** Root mean square of a block of 10 ms, full scale = 1: 20 dB under quiet speech, 20 dB over Opus's comfort noise. */
  const ENERGY = 0.002
  /** How often a voice's element is looked at until it has its stream, in milliseconds. */
  const LOOK_MS = 2

  const stopwatch: Stopwatch = { shown: {}, pressed: {}, sounded: undefined, energyIn }
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
    void energyIn(track).then((when) => {
      stopwatch.sounded = when
    })
  }, LOOK_MS)

  /**
   * Of a copy of what the element plays: a remote track runs only while something plays it, so this is no sooner than
   * the person hears, and needs no audio graph that would wake the sound card early.
   */
  async function energyIn(track: MediaStreamTrack): Promise<number> {
    const reader = new window.MediaStreamTrackProcessor({ track }).readable.getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) throw new Error('the track ended in silence')
      const samples = new Float32Array(value.numberOfFrames)
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
      value.close()
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
      if (Math.sqrt(power) < ENERGY) continue
      const when = performance.now()
      void reader.cancel()
      return when
    }
  }
}
