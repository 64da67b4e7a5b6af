/** Whoever comes to listen, in a Chromium of their own whose page carries nothing but the stopwatch. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '../support/browsers.ts'
import { launchChromium } from '../support/browsers-chromium.ts'
import { at, TESTIDS } from '../support/testids.ts'
import { STOPWATCH_SCRIPT } from './stopwatch.ts'

export interface Guest {
  readonly page: Page
  /** Ends every process of theirs. */
  close(): Promise<void>
}

/**
 * Starts a browser with a fresh profile, on an empty page. Without a sound card it plays into nothing, block by block. The lab's card, when it was just
 * opened, takes up to two seconds of sound at once and then nothing for as long, which would be measured instead of the app.
 */
export async function sitDown(): Promise<Guest> {
  const scratch = await mkdtemp(join(tmpdir(), 'palabre-guest-'))
  const browser = await launchChromium({
    profile: join(scratch, 'profile'),
    env: { PATH: process.env.PATH ?? '', HOME: scratch, XDG_RUNTIME_DIR: scratch },
    microphone: 'allow',
    language: 'en',
    viewport: { width: 1280, height: 800 },
  })
  const page = await browser.open()
  await page.addInitScript(STOPWATCH_SCRIPT)
  return {
    page,
    async close() {
      await browser.close()
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** From the link to the list of rooms, as fast as the screens allow. */
export async function comeIn(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.fill(at(TESTIDS.joinName), 'Guest')
  await page.click(at(TESTIDS.joinSubmit))
  await page.click(at(TESTIDS.phraseConfirm))
  await page.click(at(TESTIDS.phraseEnter))
  await page.waitFor(at(TESTIDS.roomOpen))
}

/** Goes out of the room, so that the next measurement does not find an absent person in it. */
export async function leave(page: Page): Promise<void> {
  await page.click(at(TESTIDS.leave))
  await page.waitFor(at(TESTIDS.roomOpen))
}
