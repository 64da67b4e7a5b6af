import { type Distribution, type Figure, round } from '../figure.ts'
import type { Counts } from './ears.ts'

/** What is measured of one engine in one window. */
export interface Seen extends Counts {
  /** Milliseconds of processor time of the engine alone, and how long the window was. */
  readonly cpu: number
  readonly milliseconds: number
  readonly listeners: number
}

/** Milliseconds of processor time for a thousand packets that came. */
export const perThousand = ({ cpu, packets }: Seen): number => cpu / (packets / 1000)
/** Packets that a second of processor time brings to their listeners. */
export const delivered = ({ cpu, packets }: Seen): number => packets / (cpu / 1000)
/** Listeners that a second of processor time carries for a second. */
export const carried = ({ cpu, milliseconds, listeners }: Seen): number => (listeners * milliseconds) / cpu

/** What became of the packets: lost, late. */
export function* fate(what: string, seen: readonly Seen[]): Generator<Figure> {
  const packets = seen.reduce((sum, each) => sum + each.packets, 0)
  const lost = seen.reduce((sum, each) => sum + each.lost, 0)
  yield {
    metric: `packets lost of 1,000, ${what}`,
    unit: '1',
    n: packets,
    value: round((1000 * lost) / (packets + lost)),
  }
  yield { metric: `added delay, ${what}`, unit: 'ms', n: packets, ...delaysOf(seen) }
}

/** By nearest rank, of all packets. */
export function delaysOf(seen: readonly Counts[]): Distribution {
  const counts = new Map<number, number>()
  for (const { delays } of seen)
    for (const [delay, count] of delays) counts.set(delay, (counts.get(delay) ?? 0) + count)
  const sorted = [...counts].toSorted(([a], [b]) => a - b)
  const all = sorted.reduce((sum, [, count]) => sum + count, 0)
  const rank = (share: number) => {
    let left = Math.ceil(share * all)
    for (const [delay, count] of sorted) {
      left -= count
      if (left <= 0) return delay
    }
    throw new RangeError('no packet came')
  }
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) }
}
