import type { Cancel, Clock } from '../../node/ports/clock.ts'

interface Alarm {
  readonly at: number
  readonly callback: () => void
}

/** A clock that stands still until it is turned. */
export class VirtualClock implements Clock {
  readonly #alarms = new Set<Alarm>()
  #now: number

  /** @param now milliseconds since the Unix epoch */
  constructor(now: number) {
    this.#now = now
  }

  /** Callbacks that are still to come. */
  get pending(): number {
    return this.#alarms.size
  }

  now(): number {
    return this.#now
  }

  after(milliseconds: number, callback: () => void): Cancel {
    const alarm = { at: this.#now + milliseconds, callback }
    this.#alarms.add(alarm)
    return () => void this.#alarms.delete(alarm)
  }

  every(milliseconds: number, callback: () => void): Cancel {
    let cancel: Cancel = () => {}
    const next = () => {
      cancel = this.after(milliseconds, () => {
        next()
        callback()
      })
    }
    next()
    return () => cancel()
  }

  /** Lets so many milliseconds pass; what is due is called in the order of its time. */
  turn(milliseconds: number): void {
    const until = this.#now + milliseconds
    for (;;) {
      const due = [...this.#alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#alarms.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
    }
    this.#now = until
  }
}
