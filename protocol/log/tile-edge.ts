import { hash } from '../hash.ts'
import type { Frontier } from './frontier.ts'
import { fullRoot, type Sha256 } from './merkle.ts'
import { TILE_WIDTH, type Tile, tileRoot } from './tile.ts'

/**
 * The partial tiles at the right edge of a tree, from the leaves up (TILE-4): what a log keeper has in memory, at most 255 hashes a level, to
 * write every further tile and to know the root. Level l holds `floor(size / 256^l) mod 256` hashes.
 */
export interface TileEdge {
  readonly size: number
  readonly levels: readonly (readonly Uint8Array[])[]
}

export const EMPTY_EDGE: TileEdge = { size: 0, levels: [] }

/** A tile that has to be written. */
export interface GrownTile {
  readonly tile: Tile
  readonly hashes: readonly Uint8Array[]
}

/**
 * Appends leaves. The tiles are those of `changedTiles` that hold hashes, in the same order.
 * @param leaves the hashes of the new leaves
 */
export function growTiles(
  edge: TileEdge,
  leaves: readonly Uint8Array[],
  sha256: Sha256 = hash,
): { readonly edge: TileEdge; readonly tiles: readonly GrownTile[] } {
  const size = edge.size + leaves.length
  const levels: (readonly Uint8Array[])[] = []
  const tiles: GrownTile[] = []
  let risen = leaves
  for (let level = 0; risen.length > 0 || level < edge.levels.length; level++) {
    const row = [...(edge.levels[level] ?? []), ...risen]
    const first = Math.floor(Math.floor(edge.size / TILE_WIDTH ** level) / TILE_WIDTH)
    const full: Uint8Array[] = []
    for (let at = 0; at < row.length && risen.length > 0; at += TILE_WIDTH) {
      const hashes = row.slice(at, at + TILE_WIDTH)
      tiles.push({ tile: { level, index: first + at / TILE_WIDTH, width: hashes.length }, hashes })
      if (hashes.length === TILE_WIDTH) full.push(tileRoot(hashes, sha256))
    }
    levels.push(row.slice(full.length * TILE_WIDTH))
    risen = full
  }
  return { edge: { size, levels }, tiles }
}

/** The edge of a stored tree. @param tile the hashes of a partial tile of the edge. Throws when there is none. */
export function edgeOf(
  size: number,
  tile: (level: number, index: number) => readonly Uint8Array[],
): TileEdge {
  const levels: (readonly Uint8Array[])[] = []
  for (let count = size, level = 0; count > 0; count = Math.floor(count / TILE_WIDTH), level++) {
    const width = count % TILE_WIDTH
    levels.push(width === 0 ? [] : tile(level, Math.floor(count / TILE_WIDTH)).slice(0, width))
  }
  return { size, levels }
}

/** The full subtrees of the same tree, of which the root is made. */
export function edgeFrontier({ size, levels }: TileEdge, sha256: Sha256 = hash): Frontier {
  const hashes = levels.toReversed().flatMap((row) => {
    const subtrees: Uint8Array[] = []
    let at = 0
    for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
      if ((row.length & width) === 0) continue
      subtrees.push(fullRoot(row.slice(at, at + width), sha256))
      at += width
    }
    return subtrees
  })
  return { size, hashes }
}
