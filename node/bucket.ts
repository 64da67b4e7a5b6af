import type { Clock } from './ports/clock.ts'

/** A token bucket: `burst` at once, and one more for each `refill` milliseconds. */
export class Bucket {
  readonly #clock: Pick<Clock, 'now'>
  readonly #burst: number
  readonly #refill: number
  #tokens: number
  #at: number

  constructor(clock: Pick<Clock, 'now'>, burst: number, refill: number) {
    this.#clock = clock
    this.#burst = burst
    this.#refill = refill
    this.#tokens = burst
    this.#at = clock.now()
  }

  /** How many whole ones are left. */
  get left(): number {
    this.#fill()
    return Math.floor(this.#tokens)
  }

  #fill(): void {
    const now = this.#clock.now()
    // A clock that was set back gives nothing and takes nothing.
    const passed = Math.max(0, now - this.#at)
    this.#tokens = Math.min(this.#burst, this.#tokens + passed / this.#refill)
    this.#at = now
  }

  /**
   * Takes so many, also where there are fewer: what is owed has to come back first. Of many who take at once, when there was still something left, each
   * may leave a debt; no more is owed than the largest of them took.
   */
  owe(count: number): void {
    this.#fill()
    this.#tokens = Math.min(this.#tokens, Math.max(-count, this.#tokens - count))
  }

  /** False, and nothing taken, when there are not so many left. */
  take(count = 1): boolean {
    if (this.left < count) return false
    this.#tokens -= count
    return true
  }
}
