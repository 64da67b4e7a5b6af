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

/**
 * Crews that may fail before there is no other. The code of one that did not come, because the connection broke or the relay was just replaced, comes the
 * next time; what fails so often fails always, and each time costs a wait.
 */
const MOST_FAILED = 3

/** Whoever reads a long ledger, with somebody else who verifies its signatures. */
export interface CrewReader {
  readonly readOn: ReadOn
  /** Lets the crew go; what comes later is verified here. */
  close(): Promise<void>
}

/**
 * Reads entries whose signatures a crew verifies, so that the page lives meanwhile.
 * @param open a crew; asked when there is something to do. What one did not verify that is gone, or cannot be had, is verified here, and the next is asked
 * for with what comes then, a few times.
 * @param report hears of each that failed, and why
 */
export function crewReader(
  open: () => Crew | Promise<Crew>,
  verifier: Verifier,
  report: (error: unknown) => void,
): CrewReader {
  let crew: Promise<Crew> | undefined
  let failed = 0
  let closed = false

  /** Those who asked the same one for something may all come with its failure. */
  function fail(gone: Promise<Crew>, error: unknown): void {
    if (crew !== gone) return
    crew = undefined
    failed += 1
    report(error)
    void letGo(gone)
  }

  return {
    async readOn(state, entries) {
      const here = () => replay(verifier, state, entries)
      if (closed || failed >= MOST_FAILED || entries.length < WORTH_SENDING) return here()
      const opened: OpenedEntry[] = []
      for (const bytes of entries) {
        const entry = openEntry(state.community, bytes)
        if (!entry.ok) return entry
        opened.push(entry.value)
      }
      crew ??= (async () => open())()
      const asked = crew
      let codes: Uint8Array
      try {
        codes = (await (await asked).check(batchOf(entries, opened))).verdicts
      } catch (error) {
        fail(asked, error)
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
      const last = crew
      crew = undefined
      if (last !== undefined) await letGo(last)
    },
  }
}

/** Of one that could not be had nothing is left to let go. */
async function letGo(crew: Promise<Crew>): Promise<void> {
  await (await crew.catch(() => undefined))?.close()
}
