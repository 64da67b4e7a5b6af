import { utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes, strictlyAscending } from './bytes.ts'
import { MAX_DEPTH, MAX_KEY_CHARS, MAX_UINT } from './limits.ts'
import type { CodecReason } from './reasons.ts'
import { type Bad, bad, good, type Result } from './result.ts'
import { isStableNfc } from './unicode.ts'
import { decodeUtf8 } from './utf8.ts'

/** A value of the profile (SPEC §3.1). Maps have a null prototype when decoded. */
export type Value =
  | number
  | boolean
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value }

/**
 * The one spelling of a value: deterministic CBOR, RFC 8949 §4.2.1, restricted to the profile.
 * Throws a TypeError or RangeError when the caller's value is outside the profile: that is a bug of ours.
 */
export function encodeValue(value: Value): Uint8Array {
  writer.at = 0
  writeValue(value, 1)
  return writer.bytes.slice(0, writer.at)
}

/**
 * Reads exactly one value in its one spelling.
 *
 * Strict modes of CBOR libraries are not canonical, and lenient ones fold together what has different reasons here, so the order is: length,
 * heads of the profile only, and then encode again and compare. @param maxBytes the largest input that is looked at at all.
 * @param shared long strings of bytes may be parts of the input, for a caller who keeps that as it is: copies are otherwise made of all
 */
export function decodeValue(bytes: Uint8Array, maxBytes: number, shared = false): Result<Value, CodecReason> {
  if (bytes.length > maxBytes) return bad('too-large')
  const plain = readPlain(bytes, shared)
  if (plain !== undefined) return good(plain)
  const reader: Cursor = { bytes, at: 0 }
  const value = readValue(reader, 1)
  if (!value.ok) return value
  if (reader.at < bytes.length) return bad('trailing-bytes')
  return equalBytes(encodeValue(value.value), bytes) ? value : bad('not-canonical')
}

/**
 * The same for nearly everything that honest peers send, at a tenth of the price: a value in its one spelling, all of whose text is ASCII.
 * `undefined` says nothing but that the way above has to decide.
 */
function readPlain(bytes: Uint8Array, shared: boolean): Value | undefined {
  // Slices of a Buffer are no copies, and would change with it.
  const plain =
    bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const cursor = { bytes: plain, at: 0, mostCopied: shared ? SHORT_BYTES : Number.POSITIVE_INFINITY }
  const value = plainValue(cursor, 1)
  return cursor.at === bytes.length ? value : undefined
}

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

interface PlainCursor extends Cursor {
  /** Longer strings are parts of the input. */
  readonly mostCopied: number
}

/** So long is a signature. Engines keep arrays up to here among their objects, where a copy costs no more than a part does. */
const SHORT_BYTES = 64

function plainValue(cursor: PlainCursor, depth: number): Value | undefined {
  const major = (cursor.bytes[cursor.at] ?? 0xff) >> 5
  if (major === 7) {
    const head = cursor.bytes[cursor.at++]
    return head === 0xf5 ? true : head === 0xf4 ? false : undefined
  }
  const size = plainHead(cursor)
  if (size === undefined) return undefined
  switch (major) {
    case 0:
      return size
    case 2:
      return plainBytes(cursor, size)
    case 3:
      return plainText(cursor, size)
    case 4:
      return depth > MAX_DEPTH ? undefined : plainArray(cursor, size, depth)
    case 5:
      return depth > MAX_DEPTH ? undefined : plainMap(cursor, size, depth)
    default:
      return undefined
  }
}

/** The integer or length of a head in the fewest bytes, no larger than may be. */
function plainHead(cursor: PlainCursor): number | undefined {
  const { bytes } = cursor
  const info = (bytes[cursor.at++] as number) & 0x1f
  if (info < 24) return info
  if (info > 27) return undefined
  const width = 1 << (info - 24)
  if (cursor.at + width > bytes.length) return undefined
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[cursor.at++] as number)
  const least = width === 1 ? 24 : 256 ** (width / 2)
  return value >= least && value <= MAX_UINT ? value : undefined
}

function plainBytes(cursor: PlainCursor, length: number): Uint8Array | undefined {
  const end = cursor.at + length
  if (end > cursor.bytes.length) return undefined
  const read =
    length > cursor.mostCopied ? cursor.bytes.subarray(cursor.at, end) : cursor.bytes.slice(cursor.at, end)
  cursor.at = end
  return read
}

function plainText(cursor: PlainCursor, length: number): string | undefined {
  const end = cursor.at + length
  if (end > cursor.bytes.length) return undefined
  let text = ''
  while (cursor.at < end) {
    const byte = cursor.bytes[cursor.at++] as number
    if (byte > 0x7f) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

function plainArray(cursor: PlainCursor, length: number, depth: number): readonly Value[] | undefined {
  const items: Value[] = []
  for (let i = 0; i < length; i++) {
    const item = plainValue(cursor, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function plainMap(cursor: PlainCursor, length: number, depth: number): Value | undefined {
  const map: { [key: string]: Value } = Object.create(null)
  let last = ''
  for (let i = 0; i < length; i++) {
    if ((cursor.bytes[cursor.at] ?? 0xff) >> 5 !== 3) return undefined
    const size = plainHead(cursor)
    const key = size === undefined ? undefined : plainText(cursor, size)
    if (key === undefined || !isKey(key)) return undefined
    // No key is empty, so the first one is in order too; and one in order is none that came before.
    if (key.length < last.length || (key.length === last.length && key <= last)) return undefined
    const value = plainValue(cursor, depth + 1)
    if (value === undefined) return undefined
    map[key] = value
    last = key
  }
  return map
}

/** An item's head, with what follows it where that is a string. */
type Token =
  | { readonly kind: 'uint' | 'array' | 'map'; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'flag'; readonly flag: boolean }

function readValue(cursor: Cursor, depth: number): Result<Value, CodecReason> {
  const read = nextToken(cursor)
  if (!read.ok) return read
  const token = read.value
  switch (token.kind) {
    case 'uint':
      return token.size <= MAX_UINT ? good(token.size) : bad('integer-out-of-range')
    case 'bytes':
      return good(token.bytes)
    case 'text':
      return isStableNfc(token.text) ? good(token.text) : bad('text-not-nfc')
    case 'flag':
      return good(token.flag)
    case 'array':
      return depth > MAX_DEPTH ? bad('too-deep') : readArray(cursor, token.size, depth)
    case 'map':
      return depth > MAX_DEPTH ? bad('too-deep') : readMap(cursor, token.size, depth)
  }
}

function readArray(cursor: Cursor, length: number, depth: number): Result<Value, CodecReason> {
  const items: Value[] = []
  for (let i = 0; i < length; i++) {
    const item = readValue(cursor, depth + 1)
    if (!item.ok) return item
    items.push(item.value)
  }
  return good(items)
}

function readMap(cursor: Cursor, length: number, depth: number): Result<Value, CodecReason> {
  const map: { [key: string]: Value } = Object.create(null)
  for (let i = 0; i < length; i++) {
    const key = nextToken(cursor)
    if (!key.ok) return key
    if (key.value.kind !== 'text') return bad('key-not-text')
    const { text } = key.value
    if (!isKey(text)) return bad('key-not-text', 'a key is 1 to 16 ASCII characters')
    if (text in map) return bad('duplicate-key', text)
    const value = readValue(cursor, depth + 1)
    if (!value.ok) return value
    map[text] = value.value
  }
  return good(map)
}

/** Lenient on purpose: a longer spelling must be read to be named, and the comparison at the end refuses it. */
function nextToken(cursor: Cursor): Result<Token, CodecReason> {
  const head = cursor.bytes[cursor.at]
  if (head === undefined) return bad('malformed', 'ends early')
  const refused = refusedHead(head)
  if (refused) return refused
  cursor.at += 1
  const major = head >> 5
  if (major === 7) return good({ kind: 'flag', flag: head === 0xf5 })
  const size = readSize(cursor, head & 0x1f)
  if (size === undefined) return bad('malformed', 'ends early')
  if (major === 0) return good({ kind: 'uint', size })
  if (size > MAX_UINT) return bad('malformed', 'no length is so large')
  if (major === 4) return good({ kind: 'array', size })
  if (major === 5) return good({ kind: 'map', size })
  const end = cursor.at + size
  if (end > cursor.bytes.length) return bad('malformed', 'ends early')
  // A copy: a view would keep the whole message alive, and change with it.
  const bytes = Uint8Array.from(cursor.bytes.subarray(cursor.at, end))
  cursor.at = end
  if (major === 2) return good({ kind: 'bytes', bytes })
  const text = decodeUtf8(bytes)
  return text === undefined || text.startsWith('\ufeff')
    ? bad('malformed', 'not UTF-8')
    : good({ kind: 'text', text })
}

/** The integer or length of a head, in however many bytes; above 2^53 - 1 no more than that is said. */
function readSize(cursor: Cursor, info: number): number | undefined {
  if (info < 24) return info
  const end = cursor.at + (1 << (info - 24))
  if (end > cursor.bytes.length) return undefined
  let size = 0
  while (cursor.at < end) size = size * 256 + (cursor.bytes[cursor.at++] as number)
  return size
}

/** Heads that no value of the profile begins with. */
function refusedHead(head: number): Bad<CodecReason> | undefined {
  const major = head >> 5
  const info = head & 0x1f
  if (info === 31 && ((major >= 2 && major <= 5) || major === 7)) return bad('indefinite-length')
  if (info >= 28 && info <= 31) return bad('malformed')
  if (major === 1) return bad('type-not-allowed', 'negative')
  if (major === 6) return bad('type-not-allowed', 'tag')
  if (major === 7 && head !== 0xf4 && head !== 0xf5) return bad('type-not-allowed', 'float or simple')
  return undefined
}

function isKey(name: string): boolean {
  return name.length > 0 && name.length <= MAX_KEY_CHARS && /^[\x21-\x7e]+$/.test(name)
}

/** One for all: nothing is written while something else is. It is as wide as the largest value that ever was. */
const writer = { bytes: new Uint8Array(4096), at: 0 }

function writeValue(value: Value, depth: number): void {
  switch (typeof value) {
    case 'boolean':
      writeByte(value ? 0xf5 : 0xf4)
      return
    case 'number':
      if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0))
        throw new RangeError(`not an unsigned integer: ${value}`)
      writeHead(0, value)
      return
    case 'string':
      if (!isAscii(value) && (!value.isWellFormed() || value.startsWith('\ufeff') || !isStableNfc(value)))
        throw new TypeError('text is not NFC of Unicode 15.0, or begins with a byte order mark')
      writeText(value)
      return
    case 'object':
      if (value !== null) {
        writeObject(value, depth)
        return
      }
  }
  throw new TypeError(`not a value of the profile: ${typeof value}`)
}

function writeObject(value: Exclude<Value, number | boolean | string>, depth: number): void {
  if (value instanceof Uint8Array) {
    writeHead(2, value.length)
    writeBytes(value)
    return
  }
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`)
  if (Array.isArray(value)) {
    writeHead(4, value.length)
    for (const item of value) writeValue(item, depth + 1)
    return
  }
  const map = value as { readonly [key: string]: Value }
  const keys = Object.keys(map)
  if (!strictlyAscending(keys, compareKeys)) keys.sort(compareKeys)
  writeHead(5, keys.length)
  for (const key of keys) {
    if (!isKey(key)) throw new TypeError(`not a key: ${key}`)
    writeText(key)
    writeValue(map[key] as Value, depth + 1)
  }
}

/** The order of their encodings, for the keys of the profile. */
function compareKeys(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}

function writeHead(major: number, size: number): void {
  const kind = major << 5
  if (size < 24) {
    writeByte(kind | size)
  } else if (size < 2 ** 8) {
    writeByte(kind | 24)
    writeByte(size)
  } else if (size < 2 ** 16) {
    writeByte(kind | 25)
    writeByte(size >> 8)
    writeByte(size & 0xff)
  } else {
    const width = size < 2 ** 32 ? 4 : 8
    writeByte(kind | (width === 4 ? 26 : 27))
    for (let place = width - 1; place >= 0; place--) writeByte(Math.floor(size / 256 ** place) % 256)
  }
}

function writeText(text: string): void {
  if (isAscii(text)) {
    writeHead(3, text.length)
    makeRoom(text.length)
    for (let i = 0; i < text.length; i++) writer.bytes[writer.at++] = text.charCodeAt(i)
  } else {
    const bytes = utf8ToBytes(text)
    writeHead(3, bytes.length)
    writeBytes(bytes)
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false
  }
  return true
}

function writeBytes(bytes: Uint8Array): void {
  makeRoom(bytes.length)
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.length
}

function writeByte(byte: number): void {
  makeRoom(1)
  writer.bytes[writer.at++] = byte
}

function makeRoom(length: number): void {
  const needed = writer.at + length
  if (needed <= writer.bytes.length) return
  const wider = new Uint8Array(Math.max(needed, 2 * writer.bytes.length))
  wider.set(writer.bytes)
  writer.bytes = wider
}
