import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { type Checkpoint, parseCheckpoint, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { parseNote } from '../../protocol/log/signed-note.ts'
import { decodeBundle, tileWidth } from '../../protocol/log/tile.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { examine, findingsInTree, type Head } from './examine.ts'
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
  const head = (typeof stated !== 'string' && marks.get(stated.size)) || headOf(reader, means)
  if (typeof stated === 'string') findings.push({ code: 'checkpoint-malformed', detail: stated })
  else findings.push(...findingsInTree(stated, head))
  const looked =
    state && typeof stated !== 'string' ? await examine(bytes, reader, state, head, means) : undefined
  findings.push(...(looked?.findings ?? []))
  if (state !== undefined) findings.push(...findingsOf(state, order.community))
  const { checkpoint, cosigned = 0 } = looked ?? {}
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

export function headOf(reader: LedgerReader, { sha256 }: Pick<ReaderMeans, 'sha256'>): Head {
  const tree = reader.tree.head()
  const { state } = reader
  if (state === undefined || reader.stopped || state.size !== tree.size) return tree
  return { ...tree, state: stateHash(state, stateRoot(state, sha256), sha256) }
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
