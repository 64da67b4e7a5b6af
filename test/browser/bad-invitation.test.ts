/** What a person sees whose link lets nobody in: a plain sentence in their language, with a stable code, and nothing is stored. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpSource } from '../../node/audit/http-source.ts'
import type { PeerErrorCode } from '../../node/errors.ts'
import type { StatementId } from '../../protocol/ids.ts'
import { messages as english } from '../../web/messages/en.ts'
import { messages as french } from '../../web/messages/fr.ts'
import { audit } from '../scenario/ledger/auditor.ts'
import { type Browser, launch, type Page } from '../support/browsers.ts'
import { foundCommunity, invite, signerOf } from '../support/community.ts'
import { PATIENCE } from '../support/patience.ts'
import { codeFor, type SeededRelay, startSeededRelay, storedBy } from '../support/seeded-relay.ts'
import { at, TESTIDS } from '../support/testids.ts'

const CATALOGUES = { en: english, fr: french }

let seeded: SeededRelay
let browser: Browser
let page: Page
let before: unknown
/** The fragment of each link. */
let links: Record<string, string>

beforeAll(async () => {
  ;[seeded, browser] = await Promise.all([startSeededRelay(), launch('chromium')])
  before = storedBy(seeded.relay)
  const { invitations } = seeded
  const good = codeFor(invitations.good)
  const eve = (await foundCommunity(signerOf('another log').publicKey, seeded.at, 'Eve')).founder
  links = {
    damaged: `i/${good.slice(0, 40)}`,
    foreign: `i/${codeFor(await invite(eve, 0, seeded.at))}`,
    expired: `i/${codeFor(invitations.expired)}`,
    used: `i/${codeFor(invitations.used)}`,
    unknown: `i/${codeFor(invitations.unknown)}`,
    founding: 'found/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  }
  page = await browser.open(seeded.relay.origin)
})

afterAll(async () => {
  await browser?.close()
  await seeded?.relay.close()
})

const REFUSED: readonly (readonly [link: string, code: PeerErrorCode])[] = [
  ['damaged', 'invitation-damaged'],
  ['foreign', 'invitation-foreign'],
  ['expired', 'invitation-expired'],
  ['used', 'invitation-used'],
  ['unknown', 'invitation-unknown'],
  ['founding', 'already-founded'],
]

/** Opens a link as one opens it from a message: a page of its own. */
async function follow(fragment: string): Promise<void> {
  await page.goto('about:blank')
  await page.goto(`${seeded.relay.origin}/#/${fragment}`)
}

/** The copy of the ledger, which says nothing of who reads it: entries, that they were verified, and the log's checkpoints. */
const OF_THE_LEDGER = /^(ledger|judged|checkpoint)\//

/** What this browser keeps of the site, but for the language that the person chose. */
function kept(): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases()
    const keys = await Promise.all(
      databases.map(
        ({ name }) =>
          new Promise<string[]>((resolve, reject) => {
            const request = indexedDB.open(name as string)
            request.onerror = () => reject(request.error)
            request.onsuccess = () => {
              const stores = [...request.result.objectStoreNames]
              if (stores.length === 0) return resolve([])
              const all = request.result
                .transaction(stores)
                .objectStore(stores[0] as string)
                .getAllKeys()
              all.onsuccess = () => {
                request.result.close()
                resolve(all.result.map(String))
              }
            }
          }),
      ),
    )
    return [...keys.flat(), ...Object.keys(localStorage).filter((key) => key !== 'palabre.language')]
  })
}

async function nothingChanged(): Promise<void> {
  expect(await kept()).toEqual([])
  expect(storedBy(seeded.relay)).toEqual(before)
}

describe.each(['en', 'fr'] as const)('in the language %s', (locale) => {
  const { errors } = CATALOGUES[locale]
  const sentence = (code: PeerErrorCode) => `${at(TESTIDS.errorSentence)}[data-code="${code}"]`

  beforeAll(() => page.evaluate((chosen) => localStorage.setItem('palabre.language', chosen), locale))

  it.each(REFUSED)('a link that is %s says so', async (link, code) => {
    await follow(links[link] as string)
    await page.waitFor(sentence(code))
    expect((await page.text(sentence(code))).trim()).toBe(errors[code])
    await nothingChanged()
    // Trying again could not help.
    expect(await page.evaluate((retry) => document.querySelector(retry), at(TESTIDS.retry))).toBe(null)
    // The way back.
    await page.click('header a')
    await page.waitFor(at(TESTIDS.needInvitation))
    await nothingChanged()
  })

  it('an invitation for somebody else says so when one uses it, and no membership is kept', async () => {
    await follow(`i/${codeFor(seeded.invitations.bound)}`)
    await page.fill(at(TESTIDS.joinName), 'Somebody')
    await page.click(at(TESTIDS.joinSubmit))
    await page.click(at(TESTIDS.phraseConfirm))
    await page.click(at(TESTIDS.phraseEnter))
    await page.waitFor(sentence('invitation-not-for-you'))
    expect((await page.text(sentence('invitation-not-for-you'))).trim()).toBe(
      errors['invitation-not-for-you'],
    )
    expect((await kept()).filter((key) => !OF_THE_LEDGER.test(key))).toEqual([])
    expect(storedBy(seeded.relay)).toEqual(before)
    await page.reload()
    // They are still nobody: the invitation is read once more.
    await page.waitFor(at(TESTIDS.invitation))
    await page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const open = indexedDB.open('palabre')
          open.onsuccess = () => {
            const transaction = open.result.transaction('values', 'readwrite')
            transaction.objectStore('values').clear()
            transaction.oncomplete = () => {
              open.result.close()
              resolve()
            }
          }
        }),
    )
  })
})

it('LEAK-1: who did not use their link says so, and the ledger shows that two people had it', async () => {
  const size = () => (storedBy(seeded.relay) as { entries: readonly unknown[] }).entries.length
  const entries = size()
  await follow(links.used as string)
  await page.click(at(TESTIDS.leakReport))
  await page.waitFor(at(TESTIDS.leakReported))
  await expect.poll(size, { timeout: PATIENCE }).toBe(entries + 1)
  // Said again, it is no news.
  await follow(links.used as string)
  await page.click(at(TESTIDS.leakReport))
  await page.waitFor(at(TESTIDS.leakReported))
  // What the log took it signs some seconds later (KEEP-2).
  const published = async () => {
    const { state, findings } = await audit(httpSource(new URL('/log/', seeded.relay.origin)))
    const used = state?.invitations.get(seeded.invitations.used.envelope.id as StatementId)
    return { findings, leaked: used?.leaked }
  }
  await expect.poll(published, { timeout: PATIENCE }).toEqual({ findings: [], leaked: true })
  expect(size()).toBe(entries + 1)
  expect(await kept()).toEqual([])
})

it('after a bad link, a good one opens in the same tab', async () => {
  await follow(links.used as string)
  await page.waitFor(at(TESTIDS.errorSentence))
  await page.evaluate((fragment) => location.assign(`#/${fragment}`), `i/${codeFor(seeded.invitations.good)}`)
  await page.waitFor(at(TESTIDS.invitation))
  expect(await page.text(at(TESTIDS.invitationSponsor))).toContain('Alice')
})

it('no page of these had a problem of its own', () => {
  expect(page.problems).toEqual([])
})
