import { hash } from 'node:crypto'

/** Choices that are the same for the same seed, on every machine. */
export interface Dice {
  /** From 0 to below 1. */
  next(): number
  /** From 0 to below `n`. */
  below(n: number): number
  chance(probability: number): boolean
  /** One of them; `undefined` of none. */
  pick<T>(items: readonly T[]): T | undefined
}

/** sfc32 (Chris Doty-Humphrey, PractRand), begun with the seed's SHA-256. For choices that nobody needs to be kept from foreseeing. */
export function diceFrom(seed: string): Dice {
  const start = hash('sha256', seed, 'buffer')
  let [a, b, c, counter] = [start.readUInt32LE(0), start.readUInt32LE(4), start.readUInt32LE(8), 1]
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
  }
}
