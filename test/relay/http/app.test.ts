import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { getRequestListener } from '@hono/node-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { createApp, type RelayFacts } from '../../../relay/http/app.ts'
import { type Assets, bodyFor, loadAssets } from '../../../relay/http/assets.ts'
import { Store } from '../../../relay/store.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { Witness } from '../../../relay/witness/witness.ts'
import { NOON, signerOf } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { NOTHING_SUBMITTED } from './submissions.ts'

const FACTS: RelayFacts = {
  peer: '12D3KooWPeer',
  logKey: 'log-key' as KeyText,
  witnessKey: 'witness-key' as KeyText,
  community: null,
  addresses: [],
  relays: [],
  ice: [],
}
const SCRIPT = 'const words = [];\n'.repeat(200)

/** An app that stands in for what Vite builds, beside a file that must stay unseen. */
async function builtApp(): Promise<Assets | undefined> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  mkdirSync(join(folder, 'dist/assets'), { recursive: true })
  for (const [path, content] of [
    ['index.html', '<!doctype html><title>Palabre</title>'],
    ['manifest.webmanifest', '{}'],
    ['.sources', 'digest'],
    ['assets/index-abc123.js', SCRIPT],
    ['assets/icon-abc123.png', 'png'],
  ] as const)
    writeFileSync(join(folder, 'dist', path), content)
  return await loadAssets(join(folder, 'dist'))
}

/** A log of which nothing is published, and a witness that follows none. */
function noLog() {
  const [store, clock] = [new Store(':memory:'), turnedClock(NOON * 1000)]
  const witness = new Witness({ store, verifier: createVerifier(), signer: signerOf('witness'), clock })
  return { log: new TreeFiles(join(temporaryFolder(), 'log')), witness, submissions: NOTHING_SUBMITTED }
}

async function appWith(facts: RelayFacts | undefined = FACTS) {
  const app = createApp({ ...noLog(), assets: await builtApp(), facts: () => facts })
  return (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    if (!headers.has('Host')) headers.set('Host', 'localhost:8080')
    return app.request(path, { ...init, headers })
  }
}

describe('the app', () => {
  test('is at / and is asked for again each time; what is named after its content never is', async () => {
    const get = await appWith()
    const index = await get('/')
    expect(index.status).toBe(200)
    expect(index.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
    expect(index.headers.get('Cache-Control')).toBe('no-cache')
    expect(await index.text()).toContain('<title>Palabre</title>')
    const script = await get('/assets/index-abc123.js')
    expect(script.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
    expect((await get('/manifest.webmanifest')).headers.get('Content-Type')).toContain(
      'application/manifest+json',
    )
    expect((await get('/assets/icon-abc123.png')).headers.get('Content-Type')).toBe('image/png')
  })

  test('travels compressed to those who can read it', async () => {
    const get = await appWith()
    const fetchAs = async (accept: string) => {
      const response = await get('/assets/index-abc123.js', { headers: { 'Accept-Encoding': accept } })
      const body = Buffer.from(await response.arrayBuffer())
      expect(response.headers.get('Content-Length')).toBe(String(body.length))
      expect(response.headers.get('Vary')).toBe('Accept-Encoding')
      return { encoding: response.headers.get('Content-Encoding'), body }
    }
    const br = await fetchAs('gzip, deflate, br')
    expect(br.encoding).toBe('br')
    expect(brotliDecompressSync(br.body).toString()).toBe(SCRIPT)
    const gzip = await fetchAs('gzip;q=0.8, br;q=0')
    expect(gzip.encoding).toBe('gzip')
    expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT)
    const plain = await fetchAs('')
    expect(plain.encoding).toBeNull()
    expect(plain.body.toString()).toBe(SCRIPT)
  })

  test('is not sent again to who has it', async () => {
    const get = await appWith()
    const etag = (await get('/')).headers.get('ETag') ?? ''
    expect(etag).toMatch(/^"[\w-]{43}"$/)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await get('/', { headers: { 'If-None-Match': tag } })
      expect(again.status).toBe(304)
      expect(again.headers.get('ETag')).toBe(etag)
      expect(again.headers.get('Content-Security-Policy')).toBeTruthy()
      expect(await again.text()).toBe('')
    }
    expect((await get('/', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  })

  test('that is not built is told in a sentence, and the relay serves the rest', async () => {
    const app = createApp({
      ...noLog(),
      assets: await loadAssets(join(temporaryFolder(), 'none')),
      facts: () => FACTS,
    })
    const index = await app.request('/', { headers: { Host: 'localhost' } })
    expect(index.status).toBe(503)
    expect(await index.json()).toEqual({
      error: 'app-not-built',
      message: 'The web app is not built: run npm run build.',
    })
    expect((await app.request('/healthz', { headers: { Host: 'localhost' } })).status).toBe(200)
  })
})

describe('every answer', () => {
  test.each(['/', '/healthz', '/.well-known/palabre/relay.json', '/nowhere'])(
    'of %s carries the rules',
    async (path) => {
      const { headers } = await (await appWith())(path)
      expect(headers.get('Content-Security-Policy')?.split('; ')).toEqual([
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self' ws://localhost:8080 wss://localhost:8080",
        "media-src 'self' blob: mediastream:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ])
      expect(headers.get('Permissions-Policy')).toContain('microphone=(self)')
      expect(headers.get('Permissions-Policy')).toContain('camera=()')
      expect(headers.get('Referrer-Policy')).toBe('no-referrer')
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
      expect(headers.get('X-Powered-By')).toBeNull()
    },
  )

  test('names the sockets under which the relay is announced, and nothing that a Host could smuggle in', async () => {
    const get = await appWith({
      ...FACTS,
      addresses: [
        '/dns4/relay.example.org/tcp/443/tls/ws/p2p/12D3KooWPeer',
        '/ip6/::1/tcp/9/ws/p2p/12D3KooWPeer',
      ],
    })
    const policy = (await get('/')).headers.get('Content-Security-Policy')
    expect(policy).toContain(
      'connect-src ' +
        "'self' ws://localhost:8080 wss://localhost:8080 wss://relay.example.org:443 ws://[::1]:9;",
    )
    for (const host of ["a; script-src 'unsafe-inline'", 'a b', 'a/b', '', 'a,b']) {
      const refused = await get('/', { headers: { Host: host } })
      expect([refused.status, refused.headers.get('Content-Security-Policy')]).toEqual([400, null])
    }
    const v6 = await get('/', { headers: { Host: '[::1]:8080' } })
    expect(v6.headers.get('Content-Security-Policy')).toContain('ws://[::1]:8080')
  })

  test('to another method is 405, to another path 404, both with a code', async () => {
    const get = await appWith()
    const post = await get('/', { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('Allow'), await post.json()]).toEqual([
      405,
      'GET, HEAD',
      { error: 'method-not-allowed' },
    ])
    const missing = await get('/nowhere')
    expect([missing.status, await missing.json()]).toEqual([404, { error: 'not-found' }])
    const head = await get('/', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})

describe('what strangers are told', () => {
  test('how to reach the relay, and nothing else', async () => {
    const get = await appWith()
    const response = await get('/.well-known/palabre/relay.json')
    expect(await response.json()).toEqual({ version: 1, ...FACTS })
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(response.headers.get('Content-Type')).toContain('application/json')
  })

  test('that it lives and whether it is ready', async () => {
    const get = await appWith()
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' })
  })

  test('that it is not ready yet', async () => {
    const app = createApp({ ...noLog(), assets: undefined, facts: () => undefined })
    const get = (path: string) => app.request(path, { headers: { Host: 'localhost' } })
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/readyz')).status).toBe(503)
    expect((await get('/.well-known/palabre/relay.json')).status).toBe(503)
  })
})

test('no path leads out of the app’s folder, nor to its hidden files', async () => {
  const app = createApp({ ...noLog(), assets: await builtApp(), facts: () => FACTS })
  const server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  for (const path of [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//etc/passwd',
    '/.sources',
    '/assets',
    '/assets/',
    '/%00',
    '/%',
  ]) {
    const answer = await raw(server, path)
    expect(answer, path).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(answer, path).not.toContain('secret')
    expect(answer, path).not.toContain('digest')
  }
  expect(await raw(server, '/')).toMatch(/^HTTP\/1\.1 200 /)
})

test('an encoding is used only where it is smaller', () => {
  const identity = Buffer.from('x')
  const asset = { type: 'text/plain', etag: '""', immutable: false, bodies: { identity } }
  expect(bodyFor(asset, 'br, gzip')).toEqual({ encoding: 'identity', body: identity })
})

/** One request as it stands: `fetch` would tidy the path. */
function raw(server: Server, path: string): Promise<string> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
    )
    socket.on('data', (data) => {
      answer += data.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
