import type { Cancel, Clock } from '../ports/clock.ts'
import type { Ledger } from './ledger.ts'

/** A log signs what it took within five seconds (KEEP-2). Milliseconds. */
const FIRST = 6_000
/** One that does not is not asked more often than this. Milliseconds. */
const LAST = 5 * 60_000

/**
 * Asks for the checkpoint that makes final what was taken: nobody tells when it is signed.
 * @param pull brings the ledger up to date, if the relay is there
 */
export function settleLedger(ledger: Ledger, clock: Clock, pull: () => Promise<void>): Cancel {
  let cancel: Cancel | undefined
  let wait = FIRST
  function schedule(): void {
    if (cancel !== undefined || !ledger.isAhead) return
    cancel = clock.after(wait, () => {
      wait = Math.min(2 * wait, LAST)
      void pull().then(() => {
        cancel = undefined
        schedule()
      })
    })
  }
  const unsubscribe = ledger.membership.subscribe(() => {
    wait = FIRST
    schedule()
  })
  schedule()
  return () => {
    unsubscribe()
    cancel?.()
    cancel = () => {}
  }
}
