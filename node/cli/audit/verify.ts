import type { CommunityId } from '../../../protocol/ids.ts'
import {
  type Audit,
  type AuditOrder,
  auditLedger,
  continueAudit,
  type KeptAudit,
  readGenesis,
} from '../../audit/audit.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import type { LedgerSource } from '../../audit/source.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { ChangeCounter } from './changes.ts'
import type { Older } from './keep.ts'
import type { OtherView } from './views.ts'

/** What an audit is held against. */
export interface Views {
  readonly older: Older | undefined
  readonly other: OtherView | undefined
}

export interface Verified {
  readonly audited: Audit
  readonly changes: ChangeCounter
  /** It went on from an earlier audit, and did not read what that had read. */
  readonly wentOn: boolean
}

/** Goes on from an earlier audit where that can be, and reads everything otherwise. */
export async function verify(
  { output, signal }: Terminal,
  source: LedgerSource,
  means: ReaderMeans,
  { community, older, other }: Views & { readonly community: CommunityId | undefined },
): Promise<Verified> {
  const attempt = async (kept?: KeptAudit): Promise<Verified | undefined> => {
    const changes = new ChangeCounter(older?.size ?? 0)
    const order: AuditOrder = {
      ...(community && { community }),
      marks: [older, other].flatMap((view) => (view === undefined ? [] : [view.size])),
      ears: {
        onEntries: (...heard) => changes.hear(...heard),
      },
      progress: (done, of) => output.progress({ what: 'Verifying', done, of }),
      signal,
    }
    const audited = kept
      ? await continueAudit(source, means, order, kept)
      : await auditLedger(source, means, order)
    output.done()
    return audited && { audited, changes, wentOn: kept !== undefined }
  }
  // Our tree at the size of a smaller view, and the state there, are not known to who goes on from a later one.
  const late = older !== undefined && other !== undefined && other.size < older.size
  const wentOn = older?.kept && !late ? await attempt(older.kept) : undefined
  if (wentOn !== undefined) return wentOn
  if (older?.kept !== undefined) {
    const genesis = await readGenesis(source, means, signal)
    if (genesis !== undefined && genesis.community !== older.kept.soFar.state.community)
      throw new CliError('audit-foreign', `${older.name} is of another community than ${source.name}.`)
  }
  return (await attempt()) as Verified
}
