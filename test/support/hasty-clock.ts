import type { Clock } from '../../node/ports/clock.ts'
import { turnedClock } from '../../node/ports/turned-clock.ts'

/** How often it is turned. Milliseconds. */
const STEP = 20
/** So much at once is added to what passed. Milliseconds. */
const MOST_AT_ONCE = 1_000

export interface HastyClock extends Clock {
  /** From now on so many times as much passes besides; 0 is the machine's own pace. */
  hurry(times: number): void
  stop(): void
}

/**
 * Runs like the machine's, and ahead of it while it is in a hurry. On a busy machine little passes at once, so that others have the time to be heard of.
 * @param now where it begins, in milliseconds
 */
export function hastyClock(now: number): HastyClock {
  const clock = turnedClock(now)
  let haste = 0
  let last = Date.now()
  const pump = setInterval(() => {
    const passed = Date.now() - last
    last += passed
    clock.turn(passed + Math.min(passed * haste, MOST_AT_ONCE))
  }, STEP)
  return {
    now: clock.now,
    after: clock.after,
    every: clock.every,
    hurry(times) {
      haste = times
    },
    stop: () => clearInterval(pump),
  }
}
