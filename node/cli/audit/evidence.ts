import { resolve } from 'node:path'
import { MAX_EVIDENCE_BYTES } from '../../../protocol/limits.ts'
import { type Proof, proveExhibit, readExhibit, type Unproved } from '../../audit/exhibit.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import type { LedgerSource } from '../../audit/source.ts'
import type { Terminal } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { count } from '../output.ts'
import { readStart } from '../read-start.ts'
import { asCliError } from '../source.ts'

/** Whether what is held up as evidence holds against the ledger of this source, and what it proves. */
export async function verifyExhibit(
  { output, folder, signal }: Terminal,
  source: LedgerSource,
  named: string,
  means: ReaderMeans,
): Promise<ExitStatus> {
  const path = resolve(folder, named)
  const bytes = await readEvidence(path)
  const exhibit = readExhibit(bytes)
  if (!exhibit.ok)
    throw new CliError('evidence-malformed', `${path} is no evidence of any kind (${exhibit.reason}).`)
  const proved = await asCliError(() =>
    proveExhibit(bytes, exhibit.value, {
      source,
      means,
      now: Math.floor(Date.now() / 1000),
      progress: (done, of) => output.progress({ what: 'Verifying', done, of }),
      signal,
    }),
  )
  output.done()
  if (proved === undefined)
    throw new CliError('ledger-unreadable', `${source.name} begins with no good genesis.`)
  if (proved.ok) {
    output.result({ holds: true, ...proved.value }, `The evidence holds. ${sentenceOf(proved.value)}`)
    return EXIT.ok
  }
  const { reason } = proved
  output.result({ holds: false, reason }, `The evidence proves nothing: ${whyNot(reason)} (${reason}).`)
  return EXIT.findings
}

/** What it proves, to somebody who has not read SPEC.md. */
function sentenceOf(proof: Proof): string {
  switch (proof.kind) {
    case 'fork':
    case 'log-fork':
      return `The log signed two histories with its key ${proof.log}: they part before entry ${count(proof.at)} (${proof.kind}).`
    case 'broken-promise':
    case 'promise-broken':
      return `The log promised a statement the place of entry ${count(proof.at)} with its key ${proof.log}, and put something else there (${proof.kind}).`
    case 'double-promise':
      return `The log promised the place of entry ${count(proof.at)} twice, or one statement two places, with its key ${proof.log} (${proof.kind}).`
    case 'promise-unkept':
      return `The log promised a statement the place of entry ${count(proof.at)} with its key ${proof.log} long ago, and has no such entry (${proof.kind}).`
    case 'root-wrong':
      return `The log signed a tree of ${count(proof.at)} entries with its key ${proof.log}, and these are other entries (${proof.kind}).`
    case 'state-wrong':
      return `The log signed with its key ${proof.log} what follows from ${count(proof.at)} entries, and something else does (${proof.kind}).`
    case 'void-taken':
      return `The log took entry ${count(proof.at)}, which breaks a rule: ${proof.reason} (${proof.kind}).`
    case 'equivocation':
      return `The key ${proof.key} of the member ${proof.member} signed two statements for one place (${proof.kind}).`
    case 'leak':
      return `Two people had the link of the invitation ${proof.invitation}, which the member ${proof.member} gave (${proof.kind}).`
  }
}

function whyNot(reason: Unproved): string {
  switch (reason) {
    case 'not-yet':
      return 'the ledger has not come as far as it speaks of'
    case 'foreign-community':
      return 'it is of another community'
    case 'log-unknown':
    case 'signer-missing':
    case 'signer-unexpected':
      return 'the log of this community did not sign it'
    case 'unknown-type':
      return 'it is no statement that accuses anybody'
    default:
      return 'what it says is not so'
  }
}

/** A longer one is none, and is refused as such; there is no need to hold it whole. */
async function readEvidence(path: string): Promise<Uint8Array> {
  try {
    return await readStart(path, MAX_EVIDENCE_BYTES + 1)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError('source-unreadable', `The evidence ${path} cannot be read (${code}).`, { cause })
  }
}
