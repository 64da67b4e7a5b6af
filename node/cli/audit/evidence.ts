import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MAX_EVIDENCE_BYTES } from '../../../protocol/limits.ts'
import { genesisLog } from '../../../protocol/log/checkpoint.ts'
import { verifyEvidence } from '../../../protocol/log/evidence.ts'
import { auditLedger, readGenesis } from '../../audit/audit.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import type { LedgerSource } from '../../audit/source.ts'
import type { Terminal } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { asCliError } from '../source.ts'

/**
 * Whether evidence against the log of this ledger holds. Its genesis is enough for that, unless the log has had another key since: only
 * then the whole ledger is read.
 */
export async function provesFork(
  { output, folder, signal }: Terminal,
  source: LedgerSource,
  named: string,
  means: ReaderMeans,
): Promise<ExitStatus> {
  const bytes = await readEvidence(resolve(folder, named))
  const begun = await asCliError(() => readGenesis(source, means, signal))
  if (begun === undefined)
    throw new CliError('ledger-unreadable', `${source.name} begins with no good genesis.`)
  let verdict = await verifyEvidence(means.verifier, genesisLog(begun.genesis), bytes)
  if (!verdict.ok && verdict.reason === 'log-unknown') {
    const { state } = await asCliError(() => auditLedger(source, means, { signal }))
    const keys = state?.logs ?? []
    verdict = await verifyEvidence(means.verifier, { community: begun.community, keys }, bytes)
  }
  if (verdict.ok) {
    const { kind, log } = verdict.value.evidence
    output.result(
      { holds: true, kind, log },
      `The evidence holds: the log key ${log} signed what cannot all be honest (${kind}).`,
    )
    return EXIT.ok
  }
  output.result({ holds: false, reason: verdict.reason }, `The evidence proves nothing (${verdict.reason}).`)
  return EXIT.findings
}

async function readEvidence(path: string): Promise<Uint8Array> {
  try {
    const bytes = new Uint8Array(await readFile(path))
    // A longer one is none, and is refused as such; there is no need to hold it whole.
    return bytes.subarray(0, MAX_EVIDENCE_BYTES + 1)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError('source-unreadable', `The evidence ${path} cannot be read (${code}).`, { cause })
  }
}
