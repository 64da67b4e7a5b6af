import { MAX_TIME, MINUTE } from './limits.ts'
import { bad, good } from './result.ts'
import { type Schema, uint } from './schema.ts'

/** Seconds since the Unix epoch, up to the year 9999. */
export const seconds = uint(MAX_TIME)

/**
 * Time in the ledger: seconds since the Unix epoch, whole minutes only (SPEC §3.5). Membership is public to the
 * community; the second in which somebody pressed a button is nobody's business.
 */
export const ledgerTime: Schema<number> = {
  decode: (value, at) =>
    typeof value === 'number' && value <= MAX_TIME && value % MINUTE === 0
      ? good(value)
      : bad('field-invalid', at),
  encode: (value) => value,
}

/** The ledger's form of a time in seconds: rounded down to the minute. */
export function toLedgerTime(second: number): number {
  return second - (second % MINUTE)
}
