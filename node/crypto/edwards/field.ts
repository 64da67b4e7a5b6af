import {
  type Code,
  constant,
  countDown,
  get,
  load,
  minus,
  plus,
  type Routine,
  set,
  shiftLeft,
  shiftRight,
  store,
  times,
} from './assembler.ts'

/**
 * Arithmetic modulo p = 2^255 - 19 in WebAssembly, which has no product of 128 bits: ten limbs of 26 and 25 bits in turn, as in the reference
 * implementation of Ed25519 (SUPERCOP `ref10`, fe.h), whose bounds hold here too:
 *
 * - a *reduced* element, which is what a product is, has limbs of at most 1.01 * 2^25 and 1.01 * 2^24 either way;
 * - a factor may have limbs of 1.65 * 2^26 and 1.65 * 2^25: a sum or a difference of up to three reduced ones is a factor.
 *
 * An element is ten 32-bit integers in the memory. Results may stand where an argument does.
 */
export const ELEMENT_BYTES = 40

export const LIMBS = 10

/** Bits of limb i. */
export const limbBits = (i: number): number => (i % 2 === 0 ? 26 : 25)

const limbs = Array.from({ length: LIMBS }, (_, i) => i)
const odd = (i: number): boolean => i % 2 === 1

/** Parameters of these routines: the place of the result and of what it is made from. */
const OUT = 0
const A = 1
const B = 2

/** out = a * b, reduced. */
export const multiply: Routine = (() => {
  const f = locals(3)
  const g = locals(13)
  const f2 = locals(23)
  const g19 = locals(33)
  const h = locals(43)
  const carry = 53
  const code = [
    ...limbs.flatMap((i) => [...set(f(i), element(A, i)), ...set(g(i), element(B, i))]),
    ...limbs.flatMap((i) => [
      ...set(f2(i), shiftLeft(get(f(i)), 1)),
      ...set(g19(i), times(get(g(i)), constant(19))),
    ]),
    ...limbs.flatMap((k) =>
      // A product of two limbs of 25 bits stands one bit too low; from 2^255 on, 19 takes its place.
      set(
        h(k),
        sum(
          limbs.map((i) => {
            const j = (k - i + LIMBS) % LIMBS
            return times(get(odd(i) && odd(j) ? f2(i) : f(i)), get(i + j >= LIMBS ? g19(j) : g(j)))
          }),
        ),
      ),
    ),
    ...reduce(h, carry),
    ...limbs.flatMap((i) => put(i, get(h(i)))),
  ]
  return { name: 'multiply', parameters: 3, locals: 51, code }
})()

/** out = a^(2^n), reduced; n, the third argument, is 1 or more. */
export const square: Routine = (() => {
  const count = 2
  const f = locals(3)
  const f2 = locals(13)
  const f19 = locals(23)
  const f38 = locals(33)
  const h = locals(43)
  const carry = 53
  const once = [
    ...limbs.flatMap((i) => [
      ...set(f2(i), shiftLeft(get(f(i)), 1)),
      ...set(f19(i), times(get(f(i)), constant(19))),
      ...set(f38(i), times(get(f(i)), constant(38))),
    ]),
    ...limbs.flatMap((k) =>
      set(
        h(k),
        sum(
          limbs.flatMap((i) => {
            const j = (k - i + LIMBS) % LIMBS
            if (i > j) return []
            const left = i === j ? f(i) : f2(i)
            const right = i + j >= LIMBS ? (odd(i) && odd(j) ? f38 : f19) : odd(i) && odd(j) ? f2 : f
            return [times(get(left), get(right(j)))]
          }),
        ),
      ),
    ),
    ...reduce(h, carry),
    ...limbs.flatMap((i) => set(f(i), get(h(i)))),
  ]
  const code = [
    ...limbs.flatMap((i) => set(f(i), element(A, i))),
    ...countDown(count, once),
    ...limbs.flatMap((i) => put(i, get(f(i)))),
  ]
  return { name: 'square', parameters: 3, locals: 51, code }
})()

/** out = a + b, not reduced. */
export const add: Routine = {
  name: 'add',
  parameters: 3,
  locals: 0,
  code: limbs.flatMap((i) => put(i, plus(element(A, i), element(B, i)))),
}

/** out = a - b, not reduced. */
export const subtract: Routine = {
  name: 'subtract',
  parameters: 3,
  locals: 0,
  code: limbs.flatMap((i) => put(i, minus(element(A, i), element(B, i)))),
}

/** out = the one spelling of a: its limbs are from 0, and the whole is below p. For an a that is reduced, or the sum or difference of two. */
export const freeze: Routine = (() => {
  const h = locals(2)
  const q = 12
  const carry = 13
  const code = [
    ...limbs.flatMap((i) => set(h(i), element(A, i))),
    // q is how often p goes into a, from the top limb down and up again.
    ...set(q, shiftRight(plus(times(get(h(9)), constant(19)), constant(1 << 24)), 25)),
    ...limbs.flatMap((i) => set(q, shiftRight(plus(get(h(i)), get(q)), limbBits(i)))),
    ...set(h(0), plus(get(h(0)), times(get(q), constant(19)))),
    ...limbs.flatMap((i) => [
      ...set(carry, shiftRight(get(h(i)), limbBits(i))),
      // What leaves the last limb is q * 2^255, which is subtracted.
      ...(i + 1 < LIMBS ? set(h(i + 1), plus(get(h(i + 1)), get(carry))) : []),
      ...set(h(i), minus(get(h(i)), shiftLeft(get(carry), limbBits(i)))),
    ]),
    ...limbs.flatMap((i) => put(i, get(h(i)))),
  ]
  return { name: 'freeze', parameters: 2, locals: 12, code }
})()

/** Carries of `ref10` in its order, which leaves all limbs reduced. Each rounds to the nearest. */
function reduce(h: (i: number) => number, carry: number): Code {
  return [0, 4, 1, 5, 2, 6, 3, 7, 4, 8, 9, 0].flatMap((i) => {
    const next = (i + 1) % LIMBS
    const carried = next === 0 ? times(get(carry), constant(19)) : get(carry)
    return [
      ...set(carry, shiftRight(plus(get(h(i)), constant(2 ** (limbBits(i) - 1))), limbBits(i))),
      ...set(h(next), plus(get(h(next)), carried)),
      ...set(h(i), minus(get(h(i)), shiftLeft(get(carry), limbBits(i)))),
    ]
  })
}

function sum(terms: readonly Code[]): Code {
  return terms.reduce((total, term) => plus(total, term))
}

function element(parameter: number, limb: number): Code {
  return load(get(parameter), limb * 4)
}

function put(limb: number, value: Code): Code {
  return store(get(OUT), limb * 4, value)
}

/** Ten locals in a row. */
function locals(first: number): (i: number) => number {
  return (i) => first + i
}
