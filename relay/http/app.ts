import { Hono } from 'hono'
import type { CommunityId, KeyText } from '../../protocol/ids.ts'
import type { IceServer } from '../config/parse.ts'
import { PASSED, PROFILE_PATH, STATEMENT_PATH } from '../passing.ts'
import type { TreeFiles } from '../tree/tree-files.ts'
import type { Witness } from '../witness/witness.ts'
import { type Asset, type Assets, bodyFor } from './assets.ts'
import { FOR_EVERYBODY, logFile } from './log-files.ts'
import { readHost, securityHeaders } from './security.ts'
import { type SubmissionParts, submit } from './submission-door.ts'
import { addCheckpoint, cosignedCheckpoint } from './witness-door.ts'

/** A year, in seconds: what is named after its content never changes. */
const FOREVER = 365 * 24 * 60 * 60

/** What the relay tells anybody who asks: how to reach it, and which community it is for, by its id. */
export interface RelayFacts {
  /** PeerId. */
  readonly peer: string
  readonly logKey: KeyText
  /** Under which it cosigns the checkpoints of other logs. */
  readonly witnessKey: KeyText
  readonly community: CommunityId | null
  /** Multiaddrs under which it was announced; none means that of the page. */
  readonly addresses: readonly string[]
  /** Multiaddrs of other relays of the community. */
  readonly relays: readonly string[]
  readonly ice: readonly IceServer[]
}

export interface HttpParts {
  /** `undefined` when the app is not built. */
  readonly assets: Assets | undefined
  /** The log of the community. */
  readonly log: TreeFiles
  readonly witness: Witness
  readonly submissions: SubmissionParts
  /** `undefined` while the relay starts or stops. */
  facts(): RelayFacts | undefined
}

/** Everything on the port that is no WebSocket: the app, and what is going on. Refusals are JSON with a stable code. */
export function createApp({ assets, log, witness, submissions, facts }: HttpParts): Hono {
  const app = new Hono()

  app.use(async (context, next) => {
    const host = readHost(context.req.header('Host'))
    if (host === undefined) return context.json({ error: 'host-invalid' }, 400)
    await next()
    const { addresses = [], relays: others = [] } = facts() ?? {}
    const relays = [...addresses, ...others].flatMap((address) => socketOrigin(address) ?? [])
    for (const [name, value] of Object.entries(securityHeaders(host, relays)))
      if (!context.res.headers.has(name)) context.res.headers.set(name, value)
    if (!context.res.headers.has('Cache-Control')) context.res.headers.set('Cache-Control', 'no-store')
    return undefined
  })

  app.post('/witness/add-checkpoint', (context) => addCheckpoint(witness, context.req.raw))
  for (const path of [STATEMENT_PATH, PROFILE_PATH] as const)
    app.post(path, ({ req }) => submit(submissions, path, req.query(PASSED) !== undefined, req.raw))

  app.use(async (context, next) => {
    if (context.req.method === 'GET' || context.req.method === 'HEAD') return await next()
    return context.json({ error: 'method-not-allowed' }, 405, { Allow: 'GET, HEAD' })
  })

  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', (context) =>
    facts() ? context.json({ status: 'ready' }) : context.json({ status: 'not-ready' }, 503),
  )
  app.get('/.well-known/palabre/relay.json', (context) => {
    const known = facts()
    return known ? context.json({ version: 1, ...known }) : context.json({ error: 'not-ready' }, 503)
  })
  app.get('/log/*', async (context) => {
    const file = await logFile(log, context.req.path.slice('/log/'.length))
    return file ?? context.json({ error: 'not-found' }, 404, FOR_EVERYBODY)
  })
  app.get('/witness/:origin/checkpoint', (context) => {
    const note = cosignedCheckpoint(witness, context.req.param('origin'))
    return note ?? context.json({ error: 'not-found' }, 404, FOR_EVERYBODY)
  })
  app.get('*', (context) => {
    if (assets === undefined && context.req.path === '/')
      return context.json(
        { error: 'app-not-built', message: 'The web app is not built: run npm run build.' },
        503,
      )
    const asset = assets?.get(context.req.path)
    if (asset === undefined) return context.json({ error: 'not-found' }, 404)
    return sendAsset(asset, context.req.raw.headers)
  })
  return app
}

function sendAsset(asset: Asset, request: Headers): Response {
  const headers = new Headers({
    ETag: asset.etag,
    Vary: 'Accept-Encoding',
    'Cache-Control': asset.immutable ? `public, max-age=${FOREVER}, immutable` : 'no-cache',
  })
  if (matches(asset.etag, request.get('If-None-Match'))) return new Response(null, { status: 304, headers })
  const { encoding, body } = bodyFor(asset, request.get('Accept-Encoding') ?? '')
  headers.set('Content-Type', asset.type)
  headers.set('Content-Length', String(body.byteLength))
  if (encoding !== 'identity') headers.set('Content-Encoding', encoding)
  return new Response(body as Uint8Array<ArrayBuffer>, { headers })
}

/** RFC 9110 §13.1.2, weak comparison: a proxy that compresses weakens our tag. */
function matches(etag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
}

/** `/dns4/host/tcp/443/tls/ws` as a source of a policy; `undefined` for what no page can open. */
function socketOrigin(address: string): string | undefined {
  const [, kind, host, tcp, port, ...rest] = address.split('/')
  if (tcp !== 'tcp' || kind === undefined || host === undefined) return undefined
  const secure = rest[0] === 'wss' || (rest[0] === 'tls' && rest[1] === 'ws')
  const named = readHost(`${kind === 'ip6' ? `[${host}]` : host}:${port}`)
  return named && `${secure ? 'wss' : 'ws'}://${named}`
}
