/** What a benchmark finds out. */

/** The middle and the tail of what was measured, by nearest rank: below 20 values p95 is the largest, below 100 p99 is. */
export interface Distribution {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** What a figure is held against, measured in the same run or set by the project; `ratio` is the figure's (its median's) to it. */
export type Comparison = ({ readonly peer: string } | { readonly limit: string }) & {
  readonly value: number
  readonly ratio: number
}

export type Figure = {
  readonly metric: string
  /** `1`: a number without one. */
  readonly unit: 'ms' | 'B' | 'kB' | '1/s' | '1'
  /** How many values were measured. */
  readonly n: number
  readonly compared?: readonly Comparison[]
  /** What a sum is made of, largest first, in the same unit. */
  readonly parts?: Readonly<Record<string, number>>
} & (Distribution | { readonly value: number })

/**
 * Throws on no values: nothing was measured.
 * @param better which end is the good one: p95 is as bad as the worst of 95 % of the values
 */
export function distribution(values: readonly number[], better: 'less' | 'more' = 'less'): Distribution {
  if (values.length === 0) throw new RangeError('there are no values')
  const sorted = values.toSorted((a, b) => (better === 'less' ? a - b : b - a))
  const rank = (share: number) => round(sorted[Math.ceil(share * sorted.length) - 1] as number)
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) }
}

/** Three significant digits, and whole numbers whole: more would be noise. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

/** @param figure a value, or the median of a distribution */
export function against(
  what: { peer: string } | { limit: string },
  value: number,
  figure: number,
): Comparison {
  return { ...what, value: round(value), ratio: Number((figure / value).toPrecision(3)) }
}
