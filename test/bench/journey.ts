/** A way through the app as a row of waits, and what a number of such ways come to. */

import { against, distribution, type Figure } from './figure.ts'
import type { Marks } from './stopwatch.ts'

/** Milliseconds that a person waited for the app, by what for, in order. */
export type Waits = Readonly<Record<string, number>>

export interface Journey {
  readonly waits: Waits
  /** From the navigation to the first sound: the waits, and what the script took to fill in and press. */
  readonly total: number
  /** What the same pages need with nothing between them (floor.ts). */
  readonly floor: number
}

/** From one mark to another. Throws when either is missing: then it was another way through the app. */
export function wait(from: number | undefined, to: number | undefined): number {
  if (from === undefined || to === undefined) throw new Error('a screen was skipped')
  return Math.max(0, to - from)
}

export function journey(waits: Waits, { sounded }: Marks, floor: number): Journey {
  return { waits, total: wait(0, sounded), floor }
}

export function describe({ waits, total, floor }: Journey): string {
  const parts = Object.entries({ ...waits, total, floor }).map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
  return parts.join(', ')
}

/** @param whole what the journey is called */
export function figuresOf(whole: string, journeys: readonly Journey[]): readonly Figure[] {
  const n = journeys.length
  const floor = distribution(journeys.map((each) => each.floor))
  const peer = 'bare RTCPeerConnection between the same two pages'
  const figure = (metric: string, values: readonly number[]): Figure => {
    const spread = distribution(values)
    return { metric, unit: 'ms', n, ...spread, compared: [against({ peer }, floor.p50, spread.p50)] }
  }
  const waits = Object.keys(journeys[0]?.waits ?? {})
  return [
    { metric: peer, unit: 'ms', n, ...floor },
    ...waits.map((name) =>
      figure(
        name,
        journeys.map((each) => wait(0, each.waits[name])),
      ),
    ),
    figure(
      `${whole}, waiting`,
      journeys.map((each) => sum(Object.values(each.waits))),
    ),
    figure(
      `${whole}, pressing included`,
      journeys.map((each) => each.total),
    ),
  ]
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
