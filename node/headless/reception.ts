import type { Traffic } from '../ports/traffic.ts'
import type { Arrival } from './packet-stream.ts'

/** RFC 7587 §4.1: Opus counts 48 to the millisecond in RTP. */
const TICKS_PER_MS = 48
/** Sequence numbers further apart than this are of a sender that began anew. */
const MAX_GAP = 512
/** RFC 3550 §A.8: how much of each difference goes into the jitter. */
const JITTER_SHARE = 1 / 16

/** How the packets of one RTP stream come: which are missing, and how unevenly (RFC 3550 §A.3, §A.8). */
export class Reception {
  #highest: number | undefined
  /** Arrival less timestamp, of the packet before, in milliseconds. */
  #transit = 0
  #jitter = 0
  #received = 0
  #lost = 0

  /** So far. `lost` goes down again by what was only late. */
  get counts() {
    return { received: this.#received, lost: Math.max(0, this.#lost), jitter: this.#jitter }
  }

  /** @param at milliseconds; only differences count */
  take(sequence: number, timestamp: number, at: number): Arrival {
    const before = this.#highest
    const ahead = before === undefined ? 1 : difference(sequence, before)
    const isNew = before === undefined || Math.abs(ahead) > MAX_GAP
    if (isNew || ahead > 0) this.#highest = sequence
    const transit = at - timestamp / TICKS_PER_MS
    if (!isNew) {
      // A timestamp that begins again from 0 is no jitter of a day.
      const moved = Math.min(Math.abs(transit - this.#transit), MAX_MOVE_MS)
      this.#jitter += (moved - this.#jitter) * JITTER_SHARE
    }
    this.#transit = transit
    const missing = isNew || ahead === 0 ? 0 : ahead > 0 ? ahead - 1 : -1
    this.#received += 1
    this.#lost += missing
    return { missing, jitter: this.#jitter }
  }
}

/** What the streams of one connection come to. The library measures no round trip of voices. */
export function trafficOf(receptions: readonly Reception[]): Traffic {
  const counts = receptions.map((reception) => reception.counts)
  const sum = (of: (count: (typeof counts)[number]) => number) =>
    counts.reduce((all, each) => all + of(each), 0)
  const heard = counts.filter(({ received }) => received > 0)
  const jitter = heard.length === 0 ? undefined : Math.max(...heard.map((each) => each.jitter))
  return {
    roundTrip: undefined,
    jitter,
    received: sum(({ received }) => received),
    lost: sum(({ lost }) => lost),
  }
}

/** A road that swings by more than this brings no voice. */
const MAX_MOVE_MS = 2_000

/** How far `a` is ahead of `b`, of two sequence numbers that wrap. */
function difference(a: number, b: number): number {
  const ahead = (a - b) & 0xffff
  return ahead < 0x8000 ? ahead : ahead - 0x10000
}
