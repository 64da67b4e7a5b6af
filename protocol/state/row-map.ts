import { ID_BYTES, type Id, type KeyText, putText, textAt } from '../ids.ts'
import type { WritableMap } from './persistent-map.ts'

/**
 * How the entries of one kind of map lie in rows of bytes: the key first, and then the value. What is put and what is read again follow each other in
 * the same order.
 */
export interface RowForm<K extends string, V> {
  /** Bytes of a row, and of the key at its beginning. Multiples of 4. */
  readonly width: number
  readonly keyWidth: number
  putKey(row: Row, key: K): void
  key(row: Row): K
  putValue(row: Row, value: V): void
  value(row: Row, key: K): V
  /** False for a value that has more than a row has places for: it is kept as it is. All fit when left out. */
  fits?(value: V): boolean
}

/** Lengths in bytes of what a row can hold. */
export const ROW_BYTES = { text: ID_BYTES, optionalText: 1 + ID_BYTES, number: 8, byte: 1 } as const

/** Rows of a block. They are some hundred bytes each: a small map then takes little. A power of two. */
const BLOCK_ROWS = 1024
/** Places at first; always a power of two. */
const FIRST_PLACES = 1024
/**
 * Values that are held as they are, since what an entry was judged by it changes next. More of them save nothing in a ledger of many, and in one of few
 * nothing would come from its row. A power of two.
 */
const RECENT = 16

const NOTHING = new Uint8Array(0)

/** Where a row is read or written, from its beginning on. */
export class Row {
  #bytes: Uint8Array = NOTHING
  #view: DataView = new DataView(NOTHING.buffer)
  #at = 0

  /** At this place of these bytes. */
  begin(bytes: Uint8Array, view: DataView, at: number): this {
    this.#bytes = bytes
    this.#view = view
    this.#at = at
    return this
  }

  text<T extends Id | KeyText>(): T {
    const text = textAt(this.#bytes, this.#at)
    this.#at += ROW_BYTES.text
    return text as T
  }

  putText(text: Id | KeyText): void {
    putText(text, this.#bytes, this.#at)
    this.#at += ROW_BYTES.text
  }

  optionalText<T extends Id | KeyText>(): T | undefined {
    if (this.byte() === 1) return this.text()
    this.#at += ROW_BYTES.text
    return undefined
  }

  putOptionalText(text: Id | KeyText | undefined): void {
    this.putByte(text === undefined ? 0 : 1)
    if (text === undefined) this.#at += ROW_BYTES.text
    else this.putText(text)
  }

  number(): number {
    const value = this.#view.getFloat64(this.#at)
    this.#at += ROW_BYTES.number
    return value
  }

  putNumber(value: number): void {
    this.#view.setFloat64(this.#at, value)
    this.#at += ROW_BYTES.number
  }

  optionalNumber(): number | undefined {
    const value = this.number()
    return Number.isNaN(value) ? undefined : value
  }

  putOptionalNumber(value: number | undefined): void {
    this.putNumber(value ?? Number.NaN)
  }

  byte(): number {
    return this.#bytes[this.#at++] as number
  }

  putByte(value: number): void {
    this.#bytes[this.#at++] = value
  }
}

interface Block {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly view: DataView
}

/**
 * A map whose entries are rows of bytes: a third of what a `Map` of objects takes, and nothing of it is looked through for garbage. A value that is
 * read is made anew, so two that are equal may be two. Nothing is ever deleted. Walks go in the order in which keys were set.
 */
export class RowMap<K extends string, V> implements WritableMap<K, V> {
  readonly #form: RowForm<K, V>
  readonly #row = new Row()
  #blocks: Block[] = []
  /** Whether a block is ours alone, by its place; others are copied before they are written. */
  #owned: boolean[] = []
  /** The row of a key, from 1, where its bytes say; in the places after that when it is taken. 0 is free. */
  #places = new Uint32Array(FIRST_PLACES)
  #size = 0
  /** Values that do not fit, by their row. */
  #odd = new Map<number, V>()
  /** The key at hand. */
  readonly #key: Block
  readonly #recentRows = new Int32Array(RECENT).fill(-1)
  readonly #recent: V[] = []
  /** Whether a recent value is newer than its row. */
  readonly #unwritten = new Uint8Array(RECENT)

  constructor(form: RowForm<K, V>, entries: Iterable<readonly [K, V]> = []) {
    this.#form = form
    this.#key = blockOf(form.keyWidth)
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return this.#size
  }

  /** Another map with the same entries. The two share what neither writes on. */
  copy(): RowMap<K, V> {
    const copy = new RowMap(this.#form)
    for (let slot = 0; slot < RECENT; slot++) this.#write(slot)
    copy.#blocks = this.#blocks.slice()
    copy.#owned = this.#blocks.map(() => false)
    this.#owned = copy.#owned.slice()
    copy.#places = this.#places.slice()
    copy.#size = this.#size
    copy.#odd = new Map(this.#odd)
    return copy
  }

  has(key: K): boolean {
    return this.#find(key) >= 0
  }

  get(key: K): V | undefined {
    const at = this.#find(key)
    if (at < 0) return undefined
    const slot = at & (RECENT - 1)
    if (this.#recentRows[slot] === at) return this.#recent[slot]
    const value = this.#read(at, key)
    this.#hold(at, value)
    return value
  }

  set(key: K, value: V): this {
    let at = this.#find(key)
    if (at < 0) at = this.#add()
    this.#hold(at, value)
    this.#unwritten[at & (RECENT - 1)] = 1
    return this
  }

  /** Throws: what an entry did is never undone. */
  delete(): never {
    throw new TypeError('nothing is deleted')
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void, thisArg?: unknown): void {
    for (const [key, value] of this) callback.call(thisArg, value, key, this)
  }

  *entries(): MapIterator<[K, V]> {
    for (let at = 0; at < this.#size; at++) {
      const key = this.#keyOf(at)
      yield [key, this.#valueOf(at, key)]
    }
  }

  *keys(): MapIterator<K> {
    for (let at = 0; at < this.#size; at++) yield this.#keyOf(at)
  }

  *values(): MapIterator<V> {
    for (let at = 0; at < this.#size; at++) yield this.#valueOf(at, this.#keyOf(at))
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  #keyOf(at: number): K {
    return this.#form.key(this.#rowAt(at, 0))
  }

  #valueOf(at: number, key: K): V {
    const slot = at & (RECENT - 1)
    return this.#recentRows[slot] === at ? (this.#recent[slot] as V) : this.#read(at, key)
  }

  /** Makes a value recent. The one in its place is written into its row. */
  #hold(at: number, value: V): void {
    const slot = at & (RECENT - 1)
    if (this.#recentRows[slot] !== at) {
      this.#write(slot)
      this.#recentRows[slot] = at
    }
    this.#recent[slot] = value
  }

  #write(slot: number): void {
    if (this.#unwritten[slot] === 0) return
    this.#unwritten[slot] = 0
    const at = this.#recentRows[slot] as number
    const value = this.#recent[slot] as V
    if (this.#form.fits?.(value) === false) {
      this.#odd.set(at, value)
      return
    }
    this.#odd.delete(at)
    this.#own(at)
    this.#form.putValue(this.#rowAt(at, this.#form.keyWidth), value)
  }

  /** Lets the block of a row be written. */
  #own(at: number): Block {
    const place = Math.floor(at / BLOCK_ROWS)
    const block = this.#blocks[place] as Block
    if (this.#owned[place]) return block
    this.#owned[place] = true
    const own = viewsOf(block.bytes.slice())
    this.#blocks[place] = own
    return own
  }

  #read(at: number, key: K): V {
    const odd = this.#odd.size === 0 ? undefined : this.#odd.get(at)
    return odd ?? this.#form.value(this.#rowAt(at, this.#form.keyWidth), key)
  }

  #rowAt(at: number, from: number): Row {
    const { bytes, view } = this.#blocks[Math.floor(at / BLOCK_ROWS)] as Block
    return this.#row.begin(bytes, view, (at % BLOCK_ROWS) * this.#form.width + from)
  }

  /** The row with this key, which is then the key at hand; -1 when there is none. */
  #find(key: K): number {
    const { bytes, words, view } = this.#key
    this.#form.putKey(this.#row.begin(bytes, view, 0), key)
    const mask = this.#places.length - 1
    for (let place = mixed(words, 0, words.length) & mask; ; place = (place + 1) & mask) {
      const at = (this.#places[place] as number) - 1
      if (at < 0 || this.#hasKey(at, words)) return at
    }
  }

  #hasKey(at: number, key: Uint32Array): boolean {
    const { words } = this.#blocks[Math.floor(at / BLOCK_ROWS)] as Block
    const start = ((at % BLOCK_ROWS) * this.#form.width) / 4
    for (let i = 0; i < key.length; i++) if (words[start + i] !== key[i]) return false
    return true
  }

  /** A row with the key at hand. */
  #add(): number {
    const at = this.#size++
    const { width } = this.#form
    if (at % BLOCK_ROWS === 0) {
      this.#blocks.push(blockOf(BLOCK_ROWS * width))
      this.#owned.push(true)
    }
    this.#own(at).bytes.set(this.#key.bytes, (at % BLOCK_ROWS) * width)
    if (4 * this.#size > 3 * this.#places.length) this.#widen()
    else this.#place(at)
    return at
  }

  #place(at: number): void {
    const { words } = this.#blocks[Math.floor(at / BLOCK_ROWS)] as Block
    const mask = this.#places.length - 1
    let place = mixed(words, ((at % BLOCK_ROWS) * this.#form.width) / 4, this.#form.keyWidth / 4) & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = at + 1
  }

  #widen(): void {
    this.#places = new Uint32Array(2 * this.#places.length)
    for (let at = 0; at < this.#size; at++) this.#place(at)
  }
}

function blockOf(length: number): Block {
  return viewsOf(new Uint8Array(length))
}

function viewsOf(bytes: Uint8Array): Block {
  return { bytes, words: new Uint32Array(bytes.buffer), view: new DataView(bytes.buffer) }
}

/** A number that depends on each of these words: keys may have most of them in common. The constant is 2^32 divided by the golden ratio. */
function mixed(words: Uint32Array, from: number, count: number): number {
  let mix = 0
  for (let i = from; i < from + count; i++) {
    mix = Math.imul(mix ^ (words[i] as number), 0x9e37_79b1)
    mix ^= mix >>> 15
  }
  return mix
}
