import { RELAY_RETRY_MAX_MS, RELAY_RETRY_MIN_MS } from './limits.ts'

/** What the network needs of time and chance; a test hands in its own. */
export interface Timer {
  /** Milliseconds of any steady clock. */
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason when that aborts first. */
  delay(ms: number, signal: AbortSignal): Promise<void>
  /** 0 ≤ x < 1 */
  random(): number
}

export const systemTimer: Timer = {
  now: () => performance.now(),
  random: () => Math.random(),
  delay(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timeout)
        reject(signal.reason)
      }
      const timeout = setTimeout(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  },
}

/** Growth of the wait from one failed attempt to the next. */
const BACKOFF_FACTOR = 1.6

/**
 * Milliseconds to wait before the next attempt after `failures` in a row. Spread over ±50 %, so that the peers of a relay
 * that comes back do not all arrive in the same moment.
 */
export function backoff(failures: number, random: () => number): number {
  const wait = Math.min(RELAY_RETRY_MIN_MS * BACKOFF_FACTOR ** failures, RELAY_RETRY_MAX_MS)
  return wait * (0.5 + random())
}
