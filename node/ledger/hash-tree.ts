import { HASH_BYTES, type HashReader, nodeHash, rangeHash, type Sha256 } from '../../protocol/log/merkle.ts'
import { consistencyProof, inclusionProof, type Proof } from '../../protocol/log/proof.ts'

/** Leaves for which there is room at first. */
const FIRST_LEAVES = 64

/** The stored hashes of a tree, level by level from its leaves, one after the other: plain bytes, to be stored and handed over. */
export type HashLevels = readonly Uint8Array[]

/**
 * The Merkle tree over a copy of the ledger (MERKLE-4) with every hash that a proof may want: 64 bytes a leaf. Appending costs two hashes on
 * average, and the root or a proof at any size up to its own a few dozen.
 */
export class HashTree {
  readonly #sha256: Sha256 | undefined
  /** Each has room for more than it holds. */
  readonly #levels: Uint8Array[]
  #size: number

  constructor(sha256?: Sha256, levels: HashLevels = []) {
    this.#sha256 = sha256
    this.#levels = levels.map((level) => level.slice())
    this.#size = (levels[0]?.length ?? 0) / HASH_BYTES
  }

  get size(): number {
    return this.#size
  }

  /** @param leaf the hash of the next entry */
  append(leaf: Uint8Array): void {
    let hash = leaf
    let index = this.#size
    this.#put(0, index, hash)
    for (let level = 1; index % 2 === 1; level++) {
      hash = nodeHash(this.read(level - 1, index - 1), hash, this.#sha256)
      index = (index - 1) / 2
      this.#put(level, index, hash)
    }
    this.#size += 1
  }

  /** Forgets the leaves from this one on. */
  truncate(size: number): void {
    this.#size = Math.min(this.#size, size)
  }

  /** Throws when the tree never was that large. */
  root(size: number = this.#size): Uint8Array {
    if (size > this.#size) throw new RangeError(`a tree of ${this.#size} leaves has no root of ${size}`)
    return rangeHash({ start: 0, end: size }, this.read, this.#sha256)
  }

  /** That the tree of one size, at most its own, continues that of another. Throws as `consistencyProof` does. */
  consistency(from: number, to: number): Proof {
    return consistencyProof(from, to, this.read, this.#sha256)
  }

  /** That a leaf stands in the tree of this size. Throws as `inclusionProof` does. */
  inclusion(index: number, size: number): Proof {
    return inclusionProof(index, size, this.read, this.#sha256)
  }

  /** A copy of the hashes of the tree of this size, from which it is made again. */
  levels(size: number = this.#size): HashLevels {
    const out: Uint8Array[] = []
    for (let count = size, level = 0; count > 0; count = Math.floor(count / 2), level++)
      out.push((this.#levels[level] as Uint8Array).slice(0, count * HASH_BYTES))
    return out
  }

  readonly read: HashReader = (level, index) => {
    const at = index * HASH_BYTES
    const row = this.#levels[level]
    if (row === undefined || at + HASH_BYTES > row.length) throw new RangeError(`no hash ${level} ${index}`)
    return row.subarray(at, at + HASH_BYTES)
  }

  #put(level: number, index: number, hash: Uint8Array): void {
    const at = index * HASH_BYTES
    let row = this.#levels[level] ?? new Uint8Array(FIRST_LEAVES * HASH_BYTES)
    if (at + HASH_BYTES > row.length) {
      const wider = new Uint8Array(2 * Math.max(row.length, at))
      wider.set(row)
      row = wider
    }
    row.set(hash, at)
    this.#levels[level] = row
  }
}
