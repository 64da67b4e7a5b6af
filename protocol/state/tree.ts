import { equalBytes } from '../bytes.ts'
import { hash } from '../hash.ts'
import { HASH_BYTES, leafHash, nodeHash, type Sha256 } from '../log/merkle.ts'

/**
 * The tree over the records of a state (SPEC §6.13), in which every key of 32 bytes has its place: bit by bit from the root, as far as needed
 * to part it from the other keys. An immutable value; versions share what they have in common, and each remembers the hashes it was asked for.
 *
 * Below some depth there are only a few leaves. They lie in one array, so a million of them take little more than their own bytes.
 */
export type SparseTree = Bucket | Fork

/** Few leaves, in the order of their keys, 64 bytes each: `key ‖ SHA-256 of the value`. */
interface Bucket {
  readonly leaves: Uint8Array
  root: Uint8Array | undefined
}

/** More leaves than one: those whose key has the next bit 0, and the others. */
interface Fork {
  readonly left: SparseTree
  readonly right: SparseTree
  readonly size: number
  root: Uint8Array | undefined
}

/** What the tree holds of a record: its key, and the SHA-256 of its value. 32 bytes each. */
export interface TreeLeaf {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Where a key is or would be: the hashes of the siblings from there to the root, and the leaf that is there, which may be another key's. */
export interface Place {
  /** The deepest first. */
  readonly path: readonly Uint8Array[]
  readonly leaf: TreeLeaf | undefined
}

export const EMPTY_TREE: SparseTree = bucket(new Uint8Array(0))

/** Length in bytes of a leaf in an array of leaves. */
export const LEAF_BYTES = 2 * HASH_BYTES

/** Bits of a key, which no place is deeper than. */
export const MAX_TREE_DEPTH = 8 * HASH_BYTES

/** A change hashes its whole bucket again, so it is small; each costs about 300 bytes beside its leaves, so it is no smaller. */
const MAX_BUCKET_LEAVES = 16
/** Half full, so that one leaf that comes and goes does not split and join its bucket each time. */
const MIN_FORK_LEAVES = MAX_BUCKET_LEAVES / 2 + 1

const EMPTY_ROOT = new Uint8Array(HASH_BYTES)

/** How many leaves. */
export function treeSize(tree: SparseTree): number {
  return 'left' in tree ? tree.size : tree.leaves.length / LEAF_BYTES
}

/** The tree with this leaf, in the place of one with the same key, or without that when the value is undefined. */
export function withLeaf(tree: SparseTree, key: Uint8Array, value: Uint8Array | undefined): SparseTree {
  if (key.length !== HASH_BYTES || (value !== undefined && value.length !== HASH_BYTES))
    throw new RangeError(`a key and the hash of a value have ${HASH_BYTES} bytes`)
  return changed(tree, 0, key, value)
}

/** The root of a tree (STATE-3), 32 bytes. Only what changed since it was last asked for is hashed. */
export function treeRoot(tree: SparseTree, sha256: Sha256 = hash): Uint8Array {
  return rootAt(tree, 0, sha256)
}

/**
 * The root of the tree with these leaves, in any order, without the tree: 4 bytes a leaf beside the leaves. They are not changed.
 * Throws when two leaves have one key. @param leaves 64 bytes each, as in a bucket
 */
export function rootOf(leaves: Uint8Array, sha256: Sha256 = hash): Uint8Array {
  return partOf(leaves, 0, sha256).root
}

/** A part of a tree: some depth below the root, with all leaves whose keys begin with the same bits. */
export interface TreePart {
  /** How many leaves. */
  readonly size: number
  readonly root: Uint8Array
}

/** The part of a tree at this depth that has these leaves, as `rootOf` takes them. */
export function partOf(leaves: Uint8Array, depth: number, sha256: Sha256 = hash): TreePart {
  if (leaves.length % LEAF_BYTES !== 0) throw new RangeError(`a leaf has ${LEAF_BYTES} bytes`)
  return { size: leaves.length / LEAF_BYTES, root: rangeRoot(allOf(leaves), depth, sha256) }
}

/** The root of a tree of all its parts at one depth, in the order of their bits. */
export function rootOfParts(parts: readonly TreePart[], sha256: Sha256 = hash): Uint8Array {
  let row = parts
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, i) => joined(row, 2 * i, sha256))
  return (row[0] as TreePart).root
}

/** A single leaf stands where nothing parts it from others. */
function joined(row: readonly TreePart[], at: number, sha256: Sha256): TreePart {
  const [left, right] = row.slice(at, at + 2) as [TreePart, TreePart]
  const size = left.size + right.size
  if (size > 1) return { size, root: nodeHash(left.root, right.root, sha256) }
  return left.size === 1 ? left : right
}

/** Which of the parts at this depth a leaf is in, whose key begins at this place. @param depth at most 8 */
export function partNumber(leaves: Uint8Array, at: number, depth: number): number {
  return (leaves[at] as number) >> (8 - depth)
}

/** The place of a key in a tree. */
export function placeIn(tree: SparseTree, key: Uint8Array, sha256: Sha256 = hash): Place {
  const path: Uint8Array[] = []
  let node = tree
  let depth = 0
  for (; 'left' in node; depth++) {
    const [on, off]: [SparseTree, SparseTree] = bitOf(key, 0, depth)
      ? [node.right, node.left]
      : [node.left, node.right]
    path.push(rootAt(off, depth + 1, sha256))
    node = on
  }
  let range = allOf(node.leaves)
  for (; range.to - range.from > 1; depth++) {
    const [left, right] = parted(range, depth)
    const [on, off] = bitOf(key, 0, depth) ? [right, left] : [left, right]
    path.push(rangeRoot(off, depth + 1, sha256))
    range = on
  }
  return { path: path.reverse(), leaf: range.from === range.to ? undefined : leafAt(range, range.from) }
}

/** The root of the only tree in which the key has this place. Undefined when the leaf there cannot be in the place of this key. */
export function rootFrom(
  key: Uint8Array,
  { path, leaf }: Place,
  sha256: Sha256 = hash,
): Uint8Array | undefined {
  for (let depth = 0; leaf !== undefined && depth < path.length; depth++) {
    if (bitOf(leaf.key, 0, depth) !== bitOf(key, 0, depth)) return undefined
  }
  let node = leaf === undefined ? EMPTY_ROOT : hashOfLeaf(leaf, sha256)
  for (const [i, sibling] of path.entries()) {
    const right = bitOf(key, 0, path.length - 1 - i)
    node = right ? nodeHash(sibling, node, sha256) : nodeHash(node, sibling, sha256)
  }
  return node
}

function bucket(leaves: Uint8Array): Bucket {
  return { leaves, root: undefined }
}

function fork(left: SparseTree, right: SparseTree): Fork {
  return { left, right, size: treeSize(left) + treeSize(right), root: undefined }
}

function changed(
  node: SparseTree,
  depth: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
): SparseTree {
  if (!('left' in node)) return changedBucket(node, depth, key, value)
  const right = bitOf(key, 0, depth)
  const before = right ? node.right : node.left
  const after = changed(before, depth + 1, key, value)
  if (after === before) return node
  const made = right ? fork(node.left, after) : fork(after, node.right)
  return made.size < MIN_FORK_LEAVES ? bucket(leavesOf(made)) : made
}

function changedBucket(
  node: Bucket,
  depth: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
): SparseTree {
  const { leaves } = node
  let at = 0
  while (at < leaves.length && compareAt(leaves, at, key) < 0) at += LEAF_BYTES
  const known = at < leaves.length && compareAt(leaves, at, key) === 0
  if (value === undefined && !known) return node
  const rest = known ? at + LEAF_BYTES : at
  if (value !== undefined && known && equalBytes(leaves.subarray(at + HASH_BYTES, rest), value)) return node
  const added = value === undefined ? 0 : LEAF_BYTES
  const out = new Uint8Array(at + added + leaves.length - rest)
  out.set(leaves.subarray(0, at))
  if (value !== undefined) {
    out.set(key, at)
    out.set(value, at + HASH_BYTES)
  }
  out.set(leaves.subarray(rest), at + added)
  return grown(out, depth)
}

/** A bucket, or a fork of such where it would be too large. */
function grown(leaves: Uint8Array, depth: number): SparseTree {
  if (leaves.length <= MAX_BUCKET_LEAVES * LEAF_BYTES) return bucket(leaves)
  let middle = 0
  while (middle < leaves.length && !bitOf(leaves, middle, depth)) middle += LEAF_BYTES
  return fork(grown(leaves.slice(0, middle), depth + 1), grown(leaves.slice(middle), depth + 1))
}

function leavesOf(node: SparseTree): Uint8Array {
  if (!('left' in node)) return node.leaves
  const [left, right] = [leavesOf(node.left), leavesOf(node.right)]
  const out = new Uint8Array(left.length + right.length)
  out.set(left)
  out.set(right, left.length)
  return out
}

function rootAt(node: SparseTree, depth: number, sha256: Sha256): Uint8Array {
  node.root ??=
    'left' in node
      ? nodeHash(rootAt(node.left, depth + 1, sha256), rootAt(node.right, depth + 1, sha256), sha256)
      : rangeRoot(allOf(node.leaves), depth, sha256)
  return node.root
}

/** Some leaves of an array: those that `order` names from `from` to before `to`, as it is rearranged on the way. */
interface Range {
  readonly leaves: Uint8Array
  readonly order: Uint32Array
  readonly from: number
  readonly to: number
}

function allOf(leaves: Uint8Array): Range {
  const order = new Uint32Array(leaves.length / LEAF_BYTES)
  for (let i = 0; i < order.length; i++) order[i] = i
  return { leaves, order, from: 0, to: order.length }
}

/** The leaves of a range whose key has this bit 0, and the others. */
function parted(range: Range, depth: number): readonly [Range, Range] {
  if (depth >= MAX_TREE_DEPTH) throw new RangeError('two leaves have one key')
  const { leaves, order, from, to } = range
  let left = from
  let right = to
  while (left < right) {
    const i = order[left] as number
    if (!bitOf(leaves, i * LEAF_BYTES, depth)) left += 1
    else {
      right -= 1
      order[left] = order[right] as number
      order[right] = i
    }
  }
  return [
    { leaves, order, from, to: left },
    { leaves, order, from: left, to },
  ]
}

/** STATE-3 by its words. */
function rangeRoot(range: Range, depth: number, sha256: Sha256): Uint8Array {
  const count = range.to - range.from
  if (count === 0) return EMPTY_ROOT
  if (count === 1) {
    const at = (range.order[range.from] as number) * LEAF_BYTES
    return leafHash(range.leaves.subarray(at, at + LEAF_BYTES), sha256)
  }
  const [left, right] = parted(range, depth)
  return nodeHash(rangeRoot(left, depth + 1, sha256), rangeRoot(right, depth + 1, sha256), sha256)
}

function leafAt({ leaves, order }: Range, place: number): TreeLeaf {
  const at = (order[place] as number) * LEAF_BYTES
  return {
    key: leaves.slice(at, at + HASH_BYTES),
    value: leaves.slice(at + HASH_BYTES, at + LEAF_BYTES),
  }
}

/** STATE-2: `SHA-256(00 ‖ key ‖ SHA-256(value))`. */
function hashOfLeaf({ key, value }: TreeLeaf, sha256: Sha256): Uint8Array {
  const leaf = new Uint8Array(LEAF_BYTES)
  leaf.set(key)
  leaf.set(value, HASH_BYTES)
  return leafHash(leaf, sha256)
}

/** Whether bit `depth` of the key that begins at `at` is 1; bit 0 is the highest of the first byte. */
function bitOf(bytes: Uint8Array, at: number, depth: number): boolean {
  return (((bytes[at + (depth >> 3)] as number) >> (7 - (depth & 7))) & 1) === 1
}

/** Bytewise order of the key that begins at `at` and another. */
function compareAt(leaves: Uint8Array, at: number, key: Uint8Array): number {
  for (let i = 0; i < HASH_BYTES; i++) {
    const difference = (leaves[at + i] as number) - (key[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}
