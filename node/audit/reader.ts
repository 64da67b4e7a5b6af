import type { LedgerState } from '../../protocol/community/membership.ts'
import { type Replay, startReplay } from '../../protocol/community/reading.ts'
import {
  beginLedger,
  type OpenedEntry,
  openEntry,
  type VerifiedEntry,
} from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import type { Sha256 } from '../../protocol/log/merkle.ts'
import { decodeBundle, TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts'
import type { GrownTile } from '../../protocol/log/tile-edge.ts'
import type { CodecReason, SchemaReason } from '../../protocol/reasons.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { batchOf, type Checked, type Crew, verdictOf } from './checking.ts'
import type { Finding } from './finding.ts'
import { GrownTree, type StoredTree } from './grown-tree.ts'
import type { LedgerSource } from './source.ts'

export interface ReaderMeans {
  readonly crew: Crew
  readonly verifier: Verifier
  readonly sha256: Sha256
}

/** What somebody may want to know while a ledger is read. */
export interface ReaderEars {
  /** Entries that were judged, from this index on, and the state after them, until the next are. */
  onEntries?(entries: readonly OpenedEntry[], from: number, state: LedgerState): void
  /** Hash tiles that are as the entries make them. */
  onTiles?(tiles: readonly GrownTile[]): void
}

/** What was read so far, as plain data, for a reader that goes on from there. */
export interface ReadSoFar {
  readonly tree: StoredTree
  readonly state: LedgerState
  /** As `LedgerReader.rotated`. */
  readonly rotated: number | undefined
}

/** Entry bundles of one batch: enough signatures to verify together, few enough to keep every worker busy to the end. */
const BATCH_BUNDLES = 8
/** Batches that wait for each worker, so that none of them waits for us. More of them would outlive the engine's young memory. */
const AHEAD = 1

/**
 * Reads a ledger from its first entry on, or from where another reader ended, in one go or bit by bit, and judges every entry in order. What the log did wrong on the way is in
 * `findings`; where it gave something that is no ledger, nothing after that is believed, and `stopped` is true.
 */
export class LedgerReader {
  readonly tree: GrownTree
  readonly findings: Finding[] = []
  readonly #means: ReaderMeans
  readonly #ears: ReaderEars
  #replay: Replay | undefined
  #stopped = false
  /** An entry was none, or out of its time: those after it are leaves and no more. */
  #unbelieved = false
  #rotated: number | undefined

  /** @param from where to go on */
  constructor(means: ReaderMeans, ears: ReaderEars = {}, from?: ReadSoFar) {
    this.tree = new GrownTree(means.sha256, from?.tree)
    this.#means = means
    this.#ears = ears
    this.#replay = from && startReplay(from.state)
    this.#rotated = from?.rotated
  }

  /** After the entries that were judged so far; undefined while there is no good genesis. */
  get state(): LedgerState | undefined {
    return this.#replay?.state
  }

  /** Whether reading ended at something that cannot be believed. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** The index of the last entry that gave the log another key. */
  get rotated(): number | undefined {
    return this.#rotated
  }

  /** Undefined when something of it could not be believed: then there is nothing to go on from. */
  get soFar(): ReadSoFar | undefined {
    const state = this.#stopped ? undefined : this.#replay?.settled()
    return state && { tree: this.tree.stored(), state, rotated: this.#rotated }
  }

  /**
   * Reads on to a tree of this size. Throws SourceError when the source does not answer.
   * @param whole the size that the source says it has: it need not have the partial bundles of any other
   */
  async read(source: LedgerSource, to: number, signal: AbortSignal, whole: number = to): Promise<void> {
    const flights: Flight[] = []
    let batch: Uint8Array[] = []
    let index = Math.floor(this.tree.size / TILE_WIDTH)
    let skip = this.tree.size % TILE_WIDTH
    let full = (index + BATCH_BUNDLES) * TILE_WIDTH
    const depart = (): void => {
      if (batch.length > 0 && this.state !== undefined)
        flights.push(this.#depart(this.state.community, batch))
      batch = []
    }
    for await (const bytes of source.bundles(this.tree.size, whole, signal)) {
      signal.throwIfAborted()
      if (index * TILE_WIDTH >= to) break
      const entries = this.#take(bytes, index, to, whole)?.slice(skip)
      if (entries === undefined || !(await this.#begin(entries))) break
      batch.push(...entries)
      index += 1
      skip = 0
      if (index * TILE_WIDTH < full) continue
      full += BATCH_BUNDLES * TILE_WIDTH
      depart()
      if (flights.length > this.#means.crew.width * AHEAD) await this.#land(flights.shift() as Flight)
    }
    depart()
    for (const flight of flights) await this.#land(flight)
  }

  /** The entries of a bundle that can be read, up to a size; otherwise it is the log's fault, and the end. */
  #take(
    bytes: Uint8Array | undefined,
    index: number,
    to: number,
    whole: number,
  ): readonly Uint8Array[] | undefined {
    const width = tileWidth('entries', index, whole)
    const at = index * TILE_WIDTH
    if (bytes === undefined) {
      this.#stop({ code: 'tile-missing', index: at, detail: `The entry bundle ${index} is not there.` })
      return undefined
    }
    const entries = decodeBundle(bytes, width)
    if (entries.ok) return entries.value.slice(0, tileWidth('entries', index, to))
    const detail = `The entry bundle ${index} is not ${width} entries.`
    this.#stop({ code: 'tile-malformed', reason: entries.reason, index: at, detail })
    return undefined
  }

  /** Judges entry 0 when nothing has been read yet. False when there is no community. */
  async #begin(entries: readonly Uint8Array[]): Promise<boolean> {
    if (this.#replay !== undefined) return true
    const begun = await beginLedger(this.#means.verifier, entries[0] as Uint8Array)
    if (begun.ok) {
      this.#replay = startReplay(begun.value)
      return true
    }
    const detail = 'Entry 0 is no genesis that all its founders signed, so there is no community.'
    this.#stop({ code: 'genesis-wrong', reason: begun.reason, index: 0, detail })
    return false
  }

  #depart(community: CommunityId, entries: readonly Uint8Array[]): Flight {
    const opened: OpenedEntry[] = []
    let broken: Broken | undefined
    for (const bytes of entries) {
      const entry = openEntry(community, bytes, this.#means.sha256)
      if (!entry.ok) {
        broken = entry.reason
        break
      }
      opened.push(entry.value)
    }
    const checked = this.#means.crew.check(batchOf(entries, opened))
    // It is awaited when its turn comes.
    checked.catch(() => {})
    return { opened, broken, checked }
  }

  async #land({ opened, broken, checked }: Flight): Promise<void> {
    const { leaves, verdicts } = await checked
    const from = this.tree.size
    const tiles = this.tree.append(leaves)
    this.#ears.onTiles?.(tiles)
    if (this.#unbelieved || this.#replay === undefined) return
    this.#judge(this.#replay, opened, from, verdicts)
    if (broken === undefined || this.#unbelieved) return
    const index = from + opened.length
    const detail = `Entry ${index} is no entry, and nothing after it is believed.`
    this.#disbelieve({ code: 'entry-malformed', reason: broken, index, detail })
  }

  #judge(replay: Replay, opened: readonly OpenedEntry[], from: number, codes: Uint8Array): void {
    const judged: VerifiedEntry[] = []
    let { time } = replay.state
    let code = 0
    let late: number | undefined
    for (const [i, { at, statement }] of opened.entries()) {
      // It made the state, and no rule is left to be asked about it.
      if (from + i === 0) continue
      if (at < time) {
        late = from + i
        break
      }
      time = at
      const parts = statement.ok ? statement.value.signed.length : 0
      const verdicts = Array.from(codes.subarray(code, code + parts), verdictOf)
      code += parts
      judged.push({ at, statement, verdicts })
    }
    const first = Math.max(1, from)
    if (!replay.take(judged).ok) throw new Error('the order of time was looked at')
    this.#ears.onEntries?.(judged, first, replay.state)
    for (const [i, { statement }] of judged.entries()) {
      if (!statement.ok || statement.value.type !== 'log-rotate') continue
      if (replay.state.statements.get(statement.value.envelope.id) === first + i) this.#rotated = first + i
    }
    if (late === undefined) return
    const detail = `Entry ${late} is older than the one before it, and nothing after it is believed.`
    this.#disbelieve({ code: 'time-backwards', reason: 'time-backwards', index: late, detail })
  }

  #disbelieve(finding: Finding): void {
    this.#unbelieved = true
    this.#stop(finding)
  }

  #stop(finding: Finding): void {
    this.#stopped = true
    this.findings.push(finding)
  }
}

/** What was read and is being verified. */
interface Flight {
  readonly opened: readonly OpenedEntry[]
  /** Why the entry after those is none, where that is so. */
  readonly broken: Broken | undefined
  readonly checked: Promise<Checked>
}

type Broken = CodecReason | SchemaReason
