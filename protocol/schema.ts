import { compareBytes, strictlyAscending } from './bytes.ts'
import type { Value } from './codec.ts'
import { ID_BYTES, type Id, idBytes, idOf, type KeyText, keyBytes, keyText } from './ids.ts'
import { MAX_UINT } from './limits.ts'
import type { SchemaReason } from './reasons.ts'
import { type Bad, bad, good, type Result } from './result.ts'
import { isStableNfc } from './unicode.ts'

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

/** A flag that is only ever set: where it is not, it is left out. */
export const yes: Schema<true> = {
  decode: (value, at) => (value === true ? good(true) : invalid(at)),
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
 * A person's line of text: `min` to `max` UTF-16 code units, no control, no line break, no character that nobody sees or that turns the
 * direction of what follows it, and no space at either end (SPEC §3.2): one name must not be able to look like another, or like nothing.
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
    isStableNfc(value) &&
    !UNSEEN.test(value) &&
    !/^\s|\s$/.test(value)
  )
}

/**
 * Controls; line and paragraph breaks; marks that turn the direction; fillers, the zero-width space, joins that join nothing, tags: all that shows
 * as nothing at all. The joiners U+200C and U+200D and the variation selectors stay: Persian, Hindi, Mongolian and emoji are written with them.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters.
  /[\u034f\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e00ff}]/u

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
  const entries = Object.entries(all)
  return {
    decode: (value, at) => {
      if (!isMap(value)) return invalid(at)
      for (const name in value) if (!Object.hasOwn(all, name)) return bad('field-unknown', join(at, name))
      const out: Record<string, unknown> = {}
      for (const [name, schema] of entries) {
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
      for (const [name, schema] of entries) {
        const field = (value as Record<string, unknown>)[name]
        if (field !== undefined) out[name] = schema.encode(field)
      }
      return out
    },
  }
}

/** A shape with a rule about what it reads, which is asked once every field is good; the rule returns what is wrong. */
export function refine<T>(shape: Schema<T>, rule: (value: T) => Bad<SchemaReason> | undefined): Schema<T> {
  return {
    decode: (value, at) => {
      const read = shape.decode(value, at)
      return read.ok ? (rule(read.value) ?? read) : read
    },
    encode: (value) => shape.encode(value),
  }
}

/**
 * A closed map whose fields come in groups, of which exactly one is there, whole; a group is whole without a field whose name ends in `?`. The
 * shape knows every field and has each as optional.
 * It is the first one of which a field is there that not every group has, or the first one. A field beside its group is `field-unknown`; a group
 * that is not whole, or none at all, is `field-missing`.
 */
export function oneGroup<T extends object>(
  shape: Schema<T>,
  ...groups: readonly (readonly GroupField<T>[])[]
): Schema<T> {
  const named = groups.map((group) => group.map((field) => field.replace('?', '')))
  const isTelling = (name: string): boolean => !named.every((group) => group.includes(name))
  return {
    decode: (value, at) => {
      const read = shape.decode(value, at)
      if (!read.ok) return read
      const names = Object.keys(read.value)
      const isThere = (name: string): boolean => isTelling(name) && names.includes(name)
      const chosen = Math.max(
        0,
        named.findIndex((group) => group.some(isThere)),
      )
      const surplus = names.find((name) => !named[chosen]?.includes(name))
      if (surplus !== undefined) return bad('field-unknown', join(at, surplus))
      const missing = groups[chosen]?.find((field) => !field.endsWith('?') && !names.includes(field))
      return missing === undefined ? read : bad('field-missing', join(at, missing))
    },
    encode: (value) => shape.encode(value),
  }
}

type GroupField<T> = (keyof T & string) | `${keyof T & string}?`

/** True when the value is a map of the profile. */
export function isMap(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}
