import type { Logger } from 'pino'
import { folderSource } from '../node/audit/folder-source.ts'
import type { LedgerSource } from '../node/audit/source.ts'
import type { Cancel, Clock } from '../node/ports/clock.ts'
import { openCheckpoint, parseCheckpoint, type SignedCheckpoint } from '../protocol/log/checkpoint.ts'
import type { TreeHead } from '../protocol/log/proof.ts'
import { parseNote } from '../protocol/log/signed-note.ts'
import { decodeBundle, TILE_WIDTH, tileWidth } from '../protocol/log/tile.ts'
import { bad, good } from '../protocol/result.ts'
import type { Verifier } from '../protocol/signature.ts'
import type { LogKeeper } from './log-keeper.ts'
import type { Tip } from './tip.ts'
import type { Publisher } from './tree/publisher.ts'
import type { WitnessClient } from './witness/witness-client.ts'

/** Who did not answer is asked again. Milliseconds. */
const ASK_AGAIN = 5_000
/** How long members are listened to before a copied folder without witnesses counts as whole. Milliseconds. */
const LISTEN = 60_000
/** How often a relay that is not the log looks for what is new. Milliseconds. */
const FOLLOW_EVERY = 2_000
/** The same while somebody waits for it: the log merges a second after its promise. Milliseconds. */
const SEEK_EVERY = 250

/** Peers that are asked for entries, one after the other. */
const MAX_PEERS = 8

/** Where entries that we lack may come from: from an index to before another, or fewer, or none. Nothing of it is believed. */
export type EntrySource = (from: number, to: number, signal: AbortSignal) => Promise<readonly Uint8Array[]>

export interface CautionParts {
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  readonly verifier: Verifier
  readonly clock: Clock
  readonly log: Logger
  /** Folder of our own static files. */
  readonly files: string
  /** Other relays' static files of the same log. */
  readonly mirrors: readonly LedgerSource[]
  readonly witnesses: readonly WitnessClient[]
  /** The data folder is a copy of another. */
  readonly copied: boolean
  /** It counts as whole from now on. */
  settled(): void
}

/** A tree that somebody showed, larger than ours; signed, unless we remember it ourselves. */
interface Target extends TreeHead {
  readonly note: Uint8Array | undefined
}

/**
 * Keeps an old copy of a ledger from being taken for the ledger (KEEP-4), and a relay that is not the log up to date with the log (KEEP-5).
 * While it is not sure, the keeper takes nothing and the publisher signs nothing.
 */
export class Caution {
  readonly #parts: CautionParts
  readonly #stopping = new AbortController()
  readonly #sources: readonly EntrySource[]
  /** Those who showed a larger tree, the last first. */
  #peers: readonly EntrySource[] = []
  #target: Target | undefined
  /** A witness remembers a tree of this size. */
  #remembered = 0
  #listened: boolean
  #listening: Cancel | undefined
  #forked = false
  #running: Promise<void> | undefined
  #wake: () => void = () => {}
  /** Those who wait for something new: called after every round. */
  readonly #seekers = new Set<() => void>()

  constructor(parts: CautionParts) {
    this.#parts = parts
    this.#listened = !parts.copied
    this.#sources = [folderSource(parts.files), ...parts.mirrors].map(entriesOf)
    parts.keeper.onTaken(() => {
      if (!parts.keeper.isLog) this.#run()
    })
  }

  /** Lets the log begin, at once where nothing speaks against it; otherwise when it is sure. */
  async begin(): Promise<void> {
    const { keeper, publisher, mirrors, copied } = this.#parts
    const size = keeper.membership?.size ?? 0
    const larger = ((await publisher.remembered())?.size ?? 0) > size
    const named = keeper.membership?.witnesses.keys.length ?? 0
    if (mirrors.length === 0 && !larger && (size === 0 || (named === 0 && !copied && keeper.isLog)))
      return await this.#release()
    this.#run()
  }

  /**
   * A peer came, and shows the newest checkpoint that it knows. When this resolves the keeper takes nothing if that is larger than ours.
   * @param source of entries: the peer itself
   */
  async shown(isMember: boolean, note: Uint8Array | undefined, source: EntrySource): Promise<void> {
    if (isMember && !this.#listened)
      this.#listening ??= this.#parts.clock.after(LISTEN, () => {
        this.#listened = true
        this.#wake()
      })
    if (note === undefined || !(await this.#consider(note))) return
    this.#peers = [source, ...this.#peers].slice(0, MAX_PEERS)
    this.#run()
    this.#wake()
  }

  /** Looks for what is new until it is there. A relay that is the log has nothing to look for. */
  async seek(isThere: () => boolean, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, this.#stopping.signal])
    while (!isThere() && !over.aborted && !this.#parts.keeper.isLog) {
      await new Promise<void>((resolve) => {
        const looked = () => {
          this.#seekers.delete(looked)
          over.removeEventListener('abort', looked)
          resolve()
        }
        this.#seekers.add(looked)
        over.addEventListener('abort', looked)
        if (this.#seekers.size === 1) this.#wake()
      })
    }
  }

  /** A witness remembers more than we know. */
  ahead(size: number): void {
    this.#remembered = Math.max(this.#remembered, size)
    this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#listening?.()
    this.#wake()
    await this.#running
  }

  #run(): void {
    const { keeper, log } = this.#parts
    if (keeper.isLog || keeper.tip === undefined) keeper.hold('log-behind')
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined
    })
    this.#running.catch((error: unknown) => log.error({ err: error }, 'the search for a newer ledger failed'))
  }

  async #loop(): Promise<void> {
    const { keeper, clock, log } = this.#parts
    let told = false
    while (!this.#stopping.signal.aborted) {
      const sure = await this.#round()
      for (const looked of [...this.#seekers]) looked()
      if (sure && keeper.isLog) return await this.#release()
      if (keeper.isLog && !told) {
        log.warn({ entries: keeper.membership?.size ?? 0, ...this.#why() }, 'the log takes nothing yet')
        told = true
      }
      await new Promise<void>((resolve) => {
        const pause = keeper.isLog ? ASK_AGAIN : this.#seekers.size > 0 ? SEEK_EVERY : FOLLOW_EVERY
        const cancel = clock.after(pause, resolve)
        this.#wake = () => {
          cancel()
          resolve()
        }
        if (this.#stopping.signal.aborted) this.#wake()
      })
    }
  }

  async #release(): Promise<void> {
    const { keeper, publisher, settled } = this.#parts
    keeper.hold(undefined)
    await publisher.begin()
    if (keeper.tip !== undefined) settled()
  }

  /** Why it is not sure, for whoever runs the relay. */
  #why(): object {
    if (this.#forked) return { why: 'this relay has signed another ledger with the same key' }
    if (this.#target) return { why: 'a larger ledger was signed', size: this.#target.size }
    if (this.#remembered > 0) return { why: 'a witness remembers a larger ledger', size: this.#remembered }
    return {
      why: this.#listened
        ? 'too few witnesses have answered: name their addresses with --witness'
        : 'the data folder is a copy, and no member has come yet',
    }
  }

  /** Asks whoever may know of a larger tree, and fetches what lacks. @returns whether there is none */
  async #round(): Promise<boolean> {
    const { keeper, publisher, mirrors } = this.#parts
    const { signal } = this.#stopping
    const own = await publisher.remembered()
    if (own && own.size > (keeper.membership?.size ?? 0)) this.#aim({ ...own, note: undefined })
    for (const mirror of mirrors) {
      const note = await mirror.checkpoint(signal).catch(() => undefined)
      if (note) await this.#consider(note)
    }
    const answered = await this.#askWitnesses(signal)
    await this.#catchUp(signal)
    const size = keeper.membership?.size ?? 0
    if (this.#remembered <= size) this.#remembered = 0
    return answered && this.#listened && !this.#forked && !this.#target && this.#remembered === 0
  }

  /** Whether as many witnesses have answered as it takes so that one of them knows whatever is final. */
  async #askWitnesses(signal: AbortSignal): Promise<boolean> {
    const { keeper, publisher, witnesses } = this.#parts
    if (!keeper.membership) return true
    const { community, witnesses: named } = keeper.membership
    if (named.keys.length === 0) return true
    let answers = 0
    for (const client of witnesses.filter(({ key }) => named.keys.includes(key))) {
      const { checkpoint } = publisher
      const answer = checkpoint && (await client.add(checkpoint, checkpoint.size, [], signal))
      if (answer?.kind === 'cosigned') {
        answers += 1
        continue
      }
      const note = await client.last(community, signal)
      if (note instanceof Uint8Array) await this.#consider(note)
      if (answer?.kind === 'remembers' && answer.size > (keeper.membership?.size ?? 0))
        this.#remembered = Math.max(this.#remembered, answer.size)
      if (answer?.kind === 'remembers' || note !== undefined) answers += 1
      else this.#parts.log.warn({ why: answer?.why }, 'a witness does not answer')
    }
    this.#listened = true
    return answers >= named.keys.length - Math.max(named.k, 1) + 1
  }

  /** Looks at a checkpoint that somebody showed. @returns whether it is of a larger tree than ours */
  async #consider(note: Uint8Array): Promise<boolean> {
    const { keeper, publisher, verifier, log } = this.#parts
    const tip = keeper.tip
    const head = headOf(note)
    if (head === undefined) return false
    const size = tip?.membership.size ?? 0
    // A key that came with a rotation is known once the entries are.
    const isSigned = tip === undefined || (await signedBy(verifier, tip, note)) !== undefined
    if (head.size > size) {
      if (isSigned || !keeper.isLog) this.#aim({ ...head, note })
      return isSigned
    }
    if (!isSigned || tip === undefined) return false
    if (Buffer.compare(await publisher.rootAt(head.size), head.root) !== 0) {
      this.#forked = true
      log.error(
        { size: head.size },
        'the log signed two histories: this relay holds another than the one shown',
      )
      this.#run()
    }
    return false
  }

  #aim(target: Target): void {
    if (target.size > (this.#target?.size ?? 0)) this.#target = target
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const { keeper, publisher, verifier, log } = this.#parts
    const target = this.#target
    if (target === undefined) return
    const from = keeper.membership?.size ?? 0
    if (target.size <= from) {
      this.#target = undefined
      return
    }
    let signed: SignedCheckpoint | undefined
    const believes = async (tip: Tip) => {
      if (target.note === undefined) return good(true as const)
      signed = await signedBy(verifier, tip, target.note)
      return signed ? good(true as const) : bad('signer-missing' as const)
    }
    for (const source of [...this.#sources, ...this.#peers]) {
      const entries = await source(from, target.size, signal).catch(() => [])
      if (entries.length !== target.size - from) continue
      if (Buffer.compare(await publisher.rootWith(entries), target.root) !== 0) continue
      const adopted = await keeper.adopt(from, entries, believes)
      if (!adopted.ok) {
        log.warn({ reason: adopted.reason }, 'a larger ledger could not be taken over')
        continue
      }
      log.info({ from, size: target.size }, 'took over a larger ledger')
      this.#target = undefined
      this.#peers = []
      if (signed && !publisher.signs(keeper.tip as Tip)) await publisher.mirror(signed)
      return
    }
  }
}

/** The entries in somebody's static files. */
function entriesOf(source: LedgerSource): EntrySource {
  return async (from, to, signal) => {
    const entries: Uint8Array[] = []
    let index = Math.floor(from / TILE_WIDTH)
    for await (const bundle of source.bundles(from, to, signal)) {
      const read = bundle && decodeBundle(bundle, tileWidth('entries', index, to))
      if (!read?.ok) break
      entries.push(...read.value.slice(Math.max(0, from - index * TILE_WIDTH)))
      index += 1
    }
    return entries
  }
}

function headOf(bytes: Uint8Array): TreeHead | undefined {
  const note = parseNote(bytes)
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note
  return checkpoint.ok ? checkpoint.value : undefined
}

/** The checkpoint, if it is of this community's log. */
async function signedBy(
  verifier: Verifier,
  { membership: { community, logs } }: Tip,
  note: Uint8Array,
): Promise<SignedCheckpoint | undefined> {
  const opened = await openCheckpoint(verifier, { community, keys: logs }, note)
  return opened.ok ? opened.value : undefined
}
