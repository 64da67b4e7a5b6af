import { MAX_BUNDLE_BYTES, MAX_NOTE_BYTES } from '../../protocol/limits.ts'
import { HASH_BYTES } from '../../protocol/log/merkle.ts'
import { TILE_WIDTH, type Tile, tilePath, tileWidth } from '../../protocol/log/tile.ts'
import { type LedgerSource, SourceError } from './source.ts'

/** Static files by their path, relative to where the log is served: in a folder, or on a web server. */
export interface Files {
  readonly name: string
  /** `undefined` when there is no such file. Throws SourceError when that cannot be known, or when it has more bytes. */
  read(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>
}

/** Bundles that are asked for before they are needed: a road of 100 ms then carries some 20,000 entries a second. */
const READ_AHEAD = 8

/** A log as static files (c2sp.org/tlog-tiles). */
export function tileSource(files: Files): LedgerSource {
  /** A tile of the width that was asked for. Once it is full, a log may have only the full one. */
  async function read(tile: Tile, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const most = tile.level === 'entries' ? MAX_BUNDLE_BYTES : TILE_WIDTH * HASH_BYTES
    const bytes = await files.read(tilePath(tile), most, signal)
    if (bytes !== undefined || tile.width === TILE_WIDTH) return bytes
    const full = await files.read(tilePath({ ...tile, width: TILE_WIDTH }), most, signal)
    return full && narrowed(full, tile)
  }

  return {
    name: files.name,
    async checkpoint(signal) {
      const bytes = await files.read('checkpoint', MAX_NOTE_BYTES, signal)
      if (bytes === undefined) throw new SourceError('source-missing', `There is no log at ${files.name}.`)
      return bytes
    },
    async *bundles(from, size, signal) {
      const ahead: Promise<Uint8Array | undefined>[] = []
      const first = Math.floor(from / TILE_WIDTH)
      const last = Math.ceil(size / TILE_WIDTH)
      let next = first
      for (let index = first; index < last; index++) {
        for (; next < last && next < index + READ_AHEAD; next++) {
          const width = tileWidth('entries', next, size)
          const reading = read({ level: 'entries', index: next, width }, signal)
          // Its turn comes, or nobody wants it any more; until then a refusal is not news.
          reading.catch(() => {})
          ahead.push(reading)
        }
        const bundle = await (ahead.shift() as Promise<Uint8Array | undefined>)
        yield bundle
        if (bundle === undefined) return
      }
    },
    hashTile: read,
    async close() {},
  }
}

/** The beginning of a full tile. What cannot be cut is given back as it is, and found to be broken by whoever reads it. */
function narrowed(full: Uint8Array, { level, width }: Tile): Uint8Array {
  if (level !== 'entries') return full.subarray(0, width * HASH_BYTES)
  let end = 0
  for (let i = 0; i < width; i++) end += 2 + (((full[end] ?? 0) << 8) | (full[end + 1] ?? 0))
  return full.subarray(0, end)
}
