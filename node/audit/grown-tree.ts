import { frontierRoot } from '../../protocol/log/frontier.ts'
import { HASH_BYTES, leafHash, rangeNodes, type Sha256 } from '../../protocol/log/merkle.ts'
import { consistencyProof, consistencyRanges, type Proof, type TreeHead } from '../../protocol/log/proof.ts'
import { decodeBundle, TILE_WIDTH, tileHashes, tilesOf, tileWidth } from '../../protocol/log/tile.ts'
import {
  EMPTY_EDGE,
  edgeFrontier,
  type GrownTile,
  growTiles,
  type TileEdge,
} from '../../protocol/log/tile-edge.ts'
import type { LedgerSource } from './source.ts'

/** What a tree holds, as plain data. */
export interface StoredTree {
  readonly edge: TileEdge
  /** The tiles above the leaves, by level and index. */
  readonly upper: ReadonlyMap<string, readonly Uint8Array[]>
}

/**
 * The Merkle tree over what was read. Of a million leaves it holds 130 kB: the tiles above the leaves, and those at the edge. The hashes of the
 * leaves are in the source, and are made again when a proof wants some of them.
 */
export class GrownTree {
  readonly #sha256: Sha256
  readonly #upper: Map<string, readonly Uint8Array[]>
  #edge: TileEdge

  /** @param stored the tree to go on from */
  constructor(sha256: Sha256, { edge, upper }: StoredTree = EMPTY) {
    this.#sha256 = sha256
    this.#edge = edge
    this.#upper = new Map(upper)
  }

  get size(): number {
    return this.#edge.size
  }

  /** The tree so far. */
  head(): TreeHead {
    return { size: this.size, root: frontierRoot(edgeFrontier(this.#edge, this.#sha256), this.#sha256) }
  }

  /** @param leaves 32 bytes each. Returns the tiles that got wider. */
  append(leaves: Uint8Array): readonly GrownTile[] {
    const hashes = Array.from({ length: leaves.length / HASH_BYTES }, (_, i) =>
      leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    )
    const { edge, tiles } = growTiles(this.#edge, hashes, this.#sha256)
    this.#edge = edge
    for (const { tile, hashes: row } of tiles) {
      if (tile.level !== 0) this.#upper.set(`${tile.level}/${tile.index}`, row)
    }
    return tiles
  }

  /** To be stored before it grows. */
  stored(): StoredTree {
    return { edge: this.#edge, upper: this.#upper }
  }

  /** The partial tiles at its edge. */
  partialTiles(): readonly GrownTile[] {
    return this.#edge.levels.flatMap((hashes, level) => {
      const index = Math.floor(this.size / TILE_WIDTH ** (level + 1))
      return hashes.length === 0 ? [] : [{ tile: { level, index, width: hashes.length }, hashes }]
    })
  }

  /** The proof that this tree continues the smaller one that it had been. Undefined when the source does not give its entries again. */
  async proofFrom(size: number, source: LedgerSource, signal: AbortSignal): Promise<Proof | undefined> {
    const nodes = consistencyRanges(size, this.size).flatMap(rangeNodes)
    const leaves = new Map<number, readonly Uint8Array[]>()
    for (const { level, index } of tilesOf(nodes, this.size)) {
      if (level !== 0) continue
      const hashes = await this.#leavesOf(index, source, signal)
      if (hashes === undefined) return undefined
      leaves.set(index, hashes)
    }
    const tile = (level: number, index: number) =>
      (level === 0 ? leaves.get(index) : this.#upper.get(`${level}/${index}`)) ?? []
    return consistencyProof(size, this.size, tileHashes(tile, this.#sha256), this.#sha256)
  }

  async #leavesOf(
    index: number,
    source: LedgerSource,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[] | undefined> {
    const width = tileWidth('entries', index, this.size)
    for await (const bytes of source.bundles(index * TILE_WIDTH, this.size, signal)) {
      const entries = bytes && decodeBundle(bytes, width)
      return entries?.ok ? entries.value.map((entry) => leafHash(entry, this.#sha256)) : undefined
    }
    return undefined
  }
}

const EMPTY: StoredTree = { edge: EMPTY_EDGE, upper: new Map() }
