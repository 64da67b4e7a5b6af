import type { Clock } from './clock.ts'

/** A clock in memory: it stands still until somebody turns it, as a test or a simulation does. */
export interface TurnedClock extends Clock {
  /** How many calls back are still to come. */
  readonly pending: number
  /** Lets so many milliseconds pass: what is due is called in its order, at its time. */
  turn(milliseconds: number): void
  /** Sets the time without letting it pass, as a machine does whose clock was wrong. */
  set(now: number): void
}

interface Due {
  /** On the clock that only runs forward. */
  at: number
  readonly every: number | undefined
  readonly callback: () => void
}

/** @param start milliseconds since the Unix epoch */
export function turnedClock(start: number): TurnedClock {
  let passed = 0
  let offset = start
  const waiting = new Set<Due>()
  const wait = (milliseconds: number, every: number | undefined, callback: () => void) => {
    const due = { at: passed + milliseconds, every, callback }
    waiting.add(due)
    return () => waiting.delete(due)
  }
  return {
    now: () => offset + passed,
    get pending() {
      return waiting.size
    },
    after: (milliseconds, callback) => wait(milliseconds, undefined, callback),
    every: (milliseconds, callback) => wait(milliseconds, milliseconds, callback),
    set(now) {
      offset = now - passed
    },
    turn(milliseconds) {
      const end = passed + milliseconds
      for (;;) {
        const [next] = [...waiting].filter((due) => due.at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        passed = next.at
        if (next.every === undefined) waiting.delete(next)
        else next.at += next.every
        next.callback()
      }
      passed = end
    },
  }
}
