import type { Clock } from '../../node/ports/clock.ts'

/** How a clock runs that is quick for a while. All in milliseconds but `speed`. */
export interface Pace {
  /** How far behind the machine's clock it begins: it ends ahead of it, and nobody's clock may differ by more than 300 s from the relay's. */
  readonly behind: number
  /** How much quicker than the machine's it runs. */
  readonly speed: number
  /** So much passes on it while it is quick. */
  readonly lasts: number
}

export interface QuickClock extends Clock {
  /** Begins to be quick. @param at on the machine's clock: the same in every process whose clocks shall agree */
  go(at?: number): void
}

/** Runs like the machine's, behind it, until it is let go; then quickly until enough has passed, and then like the machine's again, ahead of it. */
export function quickClock({ behind, speed, lasts }: Pace): QuickClock {
  let began = Infinity
  const quick = () => Math.max(0, Math.min(Date.now() - began, lasts / speed))
  const isQuick = () => Date.now() >= began && quick() < lasts / speed
  const wait = (ms: number) => (isQuick() ? ms / speed : ms)
  return {
    now: () => Date.now() - behind + quick() * (speed - 1),
    go(at = Date.now()) {
      began = at
    },
    after(ms, callback) {
      const timer = setTimeout(callback, wait(ms))
      return () => clearTimeout(timer)
    },
    every(ms, callback) {
      let timer: NodeJS.Timeout
      const next = () => {
        timer = setTimeout(() => {
          next()
          callback()
        }, wait(ms))
      }
      next()
      return () => clearTimeout(timer)
    },
  }
}
