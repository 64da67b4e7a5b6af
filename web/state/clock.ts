import { createSubscriber } from 'svelte/reactivity'

/** Ledger times are whole minutes: twice as often is never more than half a minute late. */
const TICK_MS = 30_000

/** The time of day for what is drawn from it; ticks only while something on the screen reads it. */
export class Clock {
  readonly #track = createSubscriber((update) => {
    const timer = setInterval(update, TICK_MS)
    return () => clearInterval(timer)
  })

  /** Milliseconds since the Unix epoch. */
  get now(): number {
    this.#track()
    return Date.now()
  }
}
