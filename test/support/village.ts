import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build } from 'vite'

const house = join(import.meta.dirname, '../..')

/** As strict as a site can be that loads nothing of others: what breaks under it needs something it should not. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}

/** The app over the village in memory, built from the sources of today and served from memory. */
export async function openVillage(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const built = await build({
    root: join(house, 'test/support/village'),
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    build: { write: false, target: 'es2024', reportCompressedSize: false },
  })
  if (!('output' in built)) throw new Error('one build has one output')
  const files = new Map<string, string | Uint8Array>(
    built.output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]),
  )

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const path = pathname === '/' ? '/index.html' : pathname
    const file = files.get(path) ?? (await readFile(join(house, 'web/public', path)).catch(() => undefined))
    if (file === undefined) return response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    })
    return response.end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    // `localhost` is a secure context: the clipboard and the microphone exist.
    url: `http://localhost:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
