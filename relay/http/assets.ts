import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** One file of the built app, ready to be sent. */
export interface Asset {
  readonly type: string
  /** RFC 9110 §8.8.3, with its quotes. */
  readonly etag: string
  /** Its name changes with its content, so nobody needs to ask again. */
  readonly immutable: boolean
  /** By `Content-Encoding`; the plain bytes are always there, the others where they are smaller. */
  readonly bodies: Readonly<Partial<Record<Encoding, Uint8Array>>> & { readonly identity: Uint8Array }
}

/** RFC 9110 §8.4.1, and RFC 7932 for `br`. */
export type Encoding = 'identity' | 'gzip' | 'br'

/** By the path of the request. Nothing outside of it is ever opened, so no path can lead out of the app's folder. */
export type Assets = ReadonlyMap<string, Asset>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}
const UNKNOWN_TYPE = 'application/octet-stream'

/** Already compressed by their formats. */
const DENSE = new Set(['.png', '.woff2'])

/** Where Vite puts what it names after its content. */
const HASHED = '/assets/'

/** 2 % less dense than 11 in half the time: the relay is back sooner after a restart. */
const BROTLI_QUALITY = 10

/** Reads and compresses a built app; `undefined` when there is none. Names that start with a dot are left out. */
export async function loadAssets(folder: string): Promise<Assets | undefined> {
  const files = await filesIn(folder)
  const loaded = await Promise.all(
    files.map(async (file): Promise<[string, Asset]> => {
      const path = `/${relative(folder, file).split(sep).join('/')}`
      return [path, await assetOf(path, await readFile(file))]
    }),
  )
  const assets = new Map(loaded)
  const index = assets.get('/index.html')
  return index && assets.set('/', index)
}

async function filesIn(folder: string): Promise<string[]> {
  let entries: Awaited<ReturnType<typeof readFolder>>
  try {
    entries = await readFolder(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
}

const readFolder = (folder: string) => readdir(folder, { recursive: true, withFileTypes: true })

async function assetOf(path: string, identity: Buffer): Promise<Asset> {
  const extension = extname(path)
  const type = TYPES[extension] ?? UNKNOWN_TYPE
  const etag = `"${createHash('sha256').update(identity).digest('base64url')}"`
  const immutable = path.startsWith(HASHED)
  if (DENSE.has(extension)) return { type, etag, immutable, bodies: { identity } }
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
    promisify(gzip)(identity),
  ])
  return {
    type,
    etag,
    immutable,
    bodies: {
      identity,
      ...(gz.length < identity.length ? { gzip: gz } : {}),
      ...(br.length < identity.length ? { br } : {}),
    },
  }
}

/** What to send to whoever accepts these encodings (RFC 9110 §12.5.3): the densest that is not refused. */
export function bodyFor(
  asset: Asset,
  acceptEncoding: string,
): { readonly encoding: Encoding; readonly body: Uint8Array } {
  const accepted = new Set(
    acceptEncoding
      .split(',')
      .map((part) =>
        part
          .trim()
          .toLowerCase()
          .split(/\s*;\s*/),
      )
      .filter(([, weight]) => weight === undefined || !/^q=0(\.0*)?$/.test(weight))
      .map(([name]) => name),
  )
  for (const encoding of ['br', 'gzip'] as const) {
    const body = asset.bodies[encoding]
    if (body && accepted.has(encoding)) return { encoding, body }
  }
  return { encoding: 'identity', body: asset.bodies.identity }
}
