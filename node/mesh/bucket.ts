import type { Clock } from '../ports/clock.ts'

/** A token bucket: `burst` at once, and one more for each `refill` milliseconds. */
export class Bucket {
  readonly #clock: Clock
  readonly #burst: number
  readonly #refill: number
  #tokens: number
  #at: number

  constructor(clock: Clock, burst: number, refill: number) {
    this.#clock = clock
    this.#burst = burst
    this.#refill = refill
    this.#tokens = burst
    this.#at = clock.now()
  }

  /** False when there is none left. */
  take(): boolean {
    const now = this.#clock.now()
    // A clock that was set back gives nothing and takes nothing.
    const passed = Math.max(0, now - this.#at)
    this.#tokens = Math.min(this.#burst, this.#tokens + passed / this.#refill)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
