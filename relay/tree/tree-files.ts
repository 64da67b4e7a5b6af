import { dirname, join } from 'node:path'
import type { HashReader } from '../../protocol/log/merkle.ts'
import { type LeafRange, rangeNodes } from '../../protocol/log/merkle.ts'
import {
  decodeHashTile,
  TILE_WIDTH,
  type Tile,
  tileHashes,
  tilePath,
  tilesOf,
} from '../../protocol/log/tile.ts'
import { type Disk, replaceFile, systemDisk } from './disk.ts'
import { sha256 } from './sha256.ts'

/** Written here first; it is renamed when it is whole. A web server that serves the folder does not show it. */
const DRAFT = '.draft'
const CHECKPOINT = 'checkpoint'

/** A tile with its content. */
export interface TileFile {
  readonly tile: Tile
  readonly bytes: Uint8Array
}

/**
 * The log as static files, which any web server can serve (c2sp.org/tlog-tiles): `checkpoint`, and the tiles that it needs, which were there
 * before it. One call at a time writes.
 */
export class TreeFiles {
  readonly #folder: string
  readonly #disk: Disk
  /** Folders in which something was put since the last `sync`. */
  readonly #dirty = new Set<string>()

  /** @param folder made by the first write */
  constructor(folder: string, disk: Disk = systemDisk) {
    this.#folder = folder
    this.#disk = disk
  }

  /** What is in it is on the disk when it resolves, and its name after the next `sync`. */
  async writeTile({ tile, bytes }: TileFile): Promise<void> {
    const path = join(this.#folder, tilePath(tile))
    await this.#disk.makeFolder(dirname(path))
    for (let folder = dirname(path); folder !== dirname(this.#folder); folder = dirname(folder))
      this.#dirty.add(folder)
    await this.#disk.write(join(this.#folder, DRAFT), bytes)
    await this.#disk.rename(join(this.#folder, DRAFT), path)
  }

  async sync(): Promise<void> {
    for (const folder of this.#dirty) await this.#disk.sync(folder)
    this.#dirty.clear()
  }

  /** Takes away the narrower ones of a tile that is full, as C2SP allows: whoever wants one takes the full one. */
  async removePartials({ level, index }: Tile): Promise<void> {
    await this.#disk.remove(join(this.#folder, `${tilePath({ level, index, width: TILE_WIDTH })}.p`))
  }

  /** `undefined` when there is none. */
  readTile(tile: Tile): Promise<Uint8Array | undefined> {
    return this.#disk.read(join(this.#folder, tilePath(tile)))
  }

  /** What is published. */
  readCheckpoint(): Promise<Uint8Array | undefined> {
    return this.#disk.read(join(this.#folder, CHECKPOINT))
  }

  async writeCheckpoint(note: Uint8Array): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    await replaceFile(this.#disk, join(this.#folder, CHECKPOINT), join(this.#folder, DRAFT), note)
  }

  /**
   * Reads the hashes that some ranges of a tree are made of.
   * @param size of a tree whose tiles are all here
   * @throws when a tile is missing or has another length
   */
  async hashes(ranges: readonly LeafRange[], size: number): Promise<HashReader> {
    const tiles = new Map<string, readonly Uint8Array[]>()
    for (const tile of tilesOf(ranges.flatMap(rangeNodes), size)) {
      // The wider one begins with the narrower, which may have been taken away.
      const bytes = (await this.readTile(tile)) ?? (await this.readTile({ ...tile, width: TILE_WIDTH }))
      const hashes = decodeHashTile(bytes?.subarray(0, tile.width * 32) ?? new Uint8Array(), tile.width)
      if (!hashes.ok) throw new Error(`the tile ${tilePath(tile)} is missing or damaged`)
      tiles.set(`${tile.level}/${tile.index}`, hashes.value)
    }
    return tileHashes((level, index) => tiles.get(`${level}/${index}`) ?? [], sha256)
  }
}
