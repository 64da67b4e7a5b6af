import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { frontierRoot } from '../../protocol/log/frontier.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import type { TreeHead } from '../../protocol/log/proof.ts'
import { encodeBundle, encodeHashTile, TILE_WIDTH, tilePath } from '../../protocol/log/tile.ts'
import { EMPTY_EDGE, edgeFrontier, growTiles, type TileEdge } from '../../protocol/log/tile-edge.ts'
import { nodeSha256 } from '../audit/sha.ts'

/** Writes a log's entries as the files of its tiles, full ones as they become full. */
export class TreeWriter {
  readonly #folder: string
  #edge: TileEdge = EMPTY_EDGE
  #bundle: Uint8Array[] = []
  #held: Uint8Array[] | undefined
  readonly #files: (readonly [path: string, bytes: Uint8Array])[] = []
  readonly #folders = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  get size(): number {
    return this.#edge.size + this.#bundle.length
  }

  add(entry: Uint8Array): void {
    if (this.#held !== undefined) {
      this.#held.push(entry)
      return
    }
    this.#bundle.push(entry)
    if (this.#bundle.length === TILE_WIDTH) this.#close(TILE_WIDTH)
  }

  /** Keeps back what is added from now on, until `release`. */
  hold(): void {
    this.#held = []
  }

  /** Adds what was kept back, as somebody would have it. */
  release(change: (held: readonly Uint8Array[]) => readonly Uint8Array[]): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const entry of change(held)) this.add(entry)
  }

  /** Another log with the same entries, in another folder. */
  async copyTo(folder: string): Promise<TreeWriter> {
    await this.flush()
    await cp(this.#folder, folder, { recursive: true })
    const copy = new TreeWriter(folder)
    copy.#edge = this.#edge
    copy.#bundle = [...this.#bundle]
    return copy
  }

  /** Whatever is full is on the disk when it resolves; to be called now and then. */
  async flush(): Promise<void> {
    for (const [path, bytes] of this.#files.splice(0)) await this.#write(path, bytes)
  }

  /** Writes the partial tiles of the tree as it is now; more may be added. */
  async publish(): Promise<TreeHead> {
    const { size } = this
    const leaves = this.#bundle.map((entry) => leafHash(entry, nodeSha256))
    const { edge, tiles } = growTiles(this.#edge, leaves, nodeSha256)
    for (const { tile, hashes } of tiles) this.#files.push([tilePath(tile), encodeHashTile(hashes)])
    if (leaves.length > 0) {
      const index = Math.floor(size / TILE_WIDTH)
      const tile = { level: 'entries', index, width: leaves.length } as const
      this.#files.push([tilePath(tile), encodeBundle(this.#bundle)])
    }
    // Tiles above the leaves that are not full: growTiles tells of those alone that this bundle made wider.
    edge.levels.forEach((hashes, level) => {
      const index = Math.floor(size / TILE_WIDTH ** (level + 1))
      if (hashes.length > 0)
        this.#files.push([tilePath({ level, index, width: hashes.length }), encodeHashTile(hashes)])
    })
    await this.flush()
    return { size, root: frontierRoot(edgeFrontier(edge, nodeSha256), nodeSha256) }
  }

  /** Puts a file beside the tiles. */
  async file(path: string, bytes: Uint8Array): Promise<void> {
    await this.#write(path, bytes)
  }

  #close(width: number): void {
    const index = Math.floor(this.#edge.size / TILE_WIDTH)
    this.#files.push([tilePath({ level: 'entries', index, width }), encodeBundle(this.#bundle)])
    const leaves = this.#bundle.map((entry) => leafHash(entry, nodeSha256))
    const { edge, tiles } = growTiles(this.#edge, leaves, nodeSha256)
    for (const { tile, hashes } of tiles) {
      // A partial one is asked for only where a checkpoint was signed.
      if (tile.width === TILE_WIDTH) this.#files.push([tilePath(tile), encodeHashTile(hashes)])
    }
    this.#edge = edge
    this.#bundle = []
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.#folder, path)
    const folder = dirname(file)
    if (!this.#folders.has(folder)) await mkdir(folder, { recursive: true })
    this.#folders.add(folder)
    await writeFile(file, bytes)
  }
}
