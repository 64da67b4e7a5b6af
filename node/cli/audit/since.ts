import type { KeyText } from '../../../protocol/ids.ts'
import type { Finding } from '../../audit/finding.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import { CliError } from '../failure.ts'
import type { Older } from './keep.ts'
import type { Verified } from './verify.ts'
import { type Compared, compare } from './views.ts'

/** An older checkpoint must be the beginning of this ledger; that a ledger got shorter is the log's fault too. */
export async function comparedSince(
  { audited, wentOn }: Verified,
  older: Older,
  means: ReaderMeans,
  signal: AbortSignal,
  findings: Finding[],
): Promise<Compared> {
  const { name, size: then, kept } = older
  const undecided = { name, size: then, finding: undefined, evidence: undefined }
  if (wentOn) return { ...undecided, kind: 'consistent' }
  if (kept !== undefined) {
    const { state, checkpoint } = audited
    // What is wrong with this ledger is found already, and there is nothing that the older could be held against.
    if (state === undefined || checkpoint === undefined) return { ...undecided, kind: 'unproven' }
    if (!isOneLine(kept.soFar.state.logs, state.logs))
      throw new CliError(
        'audit-log-other',
        `${name} is of a log whose keys are not those of ${audited.source.name}.`,
      )
  }
  const compared = await compare(audited, older, means, signal)
  if (compared.finding) findings.push(compared.finding)
  const { size } = audited.checkpoint ?? audited.head
  if (older.size > size) {
    const detail = `The log has ${size} entries, and signed a tree of ${older.size} before.`
    findings.push({ code: 'log-shrunk', detail })
  }
  return compared
}

/** Whether the keys that a log had are those of another, who may have had more of them. */
function isOneLine(some: readonly KeyText[], others: readonly KeyText[]): boolean {
  return some.every((key, i) => i >= others.length || key === others[i])
}
