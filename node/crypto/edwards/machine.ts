import { address, assemble, type Code, call, choose, get, offset, type Routine } from './assembler.ts'
import { add, ELEMENT_BYTES, freeze, LIMBS, limbBits, multiply, square, subtract } from './field.ts'

/**
 * The curve's arithmetic in WebAssembly: -x² + y² = 1 + dx²y² modulo 2^255 - 19, over places in one memory. Formulas of Hisil, Wong, Carter and
 * Dawson, "Twisted Edwards Curves Revisited" (ePrint 2008/522), §3.1 to §3.3, which are complete: no pair of points is an exception.
 */

/** Where an element or a point stands in the memory, in bytes. */
export type Place = number

/** X, Y, Z, T, one after the other: x = X/Z, y = Y/Z, xy = T/Z. All reduced. */
export const POINT_BYTES = 4 * ELEMENT_BYTES
/** y + x, y - x, 2dxy: a point as it is added most cheaply. */
export const ADDEND_BYTES = 3 * ELEMENT_BYTES

/** Of one page of WebAssembly. */
const PAGE_BYTES = 65_536

export interface Machine {
  multiply(out: Place, a: Place, b: Place): void
  /** out = a^(2^n), n from 1. */
  square(out: Place, a: Place, n: number): void
  add(out: Place, a: Place, b: Place): void
  subtract(out: Place, a: Place, b: Place): void
  freeze(out: Place, a: Place): void
  /** point += addend, or -= when `negative` is 1. */
  addAddend(point: Place, addend: Place, negative: 0 | 1): void
  /** point += other. */
  addPoint(point: Place, other: Place): void
  /** point += point. */
  double(point: Place): void
  /** The memory in 32-bit words: a place is 4 times an index. */
  readonly words: Int32Array
  /** Sets some bytes of the memory aside. */
  reserve(bytes: number): Place
}

/** What the routines keep in the meantime, and 2d. */
const scratch = Array.from({ length: 8 }, (_, i) => i * ELEMENT_BYTES) as readonly Place[]
const [E, F, G, H, S, T, U, V] = scratch.map(address) as [Code, Code, Code, Code, Code, Code, Code, Code]
/** The curve's 2d, which whoever starts a machine puts there. */
export const TWICE_D: Place = 8 * ELEMENT_BYTES
const FIRST_FREE: Place = 9 * ELEMENT_BYTES

const MULTIPLY = 0
const SQUARE = 1
const ADD = 2
const SUBTRACT = 3

const times = (out: Code, a: Code, b: Code): Code => call(MULTIPLY, out, a, b)
const squared = (out: Code, a: Code): Code => call(SQUARE, out, a, address(1))
const sum = (out: Code, a: Code, b: Code): Code => call(ADD, out, a, b)
const difference = (out: Code, a: Code, b: Code): Code => call(SUBTRACT, out, a, b)

/** Element i of the point or addend that an argument names. */
const part = (parameter: number, i: number): Code => offset(get(parameter), address(i * ELEMENT_BYTES))
const X = part(0, 0)
const Y = part(0, 1)
const Z = part(0, 2)
const XY = part(0, 3)

/** The last step of every formula: X = EF, Y = GH, T = EH, Z = FG. */
const finish = (f: Code, g: Code): Code => [
  ...times(X, E, f),
  ...times(Y, g, H),
  ...times(XY, E, H),
  ...times(Z, F, G),
]

/** §3.1 with Z2 = 1. The negative of an addend has its first two elements exchanged and the third negated, which exchanges F and G. */
const addAddend: Routine = (() => {
  const negative = get(2)
  const code = [
    ...difference(S, Y, X),
    ...sum(T, Y, X),
    ...times(S, S, choose(negative, part(1, 0), part(1, 1))),
    ...times(T, T, choose(negative, part(1, 1), part(1, 0))),
    ...times(U, XY, part(1, 2)),
    ...sum(V, Z, Z),
    ...difference(E, T, S),
    ...sum(H, T, S),
    ...difference(F, V, U),
    ...sum(G, V, U),
    ...finish(choose(negative, G, F), choose(negative, F, G)),
  ]
  return { name: 'addAddend', parameters: 3, locals: 0, code }
})()

/** §3.1. */
const addPoint: Routine = {
  name: 'addPoint',
  parameters: 2,
  locals: 0,
  code: [
    ...difference(S, Y, X),
    ...sum(T, Y, X),
    ...difference(U, part(1, 1), part(1, 0)),
    ...sum(V, part(1, 1), part(1, 0)),
    ...times(S, S, U),
    ...times(T, T, V),
    ...times(U, XY, part(1, 3)),
    ...times(U, U, address(TWICE_D)),
    ...times(V, Z, part(1, 2)),
    ...sum(V, V, V),
    ...difference(E, T, S),
    ...sum(H, T, S),
    ...difference(F, V, U),
    ...sum(G, V, U),
    ...finish(F, G),
  ],
}

/** §3.3. */
const double: Routine = {
  name: 'double',
  parameters: 1,
  locals: 0,
  code: [
    ...squared(S, X),
    ...squared(T, Y),
    ...sum(U, Z, Z),
    ...times(U, U, Z),
    ...sum(V, X, Y),
    ...squared(V, V),
    ...sum(H, S, T),
    ...difference(E, H, V),
    ...difference(G, S, T),
    ...sum(F, U, G),
    ...finish(F, G),
  ],
}

/** Throws `WebAssembly.CompileError` where a page's policy forbids WebAssembly. */
export async function startMachine(memoryBytes: number): Promise<Machine> {
  const routines = [multiply, square, add, subtract, freeze, addAddend, addPoint, double]
  const pages = Math.ceil((memoryBytes + FIRST_FREE) / PAGE_BYTES)
  const { instance } = await WebAssembly.instantiate(assemble(routines, pages))
  const { memory, ...routine } = instance.exports as unknown as Omit<Machine, 'words' | 'reserve'> & {
    readonly memory: WebAssembly.Memory
  }
  const end = memory.buffer.byteLength
  let next = FIRST_FREE
  return {
    ...routine,
    words: new Int32Array(memory.buffer),
    reserve(bytes) {
      const place = next
      next += bytes
      if (next > end) throw new RangeError('the memory is too small for this')
      return place
    },
  }
}

/** Writes an element; from 0, below 2^255. */
export function putElement({ words }: Machine, place: Place, value: bigint): void {
  let rest = value
  for (let i = 0; i < LIMBS; i++) {
    const bits = BigInt(limbBits(i))
    words[place / 4 + i] = Number(rest & ((1n << bits) - 1n))
    rest >>= bits
  }
}

/** Writes the low 255 bits of 32 little-endian bytes as an element. */
export function putBytes({ words }: Machine, place: Place, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let bit = 0
  for (let i = 0; i < LIMBS; i++) {
    const width = limbBits(i)
    const word = bit >> 5
    const shift = bit & 31
    let limb = view.getUint32(word * 4, true) >>> shift
    if (shift + width > 32) limb |= view.getUint32(word * 4 + 4, true) << (32 - shift)
    words[place / 4 + i] = limb & ((1 << width) - 1)
    bit += width
  }
}

/** The 32 little-endian bytes of an element that is frozen. */
export function getBytes({ words }: Machine, place: Place): Uint8Array {
  const bytes = new Uint8Array(32)
  let bit = 0
  for (let i = 0; i < LIMBS; i++) {
    const limb = words[place / 4 + i] as number
    // A limb begins in one byte and reaches into up to four more.
    for (let at = bit >> 3, rest = limb * 2 ** (bit & 7); rest > 0; at++, rest = Math.floor(rest / 256)) {
      bytes[at] = (bytes[at] as number) | (rest & 0xff)
    }
    bit += limbBits(i)
  }
  return bytes
}
