import { Bucket } from '../node/bucket.ts'
import type { Clock } from '../node/ports/clock.ts'

/** Buckets that are remembered. The least used one is forgotten first, and begins full again: a gift, where memory without a bound would be a defect. */
const MAX_BUCKETS = 4096

/** How much of one thing everybody may have: `burst` at once, and one more for each `refill` milliseconds. */
export interface Rate {
  readonly burst: number
  readonly refill: number
}

/** A token bucket for each member, newcomer or peer. */
export class Allowance {
  readonly #clock: Clock
  readonly #rate: Rate
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock
    this.#rate = rate
  }

  /** False when this one has had theirs. */
  take(who: string): boolean {
    const bucket = this.#buckets.get(who) ?? new Bucket(this.#clock, this.#rate.burst, this.#rate.refill)
    // The map's order is that of the last use.
    this.#buckets.delete(who)
    this.#buckets.set(who, bucket)
    if (this.#buckets.size > MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys()
      this.#buckets.delete(oldest as string)
    }
    return bucket.take()
  }
}
