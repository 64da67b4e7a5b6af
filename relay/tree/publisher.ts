import type { Cancel, Clock } from '../../node/ports/clock.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import {
  checkpointBytes,
  encodeCheckpoint,
  type LogHead,
  logOrigin,
  openCheckpoint,
  type SignedCheckpoint,
  sameHead,
  signCheckpoint,
} from '../../protocol/log/checkpoint.ts'
import { frontierRoot } from '../../protocol/log/frontier.ts'
import { leafHash, rangeHash } from '../../protocol/log/merkle.ts'
import { consistencyProof, consistencyRanges, type Proof, type TreeHead } from '../../protocol/log/proof.ts'
import type { NoteSignature } from '../../protocol/log/signed-note.ts'
import { encodeBundle, encodeHashTile, TILE_WIDTH, type Tile, tileWidth } from '../../protocol/log/tile.ts'
import { EMPTY_EDGE, edgeFrontier, growTiles, type TileEdge } from '../../protocol/log/tile-edge.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import { stateHash } from '../../protocol/state/state.ts'
import { treeRoot } from '../../protocol/state/tree.ts'
import type { LogKeeper } from '../log-keeper.ts'
import type { LogKeys } from '../log-keys.ts'
import { StartError } from '../start-error.ts'
import type { Store } from '../store.ts'
import { logKeyAt, type Tip } from '../tip.ts'
import type { HighWater } from './high-water.ts'
import { sha256 } from './sha256.ts'
import type { TileFile, TreeFiles } from './tree-files.ts'

/**
 * An entry is in a signed tree at most five seconds after its promise (KEEP-2). This much of that passes before the work begins, so that
 * entries that come together share a checkpoint. Milliseconds.
 */
const MERGE_DELAY = 1_000
/** After a merge that failed, as on a full disk. Milliseconds. */
const RETRY_DELAY = 5_000

export interface PublisherParts {
  readonly keeper: LogKeeper
  readonly store: Store
  readonly files: TreeFiles
  readonly highWater: HighWater
  readonly keys: LogKeys
  readonly verifier: Verifier
  readonly clock: Clock
  report(error: unknown): void
}

/** Called with the newest checkpoint, and again when cosignatures came to it. */
export type OnPublished = (checkpoint: SignedCheckpoint) => void

/**
 * Makes the ledger that the keeper takes into a tree, and signs it. In this order: the tiles are on the disk; what is about to be signed is in
 * the database and in the high-water file; it is signed; it is published. So after a stop at any moment nothing was signed that is not known,
 * and nothing was published that cannot be read.
 */
export class Publisher {
  readonly #parts: PublisherParts
  readonly #listeners = new Set<OnPublished>()
  #edge: TileEdge = EMPTY_EDGE
  #checkpoint: SignedCheckpoint | undefined
  #signed: Tip | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #due: Cancel | undefined
  #begun = false
  #closed = false

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** The newest one that was published, with the cosignatures that it has. */
  get checkpoint(): SignedCheckpoint | undefined {
    return this.#checkpoint
  }

  /** The ledger of which the newest checkpoint is. */
  get signed(): Tip | undefined {
    return this.#signed
  }

  onPublished(listener: OnPublished): void {
    this.#listeners.add(listener)
  }

  /**
   * The largest tree of which anything here knows that we may have signed it: the database, the file beside it, and what was published. One
   * that is larger than the ledger means that the ledger is an old copy.
   */
  async remembered(): Promise<TreeHead | undefined> {
    const heads = await this.#remembered()
    return heads.toSorted((a, b) => b.size - a.size)[0]
  }

  /**
   * Brings the files to what was signed last, and signs it again where that was interrupted. Nothing new is signed.
   * @throws StartError when the ledger is not the one that was signed
   */
  resume(): Promise<void> {
    return this.#inTurn(() => this.#resume())
  }

  /** Signs what the keeper has, and from now on what it takes. Twice is safe. */
  async begin(): Promise<void> {
    if (!this.#begun) this.#parts.keeper.onTaken(() => this.#mergeSoon(MERGE_DELAY))
    this.#begun = true
    await this.merge()
  }

  /** Signs what the keeper has by now. */
  merge(): Promise<void> {
    return this.#inTurn(() => this.#merge())
  }

  /** Adds cosignatures, unless something newer was published meanwhile. They were verified. */
  cosigned(head: LogHead, signatures: readonly NoteSignature[]): Promise<void> {
    return this.#inTurn(async () => {
      const checkpoint = this.#checkpoint
      if (checkpoint === undefined || !sameHead(checkpoint, head)) return
      const { note } = checkpoint
      const others = note.signatures.filter((old) =>
        signatures.every(({ name, id }) => name !== old.name || id !== old.id),
      )
      await this.#publish({ ...checkpoint, note: { ...note, signatures: [...others, ...signatures] } })
    })
  }

  /** The root that the keeper's ledger has at a size, at most its own. */
  async rootAt(size: number): Promise<Uint8Array> {
    const edge = this.#edge
    if (size >= edge.size) return rootOf(await this.#grow(edge, size, 'nothing'))
    const range = { start: 0, end: size }
    return rangeHash(range, await this.#parts.files.hashes([range], edge.size), sha256)
  }

  /** The root that the keeper's ledger would have with further entries. */
  async rootWith(entries: readonly Uint8Array[]): Promise<Uint8Array> {
    const edge = await this.#grow(this.#edge, this.#parts.store.size, 'nothing')
    const leaves = entries.map((entry) => leafHash(entry, sha256))
    return rootOf(growTiles(edge, leaves, sha256).edge)
  }

  /** Whether the tree of this ledger is ours to sign. One that ends with the log's handing over to us is not (KEEP-2). */
  signs(tip: Tip): boolean {
    return this.#signer(tip, tip.membership.size) !== undefined
  }

  /** Publishes what another log signed of the keeper's ledger; both are of one size. */
  mirror(checkpoint: SignedCheckpoint): Promise<void> {
    return this.#inTurn(() => this.#mirror(checkpoint))
  }

  /** That what was published last continues a smaller tree. @param from its size, at least 1 */
  async consistency(from: number, to: number): Promise<Proof> {
    if (from === to) return []
    const read = await this.#parts.files.hashes(consistencyRanges(from, to), to)
    return consistencyProof(from, to, read, sha256)
  }

  /** Signs what was taken before, and then nothing any more. Twice is safe. */
  async close(): Promise<void> {
    if (this.#closed) return await this.#turn.then(() => {})
    this.#due?.()
    const last = this.merge()
    this.#closed = true
    await last
  }

  #mergeSoon(delay: number): void {
    if (this.#due || this.#closed) return
    this.#due = this.#parts.clock.after(delay, () => {
      this.#due = undefined
      this.merge().catch((error: unknown) => {
        this.#parts.report(error)
        this.#mergeSoon(RETRY_DELAY)
      })
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #remembered(): Promise<readonly TreeHead[]> {
    const { store, highWater } = this.#parts
    const heads = [store.head(), await highWater.read(), await this.#published()]
    return heads.filter((head) => head !== undefined)
  }

  /** What stands in the file, if it is of this log. */
  async #published(): Promise<SignedCheckpoint | undefined> {
    const { files, keeper, verifier, keys } = this.#parts
    const bytes = await files.readCheckpoint()
    if (bytes === undefined || !keeper.membership) return undefined
    const { community, logs } = keeper.membership
    const log = { community, keys: [...new Set([...logs, ...keys.all])] }
    const opened = await openCheckpoint(verifier, log, bytes)
    return opened.ok ? opened.value : undefined
  }

  async #resume(): Promise<void> {
    const { store } = this.#parts
    const head = store.head()
    await this.#checkRemembered()
    this.#edge = await this.#grow(EMPTY_EDGE, head?.size ?? 0, 'missing')
    if (head === undefined) return
    const tip = this.#parts.keeper.tip as Tip
    const published = await this.#published()
    const isNewest = published !== undefined && sameHead(published, head)
    // What was published may be larger than the ledger that is here; and a log that we follow signs its own.
    const largest = (await this.remembered())?.size ?? 0
    if (!isNewest && largest <= head.size && this.#signer(tip, head.size)) return await this.#sign(head, tip)
    this.#checkpoint = published
    this.#signed = published?.size === tip.membership.size ? tip : undefined
  }

  /** The ledger in the database must be the one that we signed at every size that anything here remembers. */
  async #checkRemembered(): Promise<void> {
    let edge = EMPTY_EDGE
    const size = this.#parts.keeper.membership?.size ?? 0
    const heads = (await this.#remembered()).filter((head) => head.size <= size)
    for (const { size, root } of heads.toSorted((a, b) => a.size - b.size)) {
      edge = await this.#grow(edge, size, 'nothing')
      if (edge.size === size && equalBytes(rootOf(edge), root)) continue
      throw new StartError(
        `The ledger in the data folder is not the one that this relay signed at ${size} entries: restore the folder from a newer backup.`,
      )
    }
  }

  async #merge(): Promise<void> {
    const { keeper } = this.#parts
    const tip = keeper.tip
    if (!this.#begun || keeper.isHeld || tip === undefined || tip.membership.size <= this.#edge.size) return
    if (this.#signer(tip, tip.membership.size) === undefined) return
    const from = this.#edge.size
    const { edge, head } = await this.#store(tip)
    await this.#sign(head, tip)
    this.#edge = edge
    await this.#removePartials(from, edge.size)
  }

  async #mirror(checkpoint: SignedCheckpoint): Promise<void> {
    const tip = this.#parts.keeper.tip as Tip
    if (tip.membership.size !== checkpoint.size || checkpoint.size <= this.#edge.size) return
    const from = this.#edge.size
    const { edge, head } = await this.#store(tip)
    if (!sameHead(head, checkpoint)) throw new Error('the log signed a state that its ledger does not give')
    await this.#publish(checkpoint)
    this.#signed = tip
    this.#edge = edge
    await this.#removePartials(from, edge.size)
  }

  /** Everything that has to be on the disk before a tree is signed. */
  async #store(tip: Tip): Promise<{ readonly edge: TileEdge; readonly head: LogHead }> {
    const { highWater, store } = this.#parts
    const { membership } = tip
    const edge = await this.#grow(this.#edge, membership.size, 'all')
    const state = stateHash(membership, treeRoot(tip.records, sha256), sha256)
    const head = { size: edge.size, root: rootOf(edge), state }
    store.putHead(head)
    const origin = logOrigin(membership.community)
    await highWater.write(encodeCheckpoint({ origin, size: head.size, root: head.root, extensions: [] }))
    return { edge, head }
  }

  /** Of what is on the disk as the head, and of nothing else. */
  async #sign(head: LogHead, tip: Tip): Promise<void> {
    const signer = this.#signer(tip, head.size) as Signer
    await this.#publish(await signCheckpoint(signer, tip.membership.community, head))
    // At a start the last checkpoint may be of a smaller ledger, until the next one is signed.
    this.#signed = tip.membership.size === head.size ? tip : undefined
  }

  /** The key that took a tree's last entry signs the tree (KEEP-2); `undefined` when it is not ours. */
  #signer(tip: Tip, size: number): Signer | undefined {
    return this.#parts.keys.signerOf(logKeyAt(tip, size - 1))
  }

  async #publish(checkpoint: SignedCheckpoint): Promise<void> {
    await this.#parts.files.writeCheckpoint(checkpointBytes(checkpoint))
    this.#checkpoint = checkpoint
    for (const listener of this.#listeners) listener(checkpoint)
  }

  /**
   * The tree with the entries up to `to`, or as far as there are any. One tile's worth at a time is in memory.
   * @param write which files: all that changed, those that are not there as they should be, or nothing
   */
  async #grow(start: TileEdge, to: number, write: 'all' | 'missing' | 'nothing'): Promise<TileEdge> {
    const { store, files } = this.#parts
    let edge = start
    while (edge.size < to) {
      const index = Math.floor(edge.size / TILE_WIDTH)
      const first = index * TILE_WIDTH
      const entries = store.entries(first, Math.min(TILE_WIDTH, to - first))
      const leaves = entries.slice(edge.size - first).map((entry) => leafHash(entry, sha256))
      if (leaves.length === 0) break
      const grown = growTiles(edge, leaves, sha256)
      edge = grown.edge
      if (write === 'nothing') continue
      const bundle: Tile = { level: 'entries', index, width: entries.length }
      const changed: TileFile[] = [{ tile: bundle, bytes: encodeBundle(entries) }]
      for (const { tile, hashes } of grown.tiles) {
        // One of a higher level that grows again before we are through is written then.
        if (tile.width === tileWidth(tile.level, tile.index, to))
          changed.push({ tile, bytes: encodeHashTile(hashes) })
      }
      for (const file of changed) {
        if (write === 'all' || !(await isThere(files, file))) await files.writeTile(file)
      }
    }
    await files.sync()
    return edge
  }

  async #removePartials(from: number, to: number): Promise<void> {
    for (let span = 1, level = 0; Math.floor(to / span) > 0; span *= TILE_WIDTH, level++) {
      const first = Math.floor(Math.floor(from / span) / TILE_WIDTH)
      for (let index = first; (index + 1) * TILE_WIDTH * span <= to; index++) {
        await this.#parts.files.removePartials({ level, index, width: TILE_WIDTH })
        if (level === 0)
          await this.#parts.files.removePartials({ level: 'entries', index, width: TILE_WIDTH })
      }
    }
  }
}

function rootOf(edge: TileEdge): Uint8Array {
  return frontierRoot(edgeFrontier(edge, sha256), sha256)
}

async function isThere(files: TreeFiles, { tile, bytes }: TileFile): Promise<boolean> {
  const there = await files.readTile(tile)
  return there !== undefined && equalBytes(there, bytes)
}
