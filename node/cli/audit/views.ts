import { resolve } from 'node:path'
import { MAX_NOTE_BYTES } from '../../../protocol/limits.ts'
import { openCheckpoint, type SignedCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { type Evidence, encodeEvidence } from '../../../protocol/log/evidence.ts'
import { type Audit, readCheckpoint } from '../../audit/audit.ts'
import type { Finding } from '../../audit/finding.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import type { LedgerSource } from '../../audit/source.ts'
import { compareNewer, compareOlder, type View } from '../../audit/view.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { readStart } from '../read-start.ts'
import { asCliError, openSource } from '../source.ts'
import { writePieces } from './files.ts'

/** Another checkpoint of the log, and where the rest of what it belongs to is, if that is known. */
export interface OtherView {
  /** As it was named. */
  readonly name: string
  /** As it was read, or as it was believed before. */
  readonly signed: Uint8Array | SignedCheckpoint
  /** Of its tree, as it says. */
  readonly size: number
  readonly source?: LedgerSource
}

/** The beginning of a file that should have one checkpoint in it. */
export async function readNote(named: string, folder: string): Promise<Uint8Array> {
  const path = resolve(folder, named)
  try {
    return await readStart(path, MAX_NOTE_BYTES + 1)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError('source-unreadable', `The checkpoint ${path} cannot be read (${code}).`, { cause })
  }
}

/** Reads another relay, folder or ledger file, or a file with a checkpoint alone. The source of it is the caller's to close. */
export async function readOther(named: string, folder: string, signal: AbortSignal): Promise<OtherView> {
  const source = await openSource(named, folder).catch((error: unknown) => {
    // No ledger file: perhaps a checkpoint, which says so itself if it is none.
    if (error instanceof CliError && error.code === 'file-malformed') return undefined
    throw error
  })
  if (source === undefined) return viewOf(named, await readNote(named, folder))
  try {
    return { ...viewOf(named, await asCliError(() => source.checkpoint(signal))), source }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Throws CliError when the bytes are no checkpoint. */
export function viewOf(name: string, bytes: Uint8Array): OtherView {
  const stated = bytes.length > MAX_NOTE_BYTES ? 'It is too large.' : readCheckpoint(bytes)
  if (typeof stated === 'string')
    throw new CliError('checkpoint-malformed', `${name} is no checkpoint. ${stated}`)
  return { name, signed: bytes, size: stated.size }
}

/** What comparing with another view of the log came to. */
export interface Compared {
  readonly name: string
  readonly size: number
  readonly kind: View['kind']
  readonly finding: Finding | undefined
  readonly evidence: Evidence | undefined
}

/** Holds another checkpoint against a finished audit. Throws CliError when it is none of this log, or there is no audit to hold it against. */
export async function compare(
  audit: Audit,
  other: OtherView,
  means: ReaderMeans,
  signal: AbortSignal,
): Promise<Compared> {
  const { state, reader, checkpoint, source } = audit
  if (state === undefined || checkpoint === undefined)
    throw new CliError(
      'not-comparable',
      'This ledger has no good checkpoint, so there is nothing to compare.',
    )
  const signed = await openOther(audit, other, means)
  const ours = { community: state.community, checkpoint, tree: reader.tree, source }
  const then = audit.marks.get(other.size)
  const view = then
    ? await compareOlder(ours, signed, then, signal)
    : other.size >= checkpoint.size
      ? await compareNewer(ours, signed, other.source, means.sha256, signal)
      : // Our own entries could not be read so far.
        ({ kind: 'unproven' } as const)
  const { name, size } = other
  const split: Finding = {
    code: 'split-view',
    detail: `${name} is another history of this log, of ${size} entries.`,
  }
  return {
    name,
    size,
    kind: view.kind,
    finding: view.kind === 'split' ? split : undefined,
    evidence: view.kind === 'split' ? view.evidence : undefined,
  }
}

async function openOther(
  audit: Audit,
  other: OtherView,
  { verifier }: ReaderMeans,
): Promise<SignedCheckpoint> {
  if (!(other.signed instanceof Uint8Array)) return other.signed
  const state = audit.state as NonNullable<Audit['state']>
  // Any key that the log had: a view of long ago was signed by the key of then.
  const keys = other.size > state.size ? [state.log] : state.logs
  const opened = await openCheckpoint(verifier, { community: state.community, keys }, other.signed)
  if (opened.ok) return opened.value
  const sentence = `The checkpoint of ${other.name} is not signed by the log of this community (${opened.reason}).`
  throw new CliError('checkpoint-unsigned', sentence)
}

/** Where evidence is, or why it could not be written: what it is about has to be told all the same. */
export type Written =
  | { readonly evidence: string }
  | { readonly unwritten: { readonly code: string; readonly message: string } }

/** Writes evidence where others can take it from. */
export async function writeEvidence(
  evidence: Evidence,
  named: string,
  { folder }: Terminal,
): Promise<Written> {
  try {
    return { evidence: await writePieces(named, folder, [encodeEvidence(evidence)]) }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const { code, message } = error
    return { unwritten: { code, message } }
  }
}

export function writtenText(written: Written): string {
  return 'evidence' in written
    ? `The evidence is in ${written.evidence}: pass it on.`
    : `The evidence is lost: ${written.unwritten.message} (${written.unwritten.code})`
}
