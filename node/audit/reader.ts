import type { Membership } from '../../protocol/community/membership.ts'
import {
  beginLedger,
  type OpenedEntry,
  openEntry,
  replayVerified,
  type VerifiedEntry,
} from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import type { Sha256 } from '../../protocol/log/merkle.ts'
import { decodeBundle, encodeBundle, TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts'
import type { GrownTile } from '../../protocol/log/tile-edge.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { type Bundle, type Checked, type Crew, verdictOf } from './checking.ts'
import type { Finding } from './finding.ts'
import { GrownTree } from './grown-tree.ts'
import type { LedgerSource } from './source.ts'

export interface ReaderMeans {
  readonly crew: Crew
  readonly verifier: Verifier
  readonly sha256: Sha256
}

/** What somebody may want to know while a ledger is read. */
export interface ReaderEars {
  /** Entries that were judged, from this index on, and the state after them. */
  onEntries?(entries: readonly OpenedEntry[], from: number, state: Membership): void
  /** Hash tiles that are as the entries make them. */
  onTiles?(tiles: readonly GrownTile[]): void
}

/** Entry bundles of one batch: enough signatures to verify together, few enough to keep every worker busy to the end. */
const BATCH_BUNDLES = 4
/** Batches that wait for each worker, so that none of them waits for us. */
const AHEAD = 2

/**
 * Reads a ledger from its first entry on, in one go or bit by bit, and judges every entry in order. What the log did wrong on the way is in
 * `findings`; where it gave something that is no ledger, nothing after that is believed, and `stopped` is true.
 */
export class LedgerReader {
  readonly tree: GrownTree
  readonly findings: Finding[] = []
  readonly #means: ReaderMeans
  readonly #ears: ReaderEars
  #state: Membership | undefined
  #stopped = false
  /** An entry was none, or out of its time: those after it are leaves and no more. */
  #unbelieved = false
  #rotated: number | undefined

  constructor(means: ReaderMeans, ears: ReaderEars = {}) {
    this.tree = new GrownTree(means.sha256)
    this.#means = means
    this.#ears = ears
  }

  /** After the entries that were judged; undefined while there is no good genesis. */
  get state(): Membership | undefined {
    return this.#state
  }

  /** Whether reading ended at something that cannot be believed. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** The index of the last entry that gave the log another key. */
  get rotated(): number | undefined {
    return this.#rotated
  }

  /**
   * Reads on to a tree of this size. Throws SourceError when the source does not answer.
   * @param whole the size that the source says it has: it need not have the partial bundles of any other
   */
  async read(source: LedgerSource, to: number, signal: AbortSignal, whole: number = to): Promise<void> {
    const flights: Flight[] = []
    let batch: ReadBundle[] = []
    let index = Math.floor(this.tree.size / TILE_WIDTH)
    let skip = this.tree.size % TILE_WIDTH
    const depart = (): void => {
      if (batch.length > 0 && this.#state !== undefined)
        flights.push(this.#depart(this.#state.community, batch))
      batch = []
    }
    for await (const bytes of source.bundles(this.tree.size, whole, signal)) {
      signal.throwIfAborted()
      if (index * TILE_WIDTH >= to) break
      const bundle = this.#take(bytes, index, to, skip, whole)
      if (bundle === undefined || !(await this.#begin(bundle))) break
      batch.push(bundle)
      index += 1
      skip = 0
      if (batch.length < BATCH_BUNDLES) continue
      depart()
      if (flights.length > this.#means.crew.width * AHEAD) await this.#land(flights.shift() as Flight)
    }
    depart()
    for (const flight of flights) await this.#land(flight)
  }

  /** A bundle that can be read; otherwise it is the log's fault, and the end. */
  #take(
    bytes: Uint8Array | undefined,
    index: number,
    to: number,
    skip: number,
    whole: number,
  ): ReadBundle | undefined {
    const width = tileWidth('entries', index, whole)
    const wanted = tileWidth('entries', index, to)
    const at = index * TILE_WIDTH
    if (bytes === undefined) {
      this.#stop({ code: 'tile-missing', index: at, detail: `The entry bundle ${index} is not there.` })
      return undefined
    }
    const entries = decodeBundle(bytes, width)
    if (entries.ok) {
      const all = entries.value.slice(0, wanted)
      const whole = wanted === width ? bytes : encodeBundle(all)
      return { bundle: { bytes: whole, width: wanted, skip }, entries: all.slice(skip) }
    }
    const detail = `The entry bundle ${index} is not ${width} entries.`
    this.#stop({ code: 'tile-malformed', reason: entries.reason, index: at, detail })
    return undefined
  }

  /** Judges entry 0 when nothing has been read yet. False when there is no community. */
  async #begin({ entries }: ReadBundle): Promise<boolean> {
    if (this.#state !== undefined) return true
    const begun = await beginLedger(this.#means.verifier, entries[0] as Uint8Array)
    if (begun.ok) {
      this.#state = begun.value
      return true
    }
    const detail = 'Entry 0 is no genesis that all its founders signed, so there is no community.'
    this.#stop({ code: 'genesis-wrong', reason: begun.reason, index: 0, detail })
    return false
  }

  #depart(community: CommunityId, batch: readonly ReadBundle[]): Flight {
    const checked = this.#means.crew.check({ community, bundles: batch.map(({ bundle }) => bundle) })
    // It is awaited when its turn comes.
    checked.catch(() => {})
    return { entries: batch.flatMap(({ entries }) => entries), checked }
  }

  async #land({ entries, checked }: Flight): Promise<void> {
    const { leaves, verdicts } = await checked
    const from = this.tree.size
    const tiles = this.tree.append(leaves)
    this.#ears.onTiles?.(tiles)
    if (this.#unbelieved || this.#state === undefined) return
    this.#judge(this.#state, entries, from, verdicts)
  }

  #judge(state: Membership, entries: readonly Uint8Array[], from: number, codes: Uint8Array): void {
    const judged: VerifiedEntry[] = []
    let time = state.time
    let code = 0
    for (const [i, bytes] of entries.entries()) {
      // It made the state, and no rule is left to be asked about it.
      if (from + i === 0) continue
      const entry = openEntry(state.community, bytes)
      if (!entry.ok) {
        const detail = `Entry ${from + i} is no entry, and nothing after it is believed.`
        this.#unbelieved = true
        this.#stop({ code: 'entry-malformed', reason: entry.reason, index: from + i, detail })
        break
      }
      const { at, statement } = entry.value
      if (at < time) {
        const detail = `Entry ${from + i} is older than the one before it, and nothing after it is believed.`
        this.#unbelieved = true
        this.#stop({ code: 'time-backwards', reason: 'time-backwards', index: from + i, detail })
        break
      }
      time = at
      const parts = statement.ok ? statement.value.signed.length : 0
      const verdicts = Array.from(codes.subarray(code, code + parts), verdictOf)
      code += parts
      judged.push({ at, statement, verdicts })
    }
    if (!this.#unbelieved && code !== codes.length)
      throw new Error('a worker saw other statements than we do')
    const first = Math.max(1, from)
    const next = replayVerified(state, judged)
    if (!next.ok) throw new Error('the order of time was looked at')
    this.#state = next.value
    this.#ears.onEntries?.(judged, first, next.value)
    for (const [i, { statement }] of judged.entries()) {
      if (!statement.ok || statement.value.type !== 'log-rotate') continue
      if (next.value.statements.get(statement.value.envelope.id) === first + i) this.#rotated = first + i
    }
  }

  #stop(finding: Finding): void {
    this.#stopped = true
    this.findings.push(finding)
  }
}

/** A bundle, and those of its entries that were not read before. */
interface ReadBundle {
  readonly bundle: Bundle
  readonly entries: readonly Uint8Array[]
}

interface Flight {
  readonly entries: readonly Uint8Array[]
  readonly checked: Promise<Checked>
}
