import { parseTilePath } from '../../protocol/log/tile.ts'
import type { TreeFiles } from '../tree/tree-files.ts'

/** A year, in seconds: a tile never changes, and the width of a partial one is in its name. */
const FOREVER = 365 * 24 * 60 * 60

/** What is for everybody, pages of other origins among them: auditors run in browsers too. */
export const FOR_EVERYBODY = {
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
} as const

/** One of the log's static files (KEEP-6), by its path below `/log/`; `undefined` when there is none. */
export async function logFile(files: TreeFiles, path: string): Promise<Response | undefined> {
  if (path === 'checkpoint') {
    const note = await files.readCheckpoint()
    return note && answer(note, 'text/plain; charset=utf-8', 'no-store')
  }
  const tile = parseTilePath(path)
  const bytes = tile.ok ? await files.readTile(tile.value) : undefined
  return bytes && answer(bytes, 'application/octet-stream', `public, max-age=${FOREVER}, immutable`)
}

function answer(bytes: Uint8Array, type: string, cache: string): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'Content-Type': type,
      'Content-Length': String(bytes.length),
      'Cache-Control': cache,
      ...FOR_EVERYBODY,
    },
  })
}
