import { equalBytes } from '../../protocol/bytes.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import {
  type Checkpoint,
  openCheckpoint,
  parseCheckpoint,
  type SignedCheckpoint,
} from '../../protocol/log/checkpoint.ts'
import { isFinal, verifyCosignatures } from '../../protocol/log/cosignature.ts'
import type { TreeHead } from '../../protocol/log/proof.ts'
import { parseNote } from '../../protocol/log/signed-note.ts'
import { decodeBundle, tileWidth } from '../../protocol/log/tile.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import type { Finding } from './finding.ts'
import { inspectTiles } from './inspector.ts'
import { LedgerReader, type ReaderEars, type ReaderMeans } from './reader.ts'
import type { LedgerSource } from './source.ts'

export interface AuditOrder {
  /** Which community it must be; whichever it is when left out. */
  readonly community?: CommunityId
  /** Sizes at which to note the tree and the state, besides the last. */
  readonly marks?: readonly number[]
  readonly ears?: ReaderEars
  /** How many entries were judged, of how many. */
  progress?(done: number, of: number): void
  readonly signal: AbortSignal
}

/** What a ledger was found to be. */
export interface Audit {
  readonly source: LedgerSource
  readonly reader: LedgerReader
  /** What the log says, and was believed to have signed; undefined when there is a finding about that. */
  readonly checkpoint: SignedCheckpoint | undefined
  /** How many of the witnesses that the community names cosigned it. */
  readonly cosigned: number
  /** The members, as far as entries could be believed; undefined without a good genesis. */
  readonly state: Membership | undefined
  /** What we made of the entries. */
  readonly head: Head
  readonly marks: ReadonlyMap<number, Head>
  readonly findings: readonly Finding[]
}

/** A tree, and the state hash where the entries up to there could be believed. */
export interface Head extends TreeHead {
  readonly state?: Uint8Array
}

/** Verifies a ledger from its first entry to its newest checkpoint. Throws SourceError when the source cannot be read. */
export async function auditLedger(
  source: LedgerSource,
  means: ReaderMeans,
  order: AuditOrder,
): Promise<Audit> {
  const { signal } = order
  const bytes = await source.checkpoint(signal)
  const stated = readCheckpoint(bytes)
  const inspector = inspectTiles(source, signal)
  const reader = new LedgerReader(means, {
    onEntries(entries, from, state) {
      order.ears?.onEntries?.(entries, from, state)
      if (typeof stated !== 'string') order.progress?.(state.size, stated.size)
    },
    onTiles: (tiles) => inspector.look(tiles),
  })
  const marks = new Map<number, Head>()
  if (typeof stated !== 'string') {
    const sizes = (order.marks ?? []).filter((size) => size < stated.size).sort((a, b) => a - b)
    for (const size of [...sizes, stated.size]) {
      if (reader.tree.size < size) await reader.read(source, size, signal, stated.size)
      marks.set(size, headOf(reader, means))
    }
  }
  const findings = [...reader.findings, ...(await inspector.end())]
  const { state } = reader
  const head = headOf(reader, means)
  if (typeof stated === 'string') findings.push({ code: 'checkpoint-malformed', detail: stated })
  const checkpoint =
    state && typeof stated !== 'string' ? await openStated(bytes, reader, state, means, findings) : undefined
  if (typeof stated !== 'string') holdAgainst(stated, checkpoint, head, findings)
  const cosigned = state && checkpoint ? await countWitnesses(state, checkpoint, means, findings) : 0
  if (state !== undefined) findings.push(...findingsOf(state, order.community))
  return { source, reader, checkpoint, cosigned, state, head, marks, findings }
}

/** Entry 0 of a ledger alone; undefined when there is no good genesis. Throws SourceError when the source cannot be read. */
export async function readGenesis(
  source: LedgerSource,
  { verifier }: Pick<ReaderMeans, 'verifier'>,
  signal: AbortSignal,
): Promise<Membership | undefined> {
  const stated = readCheckpoint(await source.checkpoint(signal))
  if (typeof stated === 'string') return undefined
  for await (const bytes of source.bundles(0, stated.size, signal)) {
    const bundle = bytes && decodeBundle(bytes, tileWidth('entries', 0, stated.size))
    const [first] = bundle?.ok ? bundle.value : []
    const begun = first && (await beginLedger(verifier, first))
    return begun?.ok ? begun.value : undefined
  }
  return undefined
}

/** What a checkpoint says, whoever signed it; a sentence when it says nothing. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint | string {
  const note = parseNote(bytes)
  if (!note.ok) return `The checkpoint is no signed note (${note.reason}).`
  const checkpoint = parseCheckpoint(note.value.text)
  return checkpoint.ok ? checkpoint.value : `The checkpoint cannot be read (${checkpoint.reason}).`
}

/** The keys that may have signed a checkpoint of this size: the one in force, and where the last entry rotated it, the one before. */
export function checkpointKeys(reader: LedgerReader, state: Membership, size: number): Membership['logs'] {
  return state.logs.slice(reader.rotated === size - 1 ? -2 : -1)
}

export function headOf(reader: LedgerReader, { sha256 }: Pick<ReaderMeans, 'sha256'>): Head {
  const tree = reader.tree.head()
  const { state } = reader
  if (state === undefined || reader.stopped || state.size !== tree.size) return tree
  return { ...tree, state: stateHash(state, stateRoot(state, sha256), sha256) }
}

async function openStated(
  bytes: Uint8Array,
  reader: LedgerReader,
  state: Membership,
  { verifier }: ReaderMeans,
  findings: Finding[],
): Promise<SignedCheckpoint | undefined> {
  const { community } = state
  const keys = checkpointKeys(reader, state, state.size)
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

function holdAgainst(
  { size, root }: Checkpoint,
  checkpoint: SignedCheckpoint | undefined,
  head: Head,
  findings: Finding[],
): void {
  if (head.size === size && !equalBytes(head.root, root))
    findings.push({ code: 'root-wrong', detail: 'The entries make another tree than the checkpoint says.' })
  if (checkpoint !== undefined && head.state !== undefined && !equalBytes(head.state, checkpoint.state))
    findings.push({ code: 'state-wrong', detail: 'The entries make another state than the checkpoint says.' })
}

async function countWitnesses(
  { witnesses }: Membership,
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

function* findingsOf(state: Membership, community: CommunityId | undefined): Generator<Finding> {
  if (community !== undefined && community !== state.community)
    yield { code: 'community-wrong', detail: `This is the ledger of ${state.community}.` }
  for (const size of state.forks)
    yield {
      code: 'log-forked',
      detail: `The ledger proves that its log signed two trees of ${size} entries.`,
    }
  for (const { index, reason } of state.voids)
    yield { code: 'entry-void', reason, index, detail: `Entry ${index} is void (${reason}).` }
}
