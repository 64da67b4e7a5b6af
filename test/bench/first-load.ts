/** What a browser fetches of the app before a screen is there: asked of the browser itself, weighed as compressed bytes. */

import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Page } from '../support/browsers.ts'
import { at, type TestId } from '../support/testids.ts'
import { STOPWATCH_SCRIPT } from './stopwatch.ts'

/** The first load in bytes of brotli, now. Bare js-libp2p with what we need of it is 138 kB; the next limit is 160. */
export const FIRST_LOAD_LIMIT = 180_000

/** One resource, in bytes of its body. */
export interface Fetched {
  /** Path on the relay. */
  readonly path: string
  /** As the relay sent it: brotli of quality 10. */
  readonly sent: number
  /** Brotli of quality 11. */
  readonly brotli: number
  /** Gzip of level 9. */
  readonly gzip: number
  readonly plain: number
}

export interface FirstLoad {
  /** Asked for before the screen was drawn: nothing on the screen needed more. */
  readonly before: readonly Fetched[]
  /** Asked for after that, until the page was quiet. */
  readonly after: readonly Fetched[]
}

/** A page that fetched nothing for so long, in milliseconds, is quiet. */
const QUIET_MS = 1000

/** Opens `url` on a page whose browser has none of it in its cache. @param screen what must be there */
export async function firstLoad(page: Page, url: string, screen: TestId): Promise<FirstLoad> {
  await page.addInitScript(STOPWATCH_SCRIPT)
  await page.goto(url)
  await page.waitFor(at(screen))
  await page.waitUntil(
    ({ quiet, id }) => {
      const last = performance.getEntriesByType('resource').at(-1) as PerformanceResourceTiming | undefined
      return (
        window.__stopwatch.shown[id] !== undefined && performance.now() - (last?.responseEnd ?? 0) > quiet
      )
    },
    { quiet: QUIET_MS, id: screen },
  )
  const entries = await page.evaluate((id: string) => {
    const drawn = window.__stopwatch.shown[id] as number
    const all = [
      ...performance.getEntriesByType('navigation'),
      ...performance.getEntriesByType('resource'),
    ] as PerformanceResourceTiming[]
    return all.map(({ name, startTime, encodedBodySize, transferSize }) => ({
      name,
      isBefore: startTime <= drawn,
      sent: encodedBodySize,
      cached: transferSize === 0,
    }))
  }, screen)
  const cached = entries.filter((entry) => entry.cached)
  if (cached.length > 0) throw new Error(`the cache was not empty: ${cached.map(({ name }) => name)}`)

  const weighed = await Promise.all(
    entries.map(async ({ name, sent, isBefore }) => {
      const body = new Uint8Array(await (await fetch(name)).arrayBuffer())
      const fetched: Fetched = {
        path: new URL(name).pathname,
        sent,
        brotli: brotliCompressSync(body, {
          params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
        }).length,
        gzip: gzipSync(body, { level: constants.Z_BEST_COMPRESSION }).length,
        plain: body.length,
      }
      return { isBefore, fetched }
    }),
  )
  return {
    before: weighed.filter(({ isBefore }) => isBefore).map(({ fetched }) => fetched),
    after: weighed.filter(({ isBefore }) => !isBefore).map(({ fetched }) => fetched),
  }
}

/** All of them together. */
export function weigh(all: readonly Fetched[], by: Exclude<keyof Fetched, 'path'>): number {
  return all.reduce((sum, each) => sum + each[by], 0)
}
