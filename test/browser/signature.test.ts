import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { keyText } from '../../protocol/ids.ts'
import { type Browser, type BrowserKind, launch } from '../support/browsers.ts'
import type { Asked, Judged } from '../support/signature-page.ts'
import { unhex } from '../vectors/format.ts'
import { edgeVectors, speccheckVectors, wycheproofVectors } from '../vectors/signatures.ts'

/** SIG-4 in real browsers: their engines differ among themselves, and the rule's verdict does not. */

const vectors = [...edgeVectors(), ...wycheproofVectors(), ...speccheckVectors()]
const asked: readonly Asked[] = vectors.map(({ key, message, signature }) => [key, message, signature])

let server: Server
let url: string
let inNode: readonly string[]

beforeAll(async () => {
  const script = await bundle(join(import.meta.dirname, '../support/signature-page.ts'))
  server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript
        ? script
        : '<!doctype html><meta charset="utf-8"><title>judge</title><script type="module" src="/page.js"></script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const verifier = await platformVerifier()
  inNode = await Promise.all(
    asked.map(async ([key, message, signature]) => {
      const result = await verifier.verify(unhex(signature), unhex(message), keyText(unhex(key)))
      return result.ok ? 'holds' : result.reason
    }),
  )
})

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
})

describe.each<BrowserKind>(['chromium', 'firefox'])('%s', (kind) => {
  let browser: Browser
  let judged: Judged

  beforeAll(async () => {
    browser = await launch(kind)
    const page = await browser.open(url)
    await page.waitUntil(() => typeof window.judge === 'function', undefined)
    judged = await page.evaluate((all: readonly Asked[]) => window.judge(all), asked)
  })

  afterAll(() => browser?.close())

  it('has an engine of its own, which is asked', () => {
    expect(judged.native).toBe(true)
  })

  it('SIG-4 gives the verdict of Node on every vector', () => {
    expect(differences(judged.verdicts)).toEqual([])
  })

  it('SIG-4 gives it without its own engine too', () => {
    expect(differences(judged.withoutNative)).toEqual([])
  })

  it('SIG-4 gives it to all at once', () => {
    expect(differences(judged.inBatch)).toEqual([])
  })
})

/** What was judged otherwise than in Node, by name. */
function differences(verdicts: readonly string[]): readonly string[] {
  expect(verdicts).toHaveLength(vectors.length)
  return vectors.flatMap(({ name }, i) =>
    verdicts[i] === inNode[i] ? [] : [`${name}: ${verdicts[i]}, in Node ${inNode[i]}`],
  )
}

/** One ES module with everything in it. */
async function bundle(entry: string): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2024', lib: { entry, formats: ['es'] } },
  })) as Rolldown.RolldownOutput[]
  const [output] = built
  const [chunk] = output?.output ?? []
  if (chunk?.type !== 'chunk') throw new Error('the page was not bundled')
  return chunk.code
}
