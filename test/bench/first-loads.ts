/** The three first screens: each loaded for the first time from a real relay, by somebody whose screen it is. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch } from '../support/browsers.ts'
import { Person } from '../support/person.ts'
import { ALICE } from '../support/recordings/recordings.ts'
import { startRelayProcess } from '../support/relay-process.ts'
import type { TestId } from '../support/testids.ts'
import { ensureApp } from './app.ts'
import { type FirstLoad, firstLoad } from './first-load.ts'

export interface FirstLoads {
  /** A stranger, on a relay with a community. */
  readonly welcome: FirstLoad
  /** A newcomer. */
  readonly invitation: FirstLoad
  /** A member whose browser has lost its cache, and nothing else. */
  readonly rooms: FirstLoad
}

/** Where Chromium keeps what it fetched, in a profile. */
const CACHES = ['Default/Cache', 'Default/Code Cache']

/** Loads them all, in Chromium, in English. */
export async function measureFirstLoads(): Promise<FirstLoads> {
  await ensureApp()
  const profile = await mkdtemp(join(tmpdir(), 'palabre-member-'))
  const relay = await startRelayProcess()
  try {
    const link = await foundAndInvite(profile, relay.foundingLink ?? '')
    await Promise.all(CACHES.map((cache) => rm(join(profile, cache), { recursive: true })))
    return {
      welcome: await load(relay.origin, 'welcome'),
      invitation: await load(link, 'invitation'),
      rooms: await load(relay.origin, 'room-open', profile),
    }
  } finally {
    await relay.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function foundAndInvite(profile: string, foundingLink: string): Promise<string> {
  const browser = await launch('chromium', { profile })
  try {
    const alice = new Person(ALICE, browser)
    await alice.found(foundingLink, 'Le Baobab')
    return await alice.invite()
  } finally {
    await browser.close()
  }
}

async function load(url: string, screen: TestId, profile?: string): Promise<FirstLoad> {
  const browser = await launch('chromium', profile === undefined ? {} : { profile })
  try {
    return await firstLoad(await browser.open('about:blank'), url, screen)
  } finally {
    await browser.close()
  }
}
