/** A way through the app as a row of waits, and what a number of such ways come to. */

import { against, distribution, type Figure } from './figure.ts'
import type { Floor } from './floor.ts'
import type { Marks } from './stopwatch.ts'

/** Milliseconds that a person waited for the app, by what for, in order. */
export type Waits = Readonly<Record<string, number>>

export interface Journey {
  readonly waits: Waits
  /** From the navigation to the first sound: the waits, and what the script took to fill in and press. */
  readonly total: number
  /** What the last wait is made of. */
  readonly within: Waits
  /** What the same pages need with nothing between them. */
  readonly floor: Floor
}

/** From one mark to another. Throws when either is missing: then it was another way through the app. */
export function wait(from: number | undefined, to: number | undefined): number {
  if (from === undefined || to === undefined) throw new Error('a screen was skipped')
  return Math.max(0, to - from)
}

export function journey(waits: Waits, { shown, pressed, sounded }: Marks, floor: Floor): Journey {
  const within = {
    'room clicked -> voice connected': wait(pressed['room-item'], shown.voice),
    'voice connected -> first sound': wait(shown.voice, sounded),
  }
  return {
    waits: { ...waits, 'room clicked -> first sound': wait(pressed['room-item'], sounded) },
    within,
    total: wait(0, sounded),
    floor,
  }
}

export function describe({ waits, within, total, floor }: Journey): string {
  const parts = Object.entries({
    ...waits,
    ...within,
    total,
    'bare pair connected': floor.connected,
    'bare pair heard': floor.heard,
  }).map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
  return parts.join(', ')
}

/** @param whole what the journey is called */
export function figuresOf(whole: string, journeys: readonly Journey[]): readonly Figure[] {
  const n = journeys.length
  const spreadOf = (read: (each: Journey) => number) => distribution(journeys.map(read))
  const floor = spreadOf((each) => each.floor.heard)
  const peer = 'bare RTCPeerConnection between the same two pages'
  const figure = (metric: string, read: (each: Journey) => number): Figure => {
    const spread = spreadOf(read)
    return { metric, unit: 'ms', n, ...spread, compared: [against({ peer }, floor.p50, spread.p50)] }
  }
  const named = (of: 'waits' | 'within') =>
    Object.keys(journeys[0]?.[of] ?? {}).map((name) => figure(name, (each) => wait(0, each[of][name])))
  return [
    { metric: `${peer}, connected`, unit: 'ms', n, ...spreadOf((each) => each.floor.connected) },
    { metric: `${peer}, first sound`, unit: 'ms', n, ...floor },
    ...named('waits'),
    ...named('within'),
    figure(`${whole}, waiting`, (each) => sum(Object.values(each.waits))),
    figure(`${whole}, pressing included`, (each) => each.total),
  ]
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
