/**
 * An immutable map from strings. Versions share what they have in common, so a state of a million records is kept beside the one before it
 * for the price of what changed.
 *
 * Two maps that were made by the same sequence of `set` and `delete` are walked in the same order, wherever drafts began and ended in between.
 * It is not the order in which keys were set, and nothing that peers must agree on may depend on it.
 */
export interface PersistentMap<K extends string, V> extends ReadonlyMap<K, V> {
  /** A copy to write on, in constant time. */
  draft(): MapDraft<K, V>
}

/** A map to write on, as a `Map` is. */
export interface WritableMap<K extends string, V> extends ReadonlyMap<K, V> {
  set(key: K, value: V): this
  /** False when there was no such key. */
  delete(key: K): boolean
}

/** A map that is being written. It reads like any other; what a walk sees that it is changed under is open. */
export interface MapDraft<K extends string, V> extends WritableMap<K, V> {
  /** What was written so far, as a map that never changes. Writing may go on: it does not reach what was handed out. */
  done(): PersistentMap<K, V>
}

/** A map of these entries; of two for one key, the later. */
export function persistentMap<K extends string, V>(
  entries: Iterable<readonly [K, V]> = [],
): PersistentMap<K, V> {
  const draft = new Tree<K, V>(undefined, 0).draft()
  for (const [key, value] of entries) draft.set(key, value)
  return draft.done()
}

/** Up to here a leaf is searched and copied sooner than one more level is walked; one with more entries becomes a branch. */
const MAX_LEAF_ENTRIES = 32
/** Every ASCII character has a place of its own. Others share them, which costs time and nothing else. */
const BRANCH_WIDTH = 128
/** Keys that end alike for longer than any id share a leaf. */
const MAX_LEVELS = 64

/** A node may be part of other maps unless its owner is the draft at hand: then it is copied before it is written. */
type Node<V> = Leaf<V> | Branch<V>
/** Arrays, because engines copy a small one far faster than a `Map` of the same entries. */
interface Leaf<V> {
  readonly owner: object
  readonly keys: string[]
  readonly values: V[]
}
interface Branch<V> {
  readonly owner: object
  readonly children: (Node<V> | undefined)[]
}

/**
 * A tree over the characters of the keys, the last one first: ids are as good as random at both ends, and names made of an id and a number
 * differ at theirs. A map and its draft are one class, since the engine shows private fields to no other; without an owner it is not written.
 */
class Tree<K extends string, V> implements PersistentMap<K, V>, MapDraft<K, V> {
  #root: Node<V> | undefined
  #size: number
  #owner: object | undefined

  constructor(root: Node<V> | undefined, size: number, owner?: object) {
    this.#root = root
    this.#size = size
    this.#owner = owner
  }

  get size(): number {
    return this.#size
  }

  get(key: K): V | undefined {
    const leaf = leafOf(this.#root, key)
    const at = leaf === undefined ? -1 : leaf.keys.indexOf(key)
    return at === -1 ? undefined : leaf?.values[at]
  }

  has(key: K): boolean {
    return leafOf(this.#root, key)?.keys.includes(key) ?? false
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void, thisArg?: unknown): void {
    for (const [key, value] of this) callback.call(thisArg, value, key, this)
  }

  *entries(): MapIterator<[K, V]> {
    for (const { keys, values } of leaves(this.#root)) {
      for (let i = 0; i < keys.length; i++) yield [keys[i] as K, values[i] as V]
    }
  }

  *keys(): MapIterator<K> {
    for (const { keys } of leaves(this.#root)) yield* keys as K[]
  }

  *values(): MapIterator<V> {
    for (const { values } of leaves(this.#root)) yield* values
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  draft(): MapDraft<K, V> {
    return new Tree<K, V>(this.#root, this.#size, {})
  }

  done(): PersistentMap<K, V> {
    this.#owner = {}
    return new Tree<K, V>(this.#root, this.#size)
  }

  set(key: K, value: V): this {
    const owner = this.#writer()
    if (!this.has(key)) this.#size += 1
    this.#root = withEntry(this.#root, 0, key, value, owner)
    return this
  }

  delete(key: K): boolean {
    const owner = this.#writer()
    if (!this.has(key)) return false
    this.#root = withoutEntry(this.#root as Node<V>, 0, key, owner)
    this.#size -= 1
    return true
  }

  #writer(): object {
    if (this.#owner === undefined) throw new TypeError('only a draft is written')
    return this.#owner
  }
}

/** Where among the children of a branch at this level a key is. A key that is too short is where U+0000 is. */
function placeOf(key: string, level: number): number {
  return key.charCodeAt(key.length - 1 - level) & (BRANCH_WIDTH - 1)
}

function leafOf<V>(root: Node<V> | undefined, key: string): Leaf<V> | undefined {
  let node = root
  for (let level = 0; node !== undefined && 'children' in node; level++) {
    node = node.children[placeOf(key, level)]
  }
  return node
}

function* leaves<V>(node: Node<V> | undefined): Generator<Leaf<V>, undefined> {
  if (node === undefined) return
  if ('keys' in node) yield node
  else for (const child of node.children) yield* leaves(child)
}

function withEntry<V>(
  node: Node<V> | undefined,
  level: number,
  key: string,
  value: V,
  owner: object,
): Node<V> {
  if (node === undefined) return { owner, keys: [key], values: [value] }
  if ('children' in node) {
    const branch = ownBranch(node, owner)
    const place = placeOf(key, level)
    branch.children[place] = withEntry(branch.children[place], level + 1, key, value, owner)
    return branch
  }
  const at = node.keys.indexOf(key)
  if (at === -1) {
    const leaf = { owner, keys: longer(node.keys, key), values: longer(node.values, value) }
    return leaf.keys.length > MAX_LEAF_ENTRIES && level < MAX_LEVELS ? split(leaf, level, owner) : leaf
  }
  const leaf = ownLeaf(node, owner)
  leaf.values[at] = value
  return leaf
}

/** The node without a key that is in it; undefined when nothing is left. */
function withoutEntry<V>(node: Node<V>, level: number, key: string, owner: object): Node<V> | undefined {
  if ('keys' in node) {
    if (node.keys.length === 1) return undefined
    const leaf = ownLeaf(node, owner)
    const at = leaf.keys.indexOf(key)
    leaf.keys.splice(at, 1)
    leaf.values.splice(at, 1)
    return leaf
  }
  const branch = ownBranch(node, owner)
  const place = placeOf(key, level)
  branch.children[place] = withoutEntry(branch.children[place] as Node<V>, level + 1, key, owner)
  return branch.children.some((child) => child !== undefined) ? branch : undefined
}

function split<V>(leaf: Leaf<V>, level: number, owner: object): Branch<V> {
  const children: (Node<V> | undefined)[] = new Array(BRANCH_WIDTH).fill(undefined)
  for (const [i, key] of leaf.keys.entries()) {
    const place = placeOf(key, level)
    children[place] = withEntry(children[place], level + 1, key, leaf.values[i] as V, owner)
  }
  return { owner, children }
}

/** Not pushed: that makes arrays half as long again as they need be, and there are millions of entries. Nor `concat`, which takes ten times as long. */
function longer<T>(items: readonly T[], last: T): T[] {
  const all = new Array<T>(items.length + 1)
  for (let i = 0; i < items.length; i++) all[i] = items[i] as T
  all[items.length] = last
  return all
}

function ownLeaf<V>(leaf: Leaf<V>, owner: object): Leaf<V> {
  return leaf.owner === owner ? leaf : { owner, keys: leaf.keys.slice(), values: leaf.values.slice() }
}

function ownBranch<V>(branch: Branch<V>, owner: object): Branch<V> {
  return branch.owner === owner ? branch : { owner, children: branch.children.slice() }
}
