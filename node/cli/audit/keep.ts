import { resolve } from 'node:path'
import type { Audit, KeptAudit } from '../../audit/audit.ts'
import type { Finding } from '../../audit/finding.ts'
import { beginsKeptAudit, KeptAuditError, keepAudit, readKeptAudit } from '../../audit/kept-audit.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { toJson } from '../output.ts'
import { replaceFile } from './files.ts'
import { type Compared, type OtherView, readNote, viewOf } from './views.ts'

/** What `--since` names: an older checkpoint, with what an audit of its tree came to where one was kept. */
export interface Older extends OtherView {
  readonly kept?: KeptAudit
}

export async function readOlder(named: string, folder: string, means: ReaderMeans): Promise<Older> {
  const start = await readNote(named, folder)
  if (!beginsKeptAudit(start)) return viewOf(named, start)
  try {
    const kept = await readKeptAudit(resolve(folder, named), means)
    const { checkpoint } = kept
    return { name: named, size: checkpoint.size, signed: checkpoint, kept }
  } catch (error) {
    if (error instanceof KeptAuditError) throw new CliError(error.code, error.message, { cause: error })
    throw error
  }
}

/** What an earlier audit found, and this one does not: it was about what the log showed then. */
export function earlierFindings(kept: KeptAudit, found: readonly Finding[]): readonly Finding[] {
  const now = new Set(found.map(toJson))
  return kept.findings.filter((finding) => !now.has(toJson(finding)))
}

/** Where the audit was kept, or why it was not: what was found has to be told all the same. */
export type Kept =
  | { readonly kept: string }
  | { readonly unkept: { readonly code: string; readonly message: string } }

/** Keeps an audit for a later one. One that does not continue the older is not kept, so that it does not take its place. */
export async function keep(
  audit: Audit,
  earlier: readonly Finding[],
  since: Compared | undefined,
  named: string,
  { folder }: Terminal,
): Promise<Kept> {
  if (since !== undefined && since.kind !== 'consistent')
    return unkept(
      'audit-unkept',
      'The log does not go on from the older checkpoint, so this audit is not kept.',
    )
  const pieces = keepAudit(audit, earlier)
  if (pieces === undefined)
    return unkept('audit-unkept', 'The log did not sign what its entries come to, so this audit is not kept.')
  try {
    return { kept: await replaceFile(named, folder, pieces) }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return unkept(error.code, error.message)
  }
}

function unkept(code: string, message: string): Kept {
  return { unkept: { code, message } }
}

export function keptText(kept: Kept): string {
  return 'kept' in kept
    ? `This audit is kept in ${kept.kept}: a later one goes on from it with --since.`
    : `${kept.unkept.message} (${kept.unkept.code})`
}
