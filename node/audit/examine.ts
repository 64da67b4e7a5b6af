import { equalBytes } from '../../protocol/bytes.ts'
import type { LedgerState } from '../../protocol/community/membership.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { type Checkpoint, openCheckpoint, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { isFinal, verifyCosignatures } from '../../protocol/log/cosignature.ts'
import type { TreeHead } from '../../protocol/log/proof.ts'
import type { Finding } from './finding.ts'
import type { LedgerReader, ReaderMeans } from './reader.ts'

/** A tree, and the state hash where the entries up to there could be believed. */
export interface Head extends TreeHead {
  readonly state?: Uint8Array
}

/** What a checkpoint was found to be worth. */
export interface Examined {
  /** Undefined when the log did not sign it. */
  readonly checkpoint: SignedCheckpoint | undefined
  /** How many of the witnesses that the community names cosigned it. */
  readonly cosigned: number
  readonly findings: readonly Finding[]
}

/** Whether a tree is the one that a checkpoint speaks of, where it has that size. */
export function findingsInTree({ size, root }: Checkpoint, head: Head): readonly Finding[] {
  if (head.size !== size || equalBytes(head.root, root)) return []
  return [{ code: 'root-wrong', detail: 'The entries make another tree than the checkpoint says.' }]
}

/** Verifies who signed a checkpoint, and that it states the state that we came to. */
export async function examine(
  bytes: Uint8Array,
  reader: LedgerReader,
  state: LedgerState,
  head: Head,
  means: ReaderMeans,
): Promise<Examined> {
  const findings: Finding[] = []
  const checkpoint = await openStated(bytes, reader, state, means, findings)
  if (checkpoint === undefined) return { checkpoint, cosigned: 0, findings }
  if (head.state !== undefined && !equalBytes(head.state, checkpoint.state))
    findings.push({ code: 'state-wrong', detail: 'The entries make another state than the checkpoint says.' })
  const cosigned = await countWitnesses(state, checkpoint, means, findings)
  return { checkpoint, cosigned, findings }
}

/** Whose checkpoint of this tree it must be: the log that took the last entry, also where that gave the log another key (KEEP-2). */
function signerOf(reader: LedgerReader, { logs, log, size }: LedgerState): KeyText {
  return (reader.rotated === size - 1 ? logs.at(-2) : undefined) ?? log
}

async function openStated(
  bytes: Uint8Array,
  reader: LedgerReader,
  state: LedgerState,
  { verifier }: ReaderMeans,
  findings: Finding[],
): Promise<SignedCheckpoint | undefined> {
  const { community } = state
  const keys = [signerOf(reader, state)]
  const opened = await openCheckpoint(verifier, { community, keys }, bytes)
  if (opened.ok) return opened.value
  const { reason } = opened
  const malformed = reason === 'checkpoint-malformed'
  const code = malformed ? 'checkpoint-malformed' : 'checkpoint-unsigned'
  const detail = malformed
    ? 'The checkpoint says no state.'
    : 'The checkpoint is not signed by the log of this community.'
  findings.push({ code, reason, detail })
  return undefined
}

async function countWitnesses(
  { witnesses }: LedgerState,
  { note }: SignedCheckpoint,
  { verifier }: ReaderMeans,
  findings: Finding[],
): Promise<number> {
  const cosignatures = await verifyCosignatures(verifier, witnesses.keys, note)
  if (!cosignatures.ok) {
    const detail = 'A cosignature under the checkpoint is not its witness’s.'
    findings.push({ code: 'cosignature-wrong', reason: cosignatures.reason, detail })
    return 0
  }
  const { length } = cosignatures.value
  if (!isFinal(witnesses, cosignatures.value)) {
    const detail = `${length} of the community’s witnesses cosigned the checkpoint, and it takes ${witnesses.k}.`
    findings.push({ code: 'witnesses-missing', detail })
  }
  return length
}
