import { decodeValue, encodeValue } from '../../protocol/codec.ts'
import { isMap } from '../../protocol/schema.ts'

/** One change of an input. `inside`: of the payload in an envelope, whose frame is then made to fit again. */
export interface Edit {
  readonly kind: 'change' | 'flip' | 'drop' | 'insert' | 'double' | 'cut' | 'cross' | 'grow' | 'shrink'
  readonly at: number
  readonly length: number
  readonly byte: number
  /** Which example to cross with. */
  readonly other: number
  readonly inside: boolean
}

/** An example with the edits made to it, in order. */
export function mutate(examples: readonly Uint8Array[], which: number, edits: readonly Edit[]): Uint8Array {
  const pick = (index: number) => examples[index % examples.length] as Uint8Array
  return edits.reduce((bytes, change) => {
    const inner = change.inside ? payloadOf(bytes) : undefined
    if (inner === undefined) return edit(bytes, change, pick(change.other))
    return encodeValue({ ...inner, p: edit(inner.p, change, pick(change.other)) })
  }, pick(which))
}

function edit(bytes: Uint8Array, { kind, at, length, byte }: Edit, other: Uint8Array): Uint8Array {
  const place = at % (bytes.length + 1)
  const before = bytes.subarray(0, place)
  const after = bytes.subarray(place)
  const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))
  const replaced = (value: number) => join(before, Uint8Array.of(value & 0xff), after.subarray(1))
  const there = bytes[place] ?? 0
  switch (kind) {
    case 'change':
      return replaced(byte)
    case 'flip':
      return replaced(there ^ (1 << (byte % 8)))
    case 'grow':
      return replaced(there + 1)
    case 'shrink':
      return replaced(there - 1)
    case 'drop':
      return join(before, after.subarray(length))
    case 'insert':
      return join(before, new Uint8Array(length).fill(byte), after)
    case 'double':
      return join(before, after.subarray(0, length), after)
    case 'cut':
      return before.slice()
    case 'cross':
      return join(before, other.subarray(at % (other.length + 1)))
  }
}

function payloadOf(bytes: Uint8Array): { readonly p: Uint8Array } | undefined {
  const value = decodeValue(bytes, bytes.length)
  if (!value.ok || !isMap(value.value) || !(value.value.p instanceof Uint8Array)) return undefined
  return value.value as { readonly p: Uint8Array }
}
