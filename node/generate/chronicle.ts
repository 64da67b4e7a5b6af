import { encodeEntry } from '../../protocol/community/entry.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { append, judge, openEntry, replayVerified } from '../../protocol/community/replay.ts'
import { openStatement } from '../../protocol/community/statement.ts'
import { bad, good } from '../../protocol/result.ts'
import type { Chronicle } from './world.ts'

/** A ledger that is being written: what it holds is handed on, what it means is kept. */
export interface WrittenLedger extends Chronicle {
  readonly state: Membership
  /**
   * Puts in whatever it is, at this time.
   * @param forged its own signatures are not what they say
   */
  force(envelope: Uint8Array, at: number, forged?: boolean): void
}

/** @param state after entry 0, which was written already @param write is given every entry */
export function writtenLedger(begun: Membership, write: (entry: Uint8Array) => void): WrittenLedger {
  let state = begun
  return {
    get state() {
      return state
    },
    propose(envelope, at) {
      const opened = openStatement(state.community, envelope)
      if (!opened.ok) return opened.reason
      // We have just signed it ourselves.
      const judged = judge(state, opened.value, at, () => good(true))
      if (!judged.ok) return judged.reason
      state = append(state, judged.value, at)
      write(encodeEntry({ at, e: envelope }))
      return undefined
    },
    force(envelope, at, forged = false) {
      const entry = encodeEntry({ at, e: envelope })
      write(entry)
      const opened = openEntry(state.community, entry)
      if (!opened.ok) throw new TypeError(`not an entry: ${opened.reason}`)
      const { statement } = opened.value
      const verdict = forged ? bad('signature-wrong' as const) : good(true as const)
      const verdicts = statement.ok ? statement.value.signed.map(() => verdict) : []
      const next = replayVerified(state, [{ at, statement, verdicts }])
      if (!next.ok) throw new RangeError('log time does not run back')
      state = next.value
    },
  }
}
