/**
 * As much of WebAssembly's binary format as the curve needs (W3C core specification 2.0, §5): functions over 32-bit addresses, with 64-bit
 * locals, in one memory. The code of a function is the list of its bytes.
 */
export type Code = readonly number[]

/** A function. Its arguments are 32-bit integers, locals `0` to `parameters - 1`; after them come its 64-bit locals, which begin as 0. */
export interface Routine {
  readonly name: string
  readonly parameters: number
  readonly locals: number
  readonly code: Code
}

const I32 = 0x7f
const I64 = 0x7e
const EMPTY = 0x40
const END = 0x0b

/** The bytes of a module that exports its routines by name and its memory as `memory`. A routine's number is its place in the list. */
export function assemble(routines: readonly Routine[], memoryPages: number): Uint8Array<ArrayBuffer> {
  const types = routines.map(({ parameters }) => [0x60, ...vector(Array(parameters).fill([I32])), 0])
  const bodies = routines.map(({ locals, code }) => {
    const body = [...vector([[...unsigned(locals), I64]]), ...code, END]
    return [...unsigned(body.length), ...body]
  })
  const exports = [
    ...routines.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]),
    [...text('memory'), 2, 0],
  ]
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      routines.map((_, i) => unsigned(i)),
    ),
    ...section(5, [[0, ...unsigned(memoryPages)]]),
    ...section(7, exports),
    ...section(10, bodies),
  ]
  return Uint8Array.from(bytes)
}

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)]
export const address = (value: number): Code => [0x41, ...signed(value)]
export const constant = (value: number): Code => [0x42, ...signed(value)]

/** A 32-bit integer of the memory, as 64 bits with its sign. */
export const load = (at: Code, offset: number): Code => [...at, 0x34, 2, ...unsigned(offset)]
/** The low 32 bits into the memory. */
export const store = (at: Code, offset: number, value: Code): Code => [
  ...at,
  ...value,
  0x3e,
  2,
  ...unsigned(offset),
]

export const plus = (a: Code, b: Code): Code => [...a, ...b, 0x7c]
export const minus = (a: Code, b: Code): Code => [...a, ...b, 0x7d]
export const times = (a: Code, b: Code): Code => [...a, ...b, 0x7e]
export const shiftLeft = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x86]
/** Arithmetic: rounds towards minus infinity. */
export const shiftRight = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x87]

/** The sum of two addresses. */
export const offset = (a: Code, b: Code): Code => [...a, ...b, 0x6a]
/** One of two addresses, by a 32-bit condition. */
export const choose = (condition: Code, ifSo: Code, otherwise: Code): Code => [
  ...ifSo,
  ...otherwise,
  ...condition,
  0x1b,
]
export const call = (routine: number, ...given: readonly Code[]): Code => [
  ...given.flat(),
  0x10,
  ...unsigned(routine),
]

/** Repeats, and counts a 32-bit local down from its value, which is 1 or more, to 0. */
export const countDown = (local: number, body: Code): Code => [
  ...[0x03, EMPTY],
  ...body,
  ...[...get(local), ...address(1), 0x6b, 0x22, ...unsigned(local)],
  ...[0x0d, 0],
  END,
]

function section(id: number, items: readonly Code[]): Code {
  const content = vector(items)
  return [id, ...unsigned(content.length), ...content]
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()]
}

function text(name: string): Code {
  return vector([...new TextEncoder().encode(name)].map((byte) => [byte]))
}

/** LEB128 of a whole number from 0. */
function unsigned(value: number): Code {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

/** LEB128 of a 32-bit integer with its sign. */
function signed(value: number): Code {
  const bytes: number[] = []
  let rest = value
  while (rest < -0x40 || rest > 0x3f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return [...bytes, rest & 0x7f]
}
