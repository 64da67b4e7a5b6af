import { concatBytes } from '@noble/hashes/utils.js'
import { hash } from '../hash.ts'
import { MAX_BUNDLE_BYTES, MAX_ENTRY_BYTES } from '../limits.ts'
import type { LogReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { fullRoot, HASH_BYTES, type HashReader, type Sha256, type TreeNode } from './merkle.ts'

/**
 * The tree as files (c2sp.org/tlog-tiles, TILE-1 to 6). A tile holds up to 256 consecutive hashes of every eighth level of the tree:
 *
 * ```
 *  tile/<level>/<index>[.p/<width>]      hash i is that of the node (8 · level, 256 · index + i)
 *  tile/entries/<index>[.p/<width>]      the same for the entries themselves: u16 length, entry, …
 * ```
 */
export interface Tile {
  readonly level: number | 'entries'
  readonly index: number
  /** How many hashes or entries: 256 in a full tile, 1 to 255 in a partial one. */
  readonly width: number
}

export const TILE_WIDTH = 256
/** Levels of the tree that one tile spans. */
export const TILE_HEIGHT = 8

/** The path, relative to where the log is served. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) as readonly string[]
  const place = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${place}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** Reads a path in its one spelling. Whether a log has the tile depends on its size: see `tileWidth`. */
export function parseTilePath(path: string): Result<Tile, LogReason> {
  const [, level, place = '', partial] = PATH.exec(path) ?? []
  if (level === undefined) return bad('tile-malformed', 'path')
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(place.replaceAll(/[x/]/g, '')),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  }
  const exists = Number.isSafeInteger(tile.index) && (tile.level === 'entries' || tile.level <= MAX_LEVEL)
  return exists && tilePath(tile) === path ? good(tile) : bad('tile-malformed', 'path')
}

/** How many hashes or entries a tile has in a tree of this size; 0 when there is no such tile. */
export function tileWidth(level: Tile['level'], index: number, size: number): number {
  const all = Math.floor(size / leavesUnder(level))
  return Math.max(0, Math.min(TILE_WIDTH, all - index * TILE_WIDTH))
}

/**
 * The tiles that come new, or get wider, when a tree grows: hash tiles from the leaves up, then entry bundles. Each stands once, in the width
 * that it has in the larger tree.
 */
export function changedTiles(from: number, to: number): readonly Tile[] {
  const tiles: (readonly Tile[])[] = []
  for (let level = 0; to >= leavesUnder(level); level++) tiles.push(changedOf(level, from, to))
  return [...tiles, changedOf('entries', from, to)].flat()
}

/** The tile, of a tree of this size, from which a stored hash can be read. */
export function tileOf(node: TreeNode, size: number): Tile {
  const level = Math.floor(node.level / TILE_HEIGHT)
  const index = Math.floor((node.index * 2 ** (node.level % TILE_HEIGHT)) / TILE_WIDTH)
  return { level, index, width: tileWidth(level, index, size) }
}

/** The tiles from which some stored hashes can be read, each once. */
export function tilesOf(nodes: readonly TreeNode[], size: number): readonly Tile[] {
  return [...new Map(nodes.map((node) => tileOf(node, size)).map((tile) => [tilePath(tile), tile])).values()]
}

/**
 * Reads stored hashes out of tiles. Nothing is believed by that: what is made of them has to fit a root that somebody signed.
 * @param tile the hashes of the tile (level, index). Throws when it has not been fetched.
 */
export function tileHashes(
  tile: (level: number, index: number) => readonly Uint8Array[],
  sha256: Sha256 = hash,
): HashReader {
  return (level, index) => {
    const height = level % TILE_HEIGHT
    const span = 2 ** height
    const start = index * span
    const hashes = tile(Math.floor(level / TILE_HEIGHT), Math.floor(start / TILE_WIDTH))
    const offset = start % TILE_WIDTH
    if (hashes.length < offset + span)
      throw new RangeError(`the tile is too narrow for node ${level}, ${index}`)
    return fullRoot(hashes.slice(offset, offset + span), sha256)
  }
}

/** The hash that stands in the tile above for a full tile. */
export function tileRoot(hashes: readonly Uint8Array[], sha256: Sha256 = hash): Uint8Array {
  if (hashes.length !== TILE_WIDTH) throw new RangeError('a partial tile has no place in the tile above')
  return fullRoot(hashes, sha256)
}

export function encodeHashTile(hashes: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...hashes)
}

/** Reads a hash tile of a width that its path states. */
export function decodeHashTile(bytes: Uint8Array, width: number): Result<readonly Uint8Array[], LogReason> {
  if (bytes.length !== width * HASH_BYTES) return bad('tile-malformed', 'length')
  return good(Array.from({ length: width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
}

/** Throws when an entry is none. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (!isEntryLength(entry.length)) throw new RangeError(`an entry of ${entry.length} bytes`)
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]
    }),
  )
}

/** Reads a bundle of a width that its path states. What the entries are is not looked at. */
export function decodeBundle(bytes: Uint8Array, width: number): Result<readonly Uint8Array[], LogReason> {
  if (bytes.length > MAX_BUNDLE_BYTES) return bad('tile-malformed', 'length')
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const length = ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0)
    const end = at + 2 + length
    if (!isEntryLength(length) || end > bytes.length) return bad('tile-malformed', 'entry')
    entries.push(bytes.slice(at + 2, end))
    at = end
  }
  return entries.length === width ? good(entries) : bad('tile-malformed', 'width')
}

const PATH =
  /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d?|1\d\d|2[0-4]\d|25[0-5]))?$/
/** The last that C2SP names. A tree of 2^53 leaves has seven. */
const MAX_LEVEL = 63

/** How many leaves one hash of this level stands for. Exact: a power of two. */
function leavesUnder(level: Tile['level']): number {
  return level === 'entries' ? 1 : 2 ** (TILE_HEIGHT * level)
}

function changedOf(level: Tile['level'], from: number, to: number): readonly Tile[] {
  const before = Math.floor(from / leavesUnder(level))
  const after = Math.floor(to / leavesUnder(level))
  if (after <= before) return []
  const first = Math.floor(before / TILE_WIDTH)
  const last = Math.floor((after - 1) / TILE_WIDTH)
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    level,
    index: first + i,
    width: tileWidth(level, first + i, to),
  }))
}

function isEntryLength(length: number): boolean {
  return length >= 1 && length <= MAX_ENTRY_BYTES
}
