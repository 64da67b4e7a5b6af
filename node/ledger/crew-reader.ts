import {
  type OpenedEntry,
  openEntry,
  replay,
  replayVerified,
  type VerifiedEntry,
} from '../../protocol/community/replay.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { batchOf, type Crew, verdictOf } from '../audit/checking.ts'
import type { ReadOn } from './copy.ts'

/** Fewer are verified sooner where they are. */
const WORTH_SENDING = 16

/** Whoever reads a long ledger, with somebody else who verifies its signatures. */
export interface CrewReader {
  readonly readOn: ReadOn
  /** Lets the crew go; what comes later is verified here. */
  close(): Promise<void>
}

/**
 * Reads entries whose signatures a crew verifies, so that the page lives meanwhile.
 * @param open the crew; asked when there is something to do. One that is gone, or cannot be had, is done without.
 * @param report hears why
 */
export function crewReader(
  open: () => Crew | Promise<Crew>,
  verifier: Verifier,
  report: (error: unknown) => void,
): CrewReader {
  let crew: Promise<Crew> | undefined
  let closed = false
  return {
    async readOn(state, entries) {
      const here = () => replay(verifier, state, entries)
      if (closed || entries.length < WORTH_SENDING) return here()
      const opened: OpenedEntry[] = []
      for (const bytes of entries) {
        const entry = openEntry(state.community, bytes)
        if (!entry.ok) return entry
        opened.push(entry.value)
      }
      let codes: Uint8Array
      try {
        crew ??= Promise.resolve(open())
        codes = (await (await crew).check(batchOf(entries, opened))).verdicts
      } catch (error) {
        closed = true
        report(error)
        return here()
      }
      let part = 0
      const verified = opened.map((entry): VerifiedEntry => {
        const parts = entry.statement.ok ? entry.statement.value.signed.length : 0
        const verdicts = [...codes.subarray(part, part + parts)].map(verdictOf)
        part += parts
        return { ...entry, verdicts }
      })
      return replayVerified(state, verified)
    },
    async close() {
      closed = true
      await (await crew?.catch(() => undefined))?.close()
      crew = undefined
    },
  }
}
