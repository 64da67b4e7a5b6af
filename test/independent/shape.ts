import type { Value } from '../../protocol/codec.ts'
import { hex } from './bytes.ts'
import { no, type Outcome, yes } from './outcome.ts'

/** A kind of field (SPEC §2). Ids, keys and other byte strings are read as hex. */
export interface Kind<T> {
  readonly read: (value: Value) => Outcome<T>
  readonly optional?: true
}

export type Shape = Readonly<Record<string, Kind<unknown>>>

/** What a shape reads as. An optional field that is not there is `undefined`. */
export type Read<S extends Shape> = { readonly [F in keyof S]: S[F] extends Kind<infer T> ? T : never }

const INVALID = no('field-invalid')

/** A closed map (SCHEMA-1): unknown fields first, then the fields in the order of the shape. */
export function readMap<S extends Shape>(shape: S, value: Value): Outcome<Read<S>> {
  if (!isMap(value)) return INVALID
  if (Object.keys(value).some((name) => !Object.hasOwn(shape, name))) return no('field-unknown')
  const out: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(shape)) {
    const field = value[name]
    if (field === undefined) {
      if (!kind.optional) return no('field-missing')
      continue
    }
    const read = kind.read(field)
    if (!read.ok) return read
    out[name] = read.value
  }
  return yes(out as Read<S>)
}

export function isMap(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}

export function maybe<T>(kind: Kind<T>): Kind<T | undefined> {
  return { read: kind.read, optional: true }
}

export function map<S extends Shape>(shape: S): Kind<Read<S>> {
  return { read: (value) => readMap(shape, value) }
}

export function uint(low = 0, high = Number.MAX_SAFE_INTEGER): Kind<number> {
  return {
    read: (value) => (typeof value === 'number' && value >= low && value <= high ? yes(value) : INVALID),
  }
}

export function bytes(low: number, high = low): Kind<string> {
  return {
    read: (value) =>
      value instanceof Uint8Array && value.length >= low && value.length <= high ? yes(hex(value)) : INVALID,
  }
}

export const id = bytes(32)
export const key = bytes(32)
export const flag: Kind<boolean> = { read: (value) => (typeof value === 'boolean' ? yes(value) : INVALID) }

/** TIME-1. The last second is that of the year 9999. */
export const minute: Kind<number> = {
  read: (value) =>
    typeof value === 'number' && value <= 253_402_300_799 && value % 60 === 0 ? yes(value) : INVALID,
}

export function oneOf<T extends string>(...texts: readonly T[]): Kind<T> {
  return { read: (value) => (texts.includes(value as T) ? yes(value as T) : INVALID) }
}

export function list<T>(kind: Kind<T>, low: number, high: number): Kind<readonly T[]> {
  return {
    read: (value) => {
      if (!Array.isArray(value) || value.length < low || value.length > high) return INVALID
      const items: T[] = []
      for (const item of value) {
        const read = kind.read(item)
        if (!read.ok) return read
        items.push(read.value)
      }
      return yes(items)
    },
  }
}

/** SCHEMA-4, of byte strings of one length. */
export function set(kind: Kind<string>, low: number, high: number): Kind<readonly string[]> {
  const items = list(kind, low, high)
  return {
    read: (value) => {
      const read = items.read(value)
      if (!read.ok) return read
      return read.value.every((item, i) => i === 0 || (read.value[i - 1] as string) < item) ? read : INVALID
    },
  }
}

/** SCHEMA-3. */
export function line(most: number): Kind<string> {
  return {
    read: (value) =>
      typeof value === 'string' &&
      value.length >= 1 &&
      value.length <= most &&
      !INVISIBLE.test(value) &&
      !EDGE.test(value.charAt(0)) &&
      !EDGE.test(value.charAt(value.length - 1))
        ? yes(value)
        : INVALID,
  }
}

const INVISIBLE =
  /\u034f|[\p{Cc}\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e00ff}]/u
const EDGE = /[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/
