import { equalBytes } from '../../protocol/bytes.ts'
import type { LedgerState } from '../../protocol/community/membership.ts'
import { type Checkpoint, openCheckpoint, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { type Evidence, forkEvidence } from '../../protocol/log/evidence.ts'
import { nextStateTree, stateHash, stateTree } from '../../protocol/state/state.ts'
import { type SparseTree, treeRoot } from '../../protocol/state/tree.ts'
import { readCheckpoint } from './audit.ts'
import { examine, findingsInTree } from './examine.ts'
import type { Finding } from './finding.ts'
import { LedgerReader, type ReaderMeans } from './reader.ts'
import type { LedgerSource } from './source.ts'
import { compareNewer } from './view.ts'

/** What one look at a log brought. */
export interface Look {
  /** How many entries were read by now. */
  readonly size: number
  /** How many of them came with this look. */
  readonly grown: number
  /** The newest checkpoint, if the log signed it and it holds. */
  readonly checkpoint: SignedCheckpoint | undefined
  /** What was found in this look, and not in one before. */
  readonly findings: readonly Finding[]
  readonly evidence?: Evidence
}

/**
 * Follows a log: the first look reads the whole ledger, each further one what came since. Once the log has shown two histories, or something
 * that is no ledger, there is nothing left to follow, and every further look finds what the one before found.
 */
export class LedgerFollower {
  readonly #source: LedgerSource
  readonly #means: ReaderMeans
  readonly #reader: LedgerReader
  #tree: SparseTree | undefined
  #last: SignedCheckpoint | undefined
  #voids = 0
  #end: Look | undefined

  constructor(source: LedgerSource, means: ReaderMeans) {
    this.#source = source
    this.#means = means
    this.#reader = new LedgerReader(means, {
      onEntries: (_entries, _from, state) => {
        const { sha256 } = means
        // The first look touches nearly everything: making the tree once is quicker than changing it all the time.
        if (this.#tree !== undefined) this.#tree = nextStateTree(this.#tree, state, sha256)
      },
    })
  }

  /** Throws SourceError when the source cannot be read; that is no finding, and the next look may find it again. */
  async look(signal: AbortSignal): Promise<Look> {
    if (this.#end !== undefined) return this.#end
    const bytes = await this.#source.checkpoint(signal)
    const stated = readCheckpoint(bytes)
    if (typeof stated === 'string') return this.#found(0, [{ code: 'checkpoint-malformed', detail: stated }])
    const { size } = this.#reader.tree
    if (this.#last !== undefined && stated.size <= size) return this.#again(bytes, stated, this.#last)
    await this.#reader.read(this.#source, stated.size, signal)
    return this.#grew(size, bytes, stated, signal)
  }

  /** A checkpoint of a tree that is not larger than the one that we know. */
  async #again(bytes: Uint8Array, stated: Checkpoint, last: SignedCheckpoint): Promise<Look> {
    const state = this.#reader.state as LedgerState
    const log = { community: state.community, keys: state.logs }
    const opened = await openCheckpoint(this.#means.verifier, log, bytes)
    if (!opened.ok) {
      const detail = 'The checkpoint is not signed by the log of this community.'
      return this.#found(0, [{ code: 'checkpoint-unsigned', reason: opened.reason, detail }])
    }
    if (stated.size < last.size) {
      const detail = `The log has ${stated.size} entries, and signed a tree of ${last.size} before.`
      return this.#found(0, [{ code: 'log-shrunk', detail }])
    }
    const { value: other } = opened
    if (equalBytes(other.root, last.root) && equalBytes(other.state, last.state)) {
      this.#last = other
      return this.#found(0, [], other)
    }
    const detail = `The log signed two trees of ${stated.size} entries.`
    const evidence = other.key === last.key ? forkEvidence(state.community, last, other) : undefined
    return this.#ended(0, [{ code: 'split-view', detail }], evidence)
  }

  async #grew(before: number, bytes: Uint8Array, stated: Checkpoint, signal: AbortSignal): Promise<Look> {
    const { tree, findings, state, stopped } = this.#reader
    const grown = tree.size - before
    if (state === undefined || stopped || tree.size !== stated.size) return this.#ended(grown, findings)
    this.#tree ??= stateTree(state, this.#means.sha256)
    const { sha256 } = this.#means
    const head = { ...tree.head(), state: stateHash(state, treeRoot(this.#tree, sha256), sha256) }
    const wrongTree = findingsInTree(stated, head)
    const { checkpoint, findings: about } = await examine(bytes, this.#reader, state, head, this.#means)
    if (wrongTree.length > 0)
      return this.#ended(grown, [...wrongTree, ...about], await this.#split(checkpoint, signal))
    const voids = state.voids.slice(this.#voids).map(({ index, reason }): Finding => {
      return { code: 'entry-void', reason, index, detail: `Entry ${index} is void (${reason}).` }
    })
    this.#voids = state.voids.length
    if (checkpoint !== undefined) this.#last = checkpoint
    return this.#found(grown, [...about, ...voids], checkpoint)
  }

  /** Evidence that a larger tree does not continue the one that we knew, where its log gives the tiles for it. */
  async #split(newer: SignedCheckpoint | undefined, signal: AbortSignal): Promise<Evidence | undefined> {
    const { tree, state } = this.#reader
    const checkpoint = this.#last
    if (newer === undefined || checkpoint === undefined || state === undefined) return undefined
    const ours = { community: state.community, checkpoint, tree, source: this.#source }
    const view = await compareNewer(ours, newer, this.#source, this.#means.sha256, signal)
    return view.kind === 'split' ? view.evidence : undefined
  }

  #found(
    grown: number,
    findings: readonly Finding[],
    checkpoint?: SignedCheckpoint,
    evidence?: Evidence,
  ): Look {
    return { size: this.#reader.tree.size, grown, checkpoint, findings, ...(evidence && { evidence }) }
  }

  #ended(grown: number, findings: readonly Finding[], evidence?: Evidence): Look {
    this.#end = this.#found(grown, findings, undefined, evidence)
    return this.#end
  }
}
