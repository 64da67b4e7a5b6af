import { compareBytes, strictlyAscending } from './bytes.ts'
import type { Value } from './codec.ts'
import { ID_BYTES, type Id, idBytes, idOf, type KeyText, keyBytes, keyText } from './ids.ts'
import { MAX_UINT } from './limits.ts'
import type { SchemaReason } from './reasons.ts'
import { type Bad, bad, good, type Result } from './result.ts'

/**
 * The shape of one field or map: both ways between a plain value and its typed form.
 * A schema accepts exactly one spelling, so `encode(decode(v))` is `v` again.
 */
export interface Schema<T> {
  decode(value: Value, at: string): Result<T, SchemaReason>
  encode(value: T): Value
}

/** The type that a schema reads. */
export type Read<S> = S extends Schema<infer T> ? T : never

const invalid = (at: string): Bad<SchemaReason> => bad('field-invalid', at)

/** An unsigned integer from `min` to `max`, both included. */
export function uint(max: number = MAX_UINT, min = 0): Schema<number> {
  return {
    decode: (value, at) =>
      typeof value === 'number' && value >= min && value <= max ? good(value) : invalid(at),
    encode: (value) => value,
  }
}

export const flag: Schema<boolean> = {
  decode: (value, at) => (typeof value === 'boolean' ? good(value) : invalid(at)),
  encode: (value) => value,
}

/** Bytes of a length from `min` to `max`. */
export function bytes(max: number, min = max): Schema<Uint8Array> {
  return {
    decode: (value, at) =>
      value instanceof Uint8Array && value.length >= min && value.length <= max ? good(value) : invalid(at),
    encode: (value) => value,
  }
}

/** An id: 32 bytes on the wire, 43 characters in memory. */
export function id<T extends Id>(): Schema<T> {
  return {
    decode: (value, at) =>
      value instanceof Uint8Array && value.length === ID_BYTES ? good(idOf<T>(value)) : invalid(at),
    encode: (value) => idBytes(value),
  }
}

/** An Ed25519 public key: 32 bytes on the wire. Whether it is admitted is a question for the signature rule. */
export const key: Schema<KeyText> = {
  decode: (value, at) =>
    value instanceof Uint8Array && value.length === ID_BYTES ? good(keyText(value)) : invalid(at),
  encode: (value) => keyBytes(value),
}

/**
 * A person's line of text: `min` to `max` UTF-16 code units, no control, no line break, no character that turns the direction of what
 * follows it, and no space at either end (SPEC §3.2): one name must not be able to look like another's line.
 */
export function line(max: number, min = 1): Schema<string> {
  return {
    decode: (value, at) => (typeof value === 'string' && isLine(value, max, min) ? good(value) : invalid(at)),
    encode: (value) => value,
  }
}

/** The rule of `line`, for those who ask before they make a statement. */
export function isLine(value: string, max: number, min = 1): boolean {
  return (
    value.length >= min &&
    value.length <= max &&
    value.isWellFormed() &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters.
    !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/.test(
      value,
    ) &&
    !/^[\s\u00a0]|[\s\u00a0]$/.test(value)
  )
}

/** Text that is not for people: only what the pattern allows. */
export function text(pattern: RegExp, max: number): Schema<string> {
  return {
    decode: (value, at) =>
      typeof value === 'string' && value.length <= max && pattern.test(value) ? good(value) : invalid(at),
    encode: (value) => value,
  }
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Schema<W> {
  return {
    decode: (value, at) => ((words as readonly Value[]).includes(value) ? good(value as W) : invalid(at)),
    encode: (value) => value,
  }
}

/** An array of `min` to `max` items. */
export function list<T>(item: Schema<T>, max: number, min = 0): Schema<readonly T[]> {
  return {
    decode: (value, at) => {
      if (!Array.isArray(value) || value.length < min || value.length > max) return invalid(at)
      const items: T[] = []
      for (const [i, one] of value.entries()) {
        const read = item.decode(one, `${at}[${i}]`)
        if (!read.ok) return read
        items.push(read.value)
      }
      return good(items)
    },
    encode: (value) => value.map((one) => item.encode(one)),
  }
}

/** A set of ids or keys: an array in strictly ascending bytewise order, so that one set has one spelling. */
export function sortedSet<T extends Id | KeyText>(
  item: Schema<T>,
  max: number,
  min = 0,
): Schema<readonly T[]> {
  const items = list(item, max, min)
  return {
    decode: (value, at) => {
      const read = items.decode(value, at)
      if (!read.ok) return read
      return strictlyAscending(value as Uint8Array[], compareBytes) ? read : invalid(at)
    },
    encode: (value) => items.encode(value),
  }
}

type Fields = Readonly<Record<string, Schema<unknown>>>
type Typed<F extends Fields, O extends Fields> = { readonly [K in keyof F]: Read<F[K]> } & {
  readonly [K in keyof O]?: Read<O[K]>
}

/** A closed map: every field of `fields`, none beside those and `optional`. */
export function map<F extends Fields, O extends Fields = Record<never, never>>(
  fields: F,
  optional: O = {} as O,
): Schema<Typed<F, O>> {
  const all: Fields = { ...fields, ...optional }
  return {
    decode: (value, at) => {
      if (!isMap(value)) return invalid(at)
      const unknown = Object.keys(value).find((name) => !Object.hasOwn(all, name))
      if (unknown !== undefined) return bad('field-unknown', join(at, unknown))
      const out: Record<string, unknown> = {}
      for (const [name, schema] of Object.entries(all)) {
        const field = value[name]
        if (field === undefined) {
          if (Object.hasOwn(optional, name)) continue
          return bad('field-missing', join(at, name))
        }
        const read = schema.decode(field, join(at, name))
        if (!read.ok) return read
        out[name] = read.value
      }
      return good(out as Typed<F, O>)
    },
    encode: (value) => {
      const out: { [name: string]: Value } = {}
      for (const [name, schema] of Object.entries(all)) {
        const field = (value as Record<string, unknown>)[name]
        if (field !== undefined) out[name] = schema.encode(field)
      }
      return out
    },
  }
}

/** True when the value is a map of the profile. */
export function isMap(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}
