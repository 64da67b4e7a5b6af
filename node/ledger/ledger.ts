import { decodeEntry, type LogPromise } from '../../protocol/community/entry.ts'
import { openGenesis } from '../../protocol/community/genesis.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import type { Envelope } from '../../protocol/envelope.ts'
import type { CommunityId, Id } from '../../protocol/ids.ts'
import { MAX_CLOCK_SKEW } from '../../protocol/limits.ts'
import { checkpointBytes } from '../../protocol/log/checkpoint.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { LEDGER, MAX_ENTRIES_AN_ANSWER } from '../../protocol/wire/services.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { Observed } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Storage } from '../ports/storage.ts'
import { ask } from '../requests.ts'
import { type AlarmBook, type NoticedAlarm, openAlarms } from './alarm.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Copy, copyOf, extendCopy } from './copy.ts'
import { HashTree } from './hash-tree.ts'
import { entryAt, judgedAt, voidAt } from './places.ts'
import { Promises } from './promises.ts'
import { type Resumed, readEntries, rememberedVoids, resumeCopy } from './resume.ts'
import { storeSnapshot } from './snapshot.ts'
import type { LogStanding } from './standing.ts'
import { fetchTree } from './their-tree.ts'

/**
 * A peer's copy of the community's ledger: what it has stored, and what relays and peers add to it. Every entry is replayed and every signature
 * verified here, and every checkpoint held against it; a relay is believed in nothing but the order, and in that only as long as it says
 * the same to everybody.
 */
export interface Ledger {
  readonly membership: Observed<Membership>
  /** What the log was seen to do wrong; stored, and never taken back. */
  readonly alarms: Observed<readonly NoticedAlarm[]>
  readonly standing: Observed<LogStanding>
  /** So many entries are final (COSIG-4); later ones are provisional. */
  readonly finalSize: Observed<number>
  /** Whether what the entry with this index says is final. */
  isFinal(index: number): boolean
  /** The newest checkpoint that fits our copy: what others are shown. */
  readonly checkpoint: Uint8Array | undefined
  /** Whether our copy has entries of which no signed tree is known yet. */
  readonly isAhead: boolean
  /**
   * Fetches what the relay has beyond our copy. Calls that overlap share one run. `log-forked`: what it gave is another history than ours, of
   * which there is an alarm.
   * @throws NetworkError
   */
  pull(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>>
  /**
   * Gives a statement to the ledger: resolves when the log has promised its place. A refusal means that it was not taken; our copy has it
   * after the next `pull`.
   * @throws NetworkError when no relay answered; the statement may have been taken, and giving it again is safe
   */
  submit(
    relay: PeerIdString,
    statement: Pick<Envelope<unknown>, 'id' | 'bytes'>,
    signal: AbortSignal,
  ): Promise<Result<true, Reason>>
  /**
   * Compares with the newest checkpoint of somebody whom we meet: what is no checkpoint of the log is ignored, one of a larger tree is fetched
   * from the relay, and what that does not have from the one we met.
   * @throws NetworkError
   */
  compare(
    from: PeerIdString,
    checkpoint: Uint8Array,
    relay: PeerIdString | undefined,
    signal: AbortSignal,
  ): Promise<void>
  /** Holds a promise to anybody, of which the signature was verified, against our copy. */
  heed(promise: Envelope<LogPromise>): Promise<void>
  /** Entries from an index on, for somebody else. */
  entries(from: number): Promise<readonly Uint8Array[]>
}

/** A smaller community is read again sooner than it is stored. */
const MIN_BETWEEN_SNAPSHOTS = 512
/** The state is stored again when the ledger has grown by this part: then at most that much is read at the next start. */
const SNAPSHOT_PART = 32

export interface LedgerDependencies {
  readonly network: Network
  readonly verifier: Verifier
  readonly storage: Storage
  readonly clock: Clock
}

/**
 * Opens the copy that this device stored of a community, if there is one; nothing in it is verified again. An unreadable copy is an error of
 * the platform, and throws.
 */
export async function storedLedger(
  community: CommunityId,
  dependencies: LedgerDependencies,
): Promise<Ledger | undefined> {
  const resumed = await resumeCopy(community, dependencies.storage, dependencies.verifier)
  return resumed && ledgerFrom(resumed, dependencies)
}

/** Fetches the ledger of a community for the first time, from a relay that admitted us. */
async function fetchLedger(
  community: CommunityId,
  relay: PeerIdString,
  dependencies: LedgerDependencies,
  signal: AbortSignal,
): Promise<Result<Ledger, Reason>> {
  const answer = await ask(dependencies.network, relay, LEDGER, { get: 0 }, signal)
  if (!answer.ok) return answer
  const first = answer.value.entries?.[0]
  if (first === undefined) return bad('genesis-missing')
  const entry = decodeEntry(first)
  if (!entry.ok) return entry
  const genesis = openGenesis(entry.value.e)
  if (!genesis.ok) return genesis
  // A relay of another community may not pass its ledger off as the one in the invitation.
  if (genesis.value.id !== (community as Id)) return bad('foreign-community')
  const begun = await beginLedger(dependencies.verifier, first)
  if (!begun.ok) return begun
  await dependencies.storage.putAll([
    [entryAt(community, 0), first],
    [judgedAt(community), true],
  ])
  const tree = new HashTree()
  tree.append(leafHash(first))
  const ledger = await ledgerFrom({ copy: copyOf(begun.value), tree, snapshot: 0 }, dependencies)
  const pulled = await ledger.pull(relay, signal)
  return pulled.ok ? good(ledger) : pulled
}

/** The ledger of a community, up to date: our own copy with what the relay has beyond it, or all of it from the relay. */
export async function openLedger(
  community: CommunityId,
  relay: PeerIdString,
  dependencies: LedgerDependencies,
  signal: AbortSignal,
): Promise<Result<Ledger, Reason>> {
  const stored = await storedLedger(community, dependencies)
  if (!stored) return fetchLedger(community, relay, dependencies, signal)
  const pulled = await stored.pull(relay, signal)
  return pulled.ok ? good(stored) : pulled
}

async function ledgerFrom(
  { copy: start, tree, snapshot }: Resumed,
  dependencies: LedgerDependencies,
): Promise<Ledger> {
  const { storage, verifier, clock } = dependencies
  const { community } = start.membership
  const alarms = await openAlarms(community, storage)
  const raise: KeptLedgerParts['raise'] = (alarm) => alarms.raise(alarm, clock.now())
  const current = { copy: start, snapshot }
  const parts = { verifier, storage, tree, copy: () => current.copy, raise }
  const checkpoints = await Checkpoints.open(parts, alarms.alarms.value)
  const promises = await Promises.open({ community, verifier, storage, tree, raise })
  return new KeptLedger({ ...dependencies, tree, current, alarms, checkpoints, promises, raise })
}

interface KeptLedgerParts extends LedgerDependencies {
  readonly tree: HashTree
  /** The copy, and how many entries its last snapshot has. */
  readonly current: { copy: Copy; snapshot: number }
  readonly alarms: AlarmBook
  readonly checkpoints: Checkpoints
  readonly promises: Promises
  readonly raise: (alarm: Parameters<AlarmBook['raise']>[0]) => Promise<void>
}

class KeptLedger implements Ledger {
  readonly membership: Observed<Membership>
  readonly standing = new Observed<LogStanding>('current')
  readonly #parts: KeptLedgerParts
  #turn: Promise<unknown> = Promise.resolve()
  /** So many void entries were looked at. */
  #voids = 0
  /** The run of each source that has not begun yet. */
  readonly #queued = new Map<PeerIdString, Promise<Result<true, Reason>>>()

  constructor(parts: KeptLedgerParts) {
    this.#parts = parts
    this.membership = new Observed(parts.current.copy.membership)
  }

  get alarms(): Observed<readonly NoticedAlarm[]> {
    return this.#parts.alarms.alarms
  }

  get finalSize(): Observed<number> {
    return this.#parts.checkpoints.finalSize
  }

  get checkpoint(): Uint8Array | undefined {
    const { newest } = this.#parts.checkpoints
    return newest && checkpointBytes(newest)
  }

  get isAhead(): boolean {
    return this.#parts.tree.size > (this.#parts.checkpoints.newest?.size ?? 0)
  }

  isFinal(index: number): boolean {
    return index < this.finalSize.value
  }

  /** Every caller gets a run that begins after its call: entries that it knows of must not be missed by a run already under way. */
  pull(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>> {
    const queued = this.#queued.get(relay)
    if (queued) return queued
    const run = this.#inTurn(async () => {
      this.#queued.delete(relay)
      const pulled = await this.#run(relay, signal)
      if (pulled.ok) this.standing.set(pulled.value)
      return pulled.ok ? good(true as const) : pulled
    })
    this.#queued.set(relay, run)
    return run
  }

  async submit(
    relay: PeerIdString,
    statement: Pick<Envelope<unknown>, 'id' | 'bytes'>,
    signal: AbortSignal,
  ): Promise<Result<true, Reason>> {
    const { network, promises } = this.#parts
    const answer = await ask(network, relay, LEDGER, { put: statement.bytes }, signal)
    if (!answer.ok) return answer
    if (answer.value.promise === undefined) return bad('field-missing', 'promise')
    const promise = await promises.read(answer.value.promise, this.membership.value)
    if (!promise.ok) return promise
    if (promise.value.payload.id !== statement.id) return bad('foreign-community', 'promise')
    await this.#inTurn(() => promises.keep(promise.value))
    return good(true)
  }

  async compare(
    from: PeerIdString,
    bytes: Uint8Array,
    relay: PeerIdString | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { checkpoints } = this.#parts
    const fit = await this.#inTurn(async () => {
      const checkpoint = await checkpoints.read(bytes)
      return checkpoint && (await checkpoints.hold(checkpoint, this.#treeOf(from, signal)))
    })
    if (fit !== 'larger') return
    if (relay !== undefined) await this.pull(relay, signal)
    if (checkpoints.pending.length > 0 && from !== relay) await this.#inTurn(() => this.#run(from, signal))
  }

  heed(promise: Envelope<LogPromise>): Promise<void> {
    const { checkpoints, promises } = this.#parts
    return this.#inTurn(async () => {
      const { newest } = checkpoints
      if (newest && promise.payload.index < newest.size) await promises.compare(promise, newest)
    })
  }

  async entries(from: number): Promise<readonly Uint8Array[]> {
    const { storage, current } = this.#parts
    const { community, size } = current.copy.membership
    return readEntries(storage, community, from, Math.max(0, Math.min(MAX_ENTRIES_AN_ANSWER, size - from)))
  }

  /** One thing after the other is done with the copy, whatever became of the one before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  /** Takes what somebody has beyond our copy. */
  async #run(from: PeerIdString, signal: AbortSignal): Promise<Result<LogStanding, Reason>> {
    const { network, checkpoints, promises, current, clock } = this.#parts
    /** What we go back to when the rest was of another history. */
    let anchor = current.copy
    for (;;) {
      const { size } = current.copy.membership
      const answer = await ask(network, from, LEDGER, { get: size }, signal)
      if (!answer.ok) return answer
      const { entries = [], size: theirs = size, cp } = answer.value
      const checkpoint = cp && (await checkpoints.read(cp))
      if (checkpoint && (await checkpoints.hold(checkpoint, this.#treeOf(from, signal))) === 'root-wrong')
        return await this.#refuse(anchor)
      if (entries.length === 0) {
        await promises.check(checkpoints.newest, second(clock))
        await this.#raiseVoids()
        await this.#store()
        const signed = Math.max(checkpoints.newest?.size ?? 0, checkpoints.pending[0]?.size ?? 0)
        const shown = cp === undefined ? signed : (checkpoint?.size ?? 0)
        return good(theirs < size || shown < signed ? 'behind' : 'current')
      }
      const taken = await this.#take(entries)
      if (!taken.ok) return taken
      if ((await checkpoints.holdPending(this.#treeOf(from, signal))) === 'root-wrong')
        return await this.#refuse(anchor)
      if (!this.isAhead) anchor = current.copy
    }
  }

  async #take(entries: readonly Uint8Array[]): Promise<Result<true, Reason>> {
    const { verifier, clock, storage, tree, checkpoints, current } = this.#parts
    const start = current.copy
    const first = start.membership.size
    // In pieces that end where somebody signed a tree, so that the state hash of that can be looked at.
    const ends = checkpoints.pending.map(({ size }) => size - first).filter((end) => end < entries.length)
    let copy = start
    const copies: Copy[] = []
    for (const end of [...ends.reverse(), entries.length]) {
      const piece = entries.slice(copy.membership.size - first, end)
      const extended = await extendCopy(copy, piece, (state, more) => replay(verifier, state, more))
      if (!extended.ok) return extended
      copy = extended.value
      copies.push(copy)
    }
    // LEDGER-9: entries of the future wait. A relay that made them up would make every invitation expire.
    if (copy.membership.time > second(clock) + MAX_CLOCK_SKEW) return bad('time-ahead')
    // Stored before it is shown: what the person saw must still be there after a crash.
    const { community } = start.membership
    const voids = copy.membership.voids.slice(start.membership.voids.length)
    await storage.putAll([
      ...entries.map((entry, i) => [entryAt(community, first + i), entry] as const),
      ...rememberedVoids(community, voids),
    ])
    for (const entry of entries) tree.append(leafHash(entry))
    for (const piece of copies) {
      current.copy = piece
      checkpoints.remember()
    }
    this.membership.set(copy.membership)
    return good(true)
  }

  /** ENTRY-3: the log refuses what does not hold. */
  async #raiseVoids(): Promise<void> {
    const { current, storage, raise } = this.#parts
    const { community, voids } = current.copy.membership
    for (const { index, reason } of voids.slice(this.#voids)) {
      const entry = (await storage.get(entryAt(community, index))) as Uint8Array
      await raise({ kind: 'void-taken', index, reason, entry })
    }
    this.#voids = voids.length
  }

  /** Takes a snapshot when the last one is old. */
  async #store(): Promise<void> {
    const { storage, tree, current } = this.#parts
    const { size } = current.copy.membership
    if (size - current.snapshot < Math.max(MIN_BETWEEN_SNAPSHOTS, size / SNAPSHOT_PART)) return
    await storeSnapshot(storage, current.copy, tree)
    current.snapshot = size
  }

  /** Goes back to what was there before somebody gave us another history. */
  async #refuse(anchor: Copy): Promise<Result<never, Reason>> {
    const { storage, tree, current } = this.#parts
    const { community, size } = anchor.membership
    const last = tree.size
    current.copy = anchor
    tree.truncate(size)
    this.membership.set(anchor.membership)
    // From the end: a stop half way leaves no hole.
    for (let index = last - 1; index >= size; index--) {
      await storage.delete(entryAt(community, index))
      await storage.delete(voidAt(community, index))
    }
    return bad('log-forked')
  }

  #treeOf(from: PeerIdString, signal: AbortSignal) {
    return fetchTree(this.#parts.network, from, signal)
  }
}
