/** Time as a peer sees it. Everything that waits takes one, so that a test turns it by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls back once after so many milliseconds, or never when `cancel` came first. */
  after(milliseconds: number, callback: () => void): Cancel
  /** Calls back again and again. */
  every(milliseconds: number, callback: () => void): Cancel
}

export type Cancel = () => void

/** Whole seconds since the Unix epoch, the protocol's unit. */
export function second(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds)
    return () => clearInterval(timer)
  },
}
