import { equalBytes } from '../../protocol/bytes.ts'
import type { LedgerState, Membership } from '../../protocol/community/membership.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import {
  type Checkpoint,
  logOrigin,
  parseCheckpoint,
  type SignedCheckpoint,
} from '../../protocol/log/checkpoint.ts'
import { parseNote } from '../../protocol/log/signed-note.ts'
import { decodeBundle, TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { examine, findingsInTree, type Head } from './examine.ts'
import type { Finding } from './finding.ts'
import { inspectTiles } from './inspector.ts'
import { LedgerReader, type ReaderEars, type ReaderMeans, type ReadSoFar } from './reader.ts'
import type { LedgerSource } from './source.ts'
import { stateRootBy } from './state-root.ts'

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
  readonly state: LedgerState | undefined
  /** What we made of the entries. */
  readonly head: Head
  readonly marks: ReadonlyMap<number, Head>
  readonly findings: readonly Finding[]
}

/** What an audit came to, for a later one to go on from. */
export interface KeptAudit {
  /** The newest of then, as the log signed it. */
  readonly checkpoint: SignedCheckpoint
  readonly soFar: ReadSoFar
  /** What was found then or before in what the log showed. Void entries and the like are in the state. */
  readonly findings: readonly Finding[]
}

/** Verifies a ledger from its first entry to its newest checkpoint. Throws SourceError when the source cannot be read. */
export async function auditLedger(
  source: LedgerSource,
  means: ReaderMeans,
  order: AuditOrder,
): Promise<Audit> {
  return audit(source, means, order, await source.checkpoint(order.signal))
}

/**
 * Goes on from an earlier audit: only entries that came since are read, and hash tiles that they made wider. What is found is what `auditLedger`
 * finds, as far as the log still serves what it served then. Undefined when the log did not sign a tree that these entries make of the earlier
 * one; everything has to be read then, to know what is wrong. Throws SourceError when the source cannot be read.
 * @param order without marks before the earlier audit
 */
export async function continueAudit(
  source: LedgerSource,
  means: ReaderMeans,
  order: AuditOrder,
  kept: KeptAudit,
): Promise<Audit | undefined> {
  const bytes = await source.checkpoint(order.signal)
  const stated = readCheckpoint(bytes)
  const { state } = kept.soFar
  if (typeof stated === 'string' || stated.size < state.size) return undefined
  if (stated.origin !== logOrigin(state.community)) return undefined
  const done = await audit(source, means, order, bytes, kept)
  const { size, root } = done.head
  return size === stated.size && equalBytes(root, stated.root) ? done : undefined
}

async function audit(
  source: LedgerSource,
  means: ReaderMeans,
  order: AuditOrder,
  bytes: Uint8Array,
  kept?: KeptAudit,
): Promise<Audit> {
  const { signal } = order
  const stated = readCheckpoint(bytes)
  const inspector = inspectTiles(source, signal)
  const ears: ReaderEars = {
    onEntries(entries, from, state) {
      order.ears?.onEntries?.(entries, from, state)
      if (typeof stated !== 'string') order.progress?.(state.size, stated.size)
    },
    onTiles: (tiles) => inspector.look(tiles),
  }
  const reader = new LedgerReader(means, ears, kept?.soFar)
  // Those that no new entry makes wider have to be there as well.
  inspector.look(reader.tree.partialTiles())
  const marks = new Map<number, Head>()
  if (typeof stated !== 'string') {
    const sizes = (order.marks ?? []).filter((size) => size < stated.size).sort((a, b) => a - b)
    let there = true
    for (const size of [...sizes, stated.size]) {
      if (there && reader.tree.size < size) {
        await reader.read(source, size, signal, stated.size)
        // What cannot be read is found once.
        there = reader.tree.size === size
      }
      if (reader.tree.size === size) marks.set(size, await headOf(reader, means))
    }
  }
  const findings = [...reader.findings, ...lastingOf(kept), ...(await inspector.end())]
  const { state } = reader
  const head = (typeof stated !== 'string' && marks.get(stated.size)) || (await headOf(reader, means))
  if (typeof stated === 'string') findings.push({ code: 'checkpoint-malformed', detail: stated })
  else findings.push(...findingsInTree(stated, head))
  const looked =
    state && typeof stated !== 'string' ? await examine(bytes, reader, state, head, means) : undefined
  findings.push(...(looked?.findings ?? []))
  if (state !== undefined) findings.push(...findingsOf(state, order.community))
  const { checkpoint, cosigned = 0 } = looked ?? {}
  return { source, reader, checkpoint, cosigned, state, head, marks, findings }
}

/** Findings about full hash tiles: they never change, so nobody asks for them again. */
function lastingOf(kept: KeptAudit | undefined): readonly Finding[] {
  return kept?.findings.filter(({ tile }) => tile?.width === TILE_WIDTH) ?? []
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

async function headOf(reader: LedgerReader, { crew, sha256 }: ReaderMeans): Promise<Head> {
  const tree = reader.tree.head()
  const { state } = reader
  if (state === undefined || reader.stopped || state.size !== tree.size) return tree
  const root = crew.hashers ? await stateRootBy(state, crew.hashers, sha256) : stateRoot(state, sha256)
  return { ...tree, state: stateHash(state, root, sha256) }
}

function* findingsOf(state: LedgerState, community: CommunityId | undefined): Generator<Finding> {
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
