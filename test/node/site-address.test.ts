import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askSite, parseSite } from '../../node/site-address.ts'
import { signerOf } from '../support/community.ts'
import { PATIENCE } from '../support/patience.ts'

const ORIGIN = new URL('https://palabre.example')
const DOCUMENT = {
  version: 1,
  peer: '12D3KooWExample',
  logKey: signerOf('log').publicKey,
  community: signerOf('any 32 bytes').publicKey,
  addresses: [],
  ice: [],
}
const site = (change: object, origin = ORIGIN) =>
  parseSite(origin, JSON.stringify({ ...DOCUMENT, ...change }))

describe('a relay’s document', () => {
  test('is read', () => {
    expect(site({ later: 'fields are for later versions' })).toEqual({
      origin: 'https://palabre.example',
      relay: DOCUMENT.peer,
      addresses: ['/dns/palabre.example/tcp/443/tls/ws/p2p/12D3KooWExample'],
      others: [],
      logKey: DOCUMENT.logKey,
      iceServers: [],
      community: DOCUMENT.community,
    })
    expect(site({ relays: ['/dns/r/tcp/443/tls/ws/p2p/y'] })?.others).toEqual(['/dns/r/tcp/443/tls/ws/p2p/y'])
    expect(site({ relays: [3] })).toBeUndefined()
    expect(site({ community: null })?.community).toBeUndefined()
    const ice = [{ urls: ['turn:turn.example', 'turns:turn.example'], username: 'u', credential: 'c' }]
    expect(site({ ice })?.iceServers).toEqual(ice)
    expect(site({ addresses: ['/dns/r/tcp/443/tls/ws/p2p/x'] })?.addresses).toEqual([
      '/dns/r/tcp/443/tls/ws/p2p/x',
    ])
  })

  test.each([
    ['http://localhost:8080', '/dns/localhost/tcp/8080/ws'],
    ['http://127.0.0.1:80', '/ip4/127.0.0.1/tcp/80/ws'],
    ['http://[::1]:8080', '/ip6/::1/tcp/8080/ws'],
    ['https://a.example:8443', '/dns/a.example/tcp/8443/tls/ws'],
  ])('without addresses the relay is where its page is: %s', (origin, address) => {
    expect(site({}, new URL(origin))?.addresses).toEqual([`${address}/p2p/12D3KooWExample`])
  })

  test.each([
    { version: 2 },
    { version: undefined },
    { peer: 7 },
    { logKey: 'short' },
    { logKey: `${DOCUMENT.logKey.slice(0, 42)}B` },
    { community: 'short' },
    { community: undefined },
    { addresses: undefined },
    { addresses: [7] },
    { ice: undefined },
    { ice: [{ urls: 'https://elsewhere.example' }] },
    { ice: [{ urls: [] }] },
    { ice: [null] },
    { ice: [{ urls: 'turn:t', username: 7 }] },
  ])('is none with %j', (change) => {
    expect(site(change)).toBeUndefined()
  })

  test.each(['', 'null', '[]', '"text"', '{', '<!doctype html>'])('is none as %j', (text) => {
    expect(parseSite(ORIGIN, text)).toBeUndefined()
  })
})

describe('asking a site', () => {
  async function serving(status: number, body: string): Promise<URL> {
    const server = createServer((request, response) => {
      expect(request.url).toBe('/.well-known/palabre/relay.json')
      response.writeHead(status).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/#/i/secret`)
  }
  const signal = () => AbortSignal.timeout(PATIENCE)

  test('gives what it says', async () => {
    const origin = await serving(200, JSON.stringify(DOCUMENT))
    expect(await askSite(origin, signal())).toMatchObject({ origin: origin.origin, relay: DOCUMENT.peer })
  })

  test.each([
    [503, '{"error":"not-ready"}', 'relay-unreachable'],
    [404, 'not found', 'relay-unreachable'],
    [200, '<!doctype html>', 'internal'],
    [200, `${JSON.stringify(DOCUMENT)}${' '.repeat(20_000)}`, 'internal'],
  ])('fails with status %i and %j', async (status, body, code) => {
    await expect(askSite(await serving(status, body), signal())).rejects.toMatchObject({ code })
  })

  test('fails when nobody answers', async () => {
    await expect(askSite(new URL('http://127.0.0.1:9'), signal())).rejects.toMatchObject({
      code: 'relay-unreachable',
    })
    await expect(askSite(await serving(200, ''), AbortSignal.abort())).rejects.toMatchObject({
      code: 'relay-unreachable',
    })
  })
})
