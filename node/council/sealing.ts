import type { Appeal } from '../../protocol/community/appeal.ts'
import type { LedgerState } from '../../protocol/community/membership.ts'
import type { Report } from '../../protocol/community/report.ts'
import {
  APPEAL_CONTENT,
  type AppealContent,
  REPORT_CONTENT,
  type ReportContent,
  SEALING_SEED_BYTES,
  type SealedKind,
  sealForCouncil,
} from '../../protocol/community/sealed.ts'
import type { Placed } from '../community/acts.ts'
import type { Random } from '../ports/random.ts'

/** What a report to the council in force says at its place. */
export function reportAt(state: LedgerState, place: Placed, content: ReportContent, random: Random): Report {
  return sealedAt(REPORT_CONTENT, state, place, content, random)
}

/** What an appeal to the council in force says at its place. */
export function appealAt(state: LedgerState, place: Placed, content: AppealContent, random: Random): Appeal {
  return sealedAt(APPEAL_CONTENT, state, place, content, random)
}

function sealedAt<T>(
  kind: SealedKind<T>,
  { community, council }: LedgerState,
  place: Placed,
  content: T,
  random: Random,
): Report & Appeal {
  const seed = random.bytes(SEALING_SEED_BYTES)
  return { ...place, sealed: sealForCouncil(kind, community, place, council, content, seed) }
}
