/** Signatures verified per second through the one function that decides (protocol/signature.ts), by engine. */

import { createPublicKey, type KeyObject, verify as verifyInNode } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'
import { keyBytes } from '../../protocol/ids.ts'
import { type BrowserKind, launch } from '../support/browsers.ts'
import { against, distribution, type Figure } from './figure.ts'
import {
  type EngineRates,
  measureRates,
  type Rates,
  rateOf,
  signedMessages,
  type Verify,
} from './verify-rate.ts'

const PAGE = fileURLToPath(new URL('verify-page.ts', import.meta.url))

/** A browser at full speed gives noble's batches their time: n batches of 64, on a slow machine too. In milliseconds. */
const BATCH_PATIENCE = 5_000

/** Before the first batch thousands of messages are signed, by noble. In milliseconds. */
const SIGNING_PATIENCE = 30_000

/** @param n batches of each way in each engine */
export async function* verify(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  note('Node')
  yield* figuresOf('Node', await measureRates(n), { 'crypto.verify': await ratesOfNode(n) })
  const page = await servePage()
  try {
    for (const kind of ['chromium', 'firefox'] as const) {
      note(kind)
      yield* figuresOf(kind, await inBrowser(kind, page.url, n))
    }
  } finally {
    await page.close()
  }
}

/**
 * p95 is the rate that 95 % of the batches reached.
 * @param more bare engines beside WebCrypto's
 */
function figuresOf(
  engine: string,
  rates: EngineRates,
  more: Readonly<Record<string, Rates>> = {},
): readonly Figure[] {
  const peers = Object.entries({ 'subtle.verify': rates.bare, ...more }).map(([name, bare]) => ({
    peer: `${engine}, bare ${name} with the key at hand`,
    rates: distribution(bare, 'more'),
  }))
  const noble = distribution(rates.noble, 'more').p50
  const n = rates.bare.length
  const figure = (metric: string, values: Rates): Figure => {
    const spread = distribution(values, 'more')
    const compared = peers.map(({ peer, rates: { p50 } }) => against({ peer }, p50, spread.p50))
    compared.push(against({ peer: `${engine}, noble alone` }, noble, spread.p50))
    return { metric: `${engine}, ${metric}`, unit: '1/s', n, ...spread, compared }
  }
  return [
    ...peers.map(({ peer, rates: bare }): Figure => ({ metric: peer, unit: '1/s', n, ...bare })),
    figure('native and rule', rates.rule),
    figure('native and rule, first signature of a key', rates.first),
    figure('noble alone', rates.noble),
    figure('in batches', rates.batches),
    figure('in batches, keys never seen', rates.firstBatches),
  ]
}

async function ratesOfNode(batches: number): Promise<Rates> {
  const batch = await signedMessages()
  const keys = new Map<string, KeyObject>()
  for (const { publicKey } of batch) keys.set(publicKey, keyObject(keyBytes(publicKey)))
  const bare: Verify = async ({ publicKey, message, signature }) =>
    verifyInNode(null, message, keys.get(publicKey) as KeyObject, signature)
  await rateOf(bare, batch)
  const rates: number[] = []
  while (rates.length < batches) rates.push(await rateOf(bare, batch))
  return rates
}

/** RFC 8037 §2. */
function keyObject(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  })
}

async function inBrowser(kind: BrowserKind, url: string, batches: number): Promise<EngineRates> {
  const browser = await launch(kind)
  try {
    const page = await browser.open(url)
    await page.waitUntil(() => typeof window.measureRates === 'function', undefined)
    // Not one long `evaluate`: the driver gives those a time limit of its own.
    await page.evaluate((wanted) => {
      void window.measureRates(wanted).then((rates) => {
        window.__rates = rates
      })
    }, batches)
    // One batch more comes before those that count.
    const patience = SIGNING_PATIENCE + (batches + 1) * BATCH_PATIENCE
    await page.waitUntil(() => window.__rates !== undefined, undefined, patience)
    return await page.evaluate(() => window.__rates as EngineRates)
  } finally {
    await browser.close()
  }
}

declare global {
  interface Window {
    __rates: EngineRates | undefined
  }
}

/** On localhost, where a page has WebCrypto. */
async function servePage(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const script = await bundle(PAGE)
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript
        ? script
        : '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One ES module with everything in it. */
async function bundle(entry: string): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2024', lib: { entry, formats: ['es'] } },
  })) as Rolldown.RolldownOutput[]
  const [chunk] = built[0]?.output ?? []
  if (chunk?.type !== 'chunk') throw new Error('the page was not bundled')
  return chunk.code
}
