/** The audio mesh with real connections: the contract of the port in each browser, then a link from one browser to the other. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CONNECTIONS_CONTRACT, SHOWN_CERTIFICATE } from '../contract/connections.ts'
import { type Browser, type BrowserKind, launch, type Page } from '../support/browsers.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'

const KINDS = ['chromium', 'firefox'] as const satisfies readonly BrowserKind[]

let server: Server
let url: string
const browsers = new Map<BrowserKind, Browser>()
const pages: Page[] = []

beforeAll(async () => {
  const scripts = await bundle()
  server = createServer((request, response) => {
    const script = scripts.get(request.url ?? '')
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(
      script ?? '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const started = await Promise.all(KINDS.map((kind, i) => launch(kind, { voice: i === 0 ? ALICE : BOB })))
  for (const browser of started) browsers.set(browser.kind, browser)
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
})

afterAll(async () => {
  await Promise.all([...browsers.values()].map((browser) => browser.close()))
  server?.close()
})

/** The page's script and that of its worker, by their paths. */
async function bundle(): Promise<ReadonlyMap<string, string>> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      write: false,
      minify: false,
      target: 'es2024',
      rolldownOptions: {
        input: new URL('./mesh-page.ts', import.meta.url).pathname,
        output: { entryFileNames: 'page.js' },
      },
    },
  })
  const { output } = built as Rolldown.RolldownOutput
  return new Map(
    output.map((file) => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : Buffer.from(file.source).toString(),
    ]),
  )
}

async function open(kind: BrowserKind): Promise<Page> {
  const page = await browsers.get(kind)?.open(url)
  if (page === undefined) throw new Error(`${kind} was not started`)
  pages.push(page)
  await page.waitUntil(() => window.meshPage !== undefined, undefined)
  return page
}

/** What a case of the contract fails with. */
function failureOf(page: Page, name: string): Promise<string | undefined> {
  return page.evaluate(
    (each) =>
      window.meshPage.runCase(each).then(
        () => undefined,
        (error: unknown) => String(error),
      ),
    name,
  )
}

describe.each(KINDS)('connections in %s', (kind) => {
  test('keep the contract', async () => {
    const page = await open(kind)
    for (const { name } of CONNECTIONS_CONTRACT)
      expect.soft(await failureOf(page, name), name).toBeUndefined()
  })
})

test('a browser that shows a certificate only in its statistics shows it too', async () => {
  const page = await open('chromium')
  await page.evaluate(() => {
    Reflect.deleteProperty(RTCDtlsTransport.prototype, 'getRemoteCertificates')
  })
  expect(await failureOf(page, SHOWN_CERTIFICATE)).toBeUndefined()
})

/** Two pages whose signalling goes through here. */
async function connect(
  kinds: readonly [BrowserKind, BrowserKind],
  forged = false,
): Promise<readonly [Page, Page]> {
  const [alice, bob] = await Promise.all(kinds.map(open))
  if (alice === undefined || bob === undefined) throw new Error('two pages')
  await alice.evaluate((lies) => window.meshPage.start('Alice', 'Bob', lies), forged)
  await bob.evaluate(() => window.meshPage.start('Bob', 'Alice', false))
  void carry(alice, bob)
  void carry(bob, alice)
  return [alice, bob]
}

/** Carries the signalling one way, until a page is closed. */
async function carry(from: Page, to: Page): Promise<void> {
  try {
    for (;;) {
      const wire = await from.evaluate(() => window.meshPage.next())
      await to.evaluate((message) => window.meshPage.take(message), wire)
    }
  } catch (error) {
    if (pages.includes(from) && pages.includes(to)) throw error
  }
}

function want(page: Page, send: boolean, receive: boolean): Promise<void> {
  return page.evaluate((part) => window.meshPage.want(part.send, part.receive), { send, receive })
}

function link(page: Page) {
  return page.evaluate(() => window.meshPage.link())
}

/** Waits for speech: well above the noise of a silent microphone. */
async function hears(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.meshPage.level())).toBeGreaterThan(0.02)
}

describe('a link', () => {
  test('from Chromium to Firefox carries both voices, and each only while it may be heard', async () => {
    const [alice, bob] = await connect(['chromium', 'firefox'])
    await want(alice, true, false)
    await want(bob, false, true)
    await hears(bob)
    expect(await link(alice)).toEqual({ state: 'connected', reason: undefined, sounds: false })

    await want(bob, true, true)
    await want(alice, true, true)
    await hears(alice)
    await hears(bob)

    await want(bob, true, false)
    expect((await link(bob)).sounds, 'withdrawn at once').toBe(false)
    await want(bob, false, true)
    await expect.poll(async () => (await link(alice)).sounds).toBe(false)
    await hears(bob)
    expect([...alice.problems, ...bob.problems]).toEqual([])
  })

  test.each([
    ['chromium', 'firefox'],
    ['firefox', 'chromium'],
  ] as const)(
    'from %s, whose certificate is not the signed one, to %s carries nothing',
    async (liar, honest) => {
      const [alice, bob] = await connect([liar, honest], true)
      await want(alice, true, true)
      await want(bob, true, true)
      await expect.poll(async () => (await link(bob)).state).toBe('failed')
      expect(await link(bob)).toEqual({ state: 'failed', reason: 'wrong-fingerprint', sounds: false })
      expect(await bob.evaluate(() => window.meshPage.level())).toBe(0)
    },
  )
})
