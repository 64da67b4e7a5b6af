/** Reproducible chance: mulberry32, one 32-bit state. */
export interface Dice {
  /** 0 to n - 1. */
  below(n: number): number
  /** True once in `n` times. */
  once(n: number): boolean
  /** One of these. Throws when there is none. */
  of<T>(items: readonly T[]): T
  bytes(n: number): Uint8Array
}

export function dice(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  const below = (n: number): number => next() % n
  return {
    below,
    once: (n) => below(n) === 0,
    of: (items) => {
      if (items.length === 0) throw new RangeError('none to choose from')
      return items[below(items.length)] as (typeof items)[number]
    },
    bytes: (n) => Uint8Array.from({ length: n }, () => below(256)),
  }
}
