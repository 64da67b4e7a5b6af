import { hash } from '../hash.ts'

/**
 * The Merkle tree of RFC 9162 §2.1 (MERKLE-1 to 4): leaf and node hashes, and which stored hashes make the hash of any range of leaves.
 *
 * ```
 *  level 2              (2,0)                     a node (level, index) is the root of the leaves
 *  level 1      (1,0)         (1,1)               from index · 2^level to (index + 1) · 2^level - 1
 *  level 0   (0,0) (0,1)   (0,2) (0,3)   (0,4)    only full ones are stored; a range is folded from them
 * ```
 *
 * Sizes go up to 2^53 - 1, so nothing here uses the 32-bit operators of the language.
 */

/** SHA-256 over bytes that are the caller's again when it returns. A platform's own is faster than the default. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** Length in bytes of every hash of the tree. */
export const HASH_BYTES = 32

/** A full subtree. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** Leaves from `start` to before `end`. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/** Looks up the hash of a full subtree. Throws when it has none, which is its caller's mistake. */
export type HashReader = (level: number, index: number) => Uint8Array

/** `SHA-256(0 ‖ entry)`. */
export function leafHash(entry: Uint8Array, sha256: Sha256 = hash): Uint8Array {
  const input = new Uint8Array(1 + entry.length)
  input.set(entry, 1)
  return sha256(input)
}

/** `SHA-256(1 ‖ left ‖ right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256 = hash): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_BYTES)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + HASH_BYTES)
  return sha256(input)
}

/** The root of no leaves: `SHA-256()`. */
export function emptyRoot(sha256: Sha256 = hash): Uint8Array {
  return sha256(new Uint8Array(0))
}

/** The largest power of two that is smaller than `size`, where RFC 9162 splits a tree. @param size at least 2 */
export function splitPoint(size: number): number {
  let k = 1
  while (k * 2 < size) k *= 2
  return k
}

/** Whether the number is a power of two. */
export function isPowerOfTwo(size: number): boolean {
  let rest = size
  while (rest > 1 && rest % 2 === 0) rest /= 2
  return rest === 1
}

/**
 * The full subtrees that a range is made of, from left to right. A range is a subtree of the recursion of RFC 9162, so each is at least as
 * large as the next one.
 */
export function rangeNodes({ start, end }: LeafRange): readonly TreeNode[] {
  const nodes: TreeNode[] = []
  let at = start
  while (at < end) {
    let level = 0
    let width = 1
    while (at + width * 2 <= end && at % (width * 2) === 0) {
      level += 1
      width *= 2
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** The hash over a range, from stored ones. */
export function rangeHash(range: LeafRange, read: HashReader, sha256: Sha256 = hash): Uint8Array {
  return foldHashes(
    rangeNodes(range).map(({ level, index }) => read(level, index)),
    sha256,
  )
}

/** The root over full subtrees of falling size, from left to right. */
export function foldHashes(hashes: readonly Uint8Array[], sha256: Sha256 = hash): Uint8Array {
  return hashes.length === 0
    ? emptyRoot(sha256)
    : hashes.reduceRight((right, left) => nodeHash(left, right, sha256))
}

/** The root of a full subtree, from the hashes of one level below it. @param row a power of two of them */
export function fullRoot(row: readonly Uint8Array[], sha256: Sha256 = hash): Uint8Array {
  let hashes = row
  while (hashes.length > 1) {
    const below = hashes
    hashes = Array.from({ length: below.length / 2 }, (_, i) =>
      nodeHash(below[2 * i] as Uint8Array, below[2 * i + 1] as Uint8Array, sha256),
    )
  }
  return hashes[0] as Uint8Array
}
