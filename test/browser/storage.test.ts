/** The browser's storage and locks: the contract in each browser, a reload, and two tabs. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STORAGE_CONTRACT } from '../contract/storage.ts'
import { type Browser, type BrowserKind, launch, type Page } from '../support/browsers.ts'
import { type PageServer, servePage } from '../support/page-server.ts'

let server: PageServer

beforeAll(async () => {
  server = await servePage(fileURLToPath(new URL('./storage-page.ts', import.meta.url)))
})
afterAll(() => server?.close())

describe.each<BrowserKind>(['chromium', 'firefox'])('%s', (kind) => {
  let browser: Browser
  let page: Page

  const open = async () => {
    const opened = await browser.open(server.url)
    await opened.waitUntil(() => window.storagePage !== undefined, undefined)
    return opened
  }
  beforeAll(async () => {
    browser = await launch(kind)
    page = await open()
  })
  afterAll(() => browser?.close())

  test.each(STORAGE_CONTRACT)('storage $name', async ({ name }) => {
    expect(await page.evaluate((each) => window.storagePage.failureOf(each), name)).toBeUndefined()
  })

  test('what was put is there after a reload, and in another tab', async () => {
    await page.evaluate(() => window.storagePage.put('card/here', 'me'))
    await page.reload()
    await page.waitUntil(() => window.storagePage !== undefined, undefined)
    const other = await open()
    for (const tab of [page, other])
      expect(await tab.evaluate(() => window.storagePage.get('card/here'))).toBe('me')
    await other.close()
  })

  test('a lock is one tab’s until that gives it back or is closed', async () => {
    const other = await open()
    const take = (tab: Page) => tab.evaluate(() => window.storagePage.take('room'))
    expect(await take(page)).toBe(true)
    expect(await take(other)).toBe(false)
    expect(await take(page)).toBe(false)
    await page.evaluate(() => window.storagePage.giveBack('room'))
    await expect.poll(() => take(other)).toBe(true)
    expect(await take(page)).toBe(false)
    await other.close()
    await expect.poll(() => take(page)).toBe(true)
  })

  test('a tab that waits for a lock gets it in its turn, and one whose patience ends does not', async () => {
    const other = await open()
    const take = (tab: Page) => tab.evaluate(() => window.storagePage.take('stage'))
    const wait = (tab: Page) => tab.evaluate(() => window.storagePage.wait('stage'))
    const waited = (tab: Page) => tab.evaluate(() => window.storagePage.waited())
    const giveBack = (tab: Page) => tab.evaluate(() => window.storagePage.giveBack('stage'))
    await wait(page)
    await expect.poll(() => waited(page)).toBe(true)
    await wait(other)
    expect(await waited(other)).toBeUndefined()
    await giveBack(page)
    await expect.poll(() => waited(other)).toBe(true)
    expect(await take(page)).toBe(false)
    await wait(page)
    await page.evaluate(() => window.storagePage.stopWaiting())
    await expect.poll(() => waited(page)).toBe(false)
    await giveBack(other)
    await expect.poll(() => take(page)).toBe(true)
    await giveBack(page)
    await other.close()
  })
})
