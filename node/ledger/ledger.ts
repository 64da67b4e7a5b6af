import { decodeEntry, type LogPromise } from '../../protocol/community/entry.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { replay } from '../../protocol/community/replay.ts'
import { type Envelope, peekId } from '../../protocol/envelope.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { MAX_CLOCK_SKEW } from '../../protocol/limits.ts'
import { checkpointBytes, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { LEDGER, MAX_ENTRIES_AN_ANSWER } from '../../protocol/wire/services.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { Observed } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Storage } from '../ports/storage.ts'
import { ask } from '../requests.ts'
import { type AlarmBook, type NoticedAlarm, openAlarms } from './alarm.ts'
import { type Begun, fetchGenesis } from './begin.ts'
import { Checkpoints, type Fit } from './checkpoints.ts'
import { type Copy, copyOf, extendCopy, type ReadOn } from './copy.ts'
import { HashTree } from './hash-tree.ts'
import type { Named } from './light.ts'
import { entryAt, judgedAt, readingAt, voidAt } from './places.ts'
import { Promises } from './promises.ts'
import { type Resumed, readEntries, rememberedVoids, resumeCopy } from './resume.ts'
import { storeSnapshot } from './snapshot.ts'
import type { LogStanding } from './standing.ts'
import { fetchTree } from './their-tree.ts'

/** How far a copy has come that is being read, in entries. */
export interface Reading {
  readonly done: number
  readonly of: number
}

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
  /** Undefined when the copy is whole. Until then `membership` knows those alone who were met (LIGHT-2). */
  readonly reading: Observed<Reading | undefined>
  /** How many entries are here to be given to others. */
  readonly size: number
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
  /** Looks somebody up who says something, where the copy is not whole and they are unknown; what cannot be known now stays so. */
  meet(who: Named): Promise<void>
  /**
   * Brings the copy up to date so far that somebody is in it who was just let in.
   * @throws NetworkError
   */
  find(who: Named, relay: PeerIdString, signal: AbortSignal): Promise<void>
  /** Reads on in the background until the copy is whole, or it is no longer wanted. @param report hears what went wrong on the way */
  grow(signal: AbortSignal, report: (error: unknown) => void): Promise<void>
  /** Holds a promise to anybody, of which the signature was verified, against our copy. */
  heed(promise: Envelope<LogPromise>): Promise<void>
  /** Entries from an index on, for somebody else. */
  entries(from: number): Promise<readonly Uint8Array[]>
}

/** A smaller community is read again sooner than it is stored. */
const MIN_BETWEEN_SNAPSHOTS = 512
/** The state is stored again when this part of the ledger is new: then at most that much is read at the next start. */
const SNAPSHOT_PART = 1 / 32
/** The same while there is far to go: storing costs as much as reading a third of it. */
const SNAPSHOT_PART_ON_THE_WAY = 1 / 2

/** Answers that are read in one turn of a copy that has far to go: a quarter of a second, in which nothing else is done with it. */
const ANSWERS_A_TURN = 8

export interface LedgerDependencies {
  readonly network: Network
  readonly verifier: Verifier
  readonly storage: Storage
  readonly clock: Clock
  /** Verifies what is read, elsewhere; here when left out. */
  readonly readOn?: ReadOn
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

/**
 * Opens the copy that this device stored of a community, or begins one. Nothing in it is believed to be the log's history before a signed tree
 * has said so, and the state is hashed at every signed tree, however large it is.
 */
export async function beginCopy(
  { state, entry }: Begun,
  dependencies: LedgerDependencies,
): Promise<KeptLedger> {
  const { storage, verifier } = dependencies
  const { community } = state
  const origin = copyOf(state)
  const resumed = await resumeCopy(community, storage, verifier, 'hashed')
  if (resumed) return ledgerFrom(resumed, dependencies, origin)
  await storage.putAll([
    [entryAt(community, 0), entry],
    [judgedAt(community), true],
  ])
  const tree = new HashTree()
  tree.append(leafHash(entry))
  return ledgerFrom({ copy: origin, tree, snapshot: 0 }, dependencies, origin)
}

/** Whether this device stored a copy of a community's ledger, whole or not. */
export async function hasCopy(community: CommunityId, storage: Storage): Promise<boolean> {
  return (await storage.get(entryAt(community, 0))) !== undefined
}

/** Whether that copy was not whole when it was last read on. */
export async function isGrowing(community: CommunityId, storage: Storage): Promise<boolean> {
  return (await storage.get(readingAt(community))) === true
}

/** Fetches the ledger of a community for the first time, from a relay that admitted us. */
async function fetchLedger(
  community: CommunityId,
  relay: PeerIdString,
  dependencies: LedgerDependencies,
  signal: AbortSignal,
): Promise<Result<Ledger, Reason>> {
  const begun = await fetchGenesis(community, relay, dependencies, signal)
  if (!begun.ok) return begun
  const ledger = await beginCopy(begun.value, dependencies)
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
  origin?: Copy,
): Promise<KeptLedger> {
  const { storage, verifier, clock } = dependencies
  const { community } = start.membership
  const alarms = await openAlarms(community, storage)
  const raise: KeptLedgerParts['raise'] = (alarm) => alarms.raise(alarm, clock.now())
  const current = { copy: start, snapshot }
  const hashAt = async (size: number) => {
    const there = await resumeCopy(community, storage, verifier, 'few', size)
    return there && stateHash(there.copy.membership, stateRoot(there.copy.membership))
  }
  const parts = { verifier, storage, tree, copy: () => current.copy, raise, hashAt }
  const checkpoints = await Checkpoints.open(parts, alarms.alarms.value)
  const promises = await Promises.open({ community, verifier, storage, tree, raise })
  return new KeptLedger({ ...dependencies, tree, current, alarms, checkpoints, promises, raise, origin })
}

interface KeptLedgerParts extends LedgerDependencies {
  readonly tree: HashTree
  /** The copy, and how many entries its last snapshot has. */
  readonly current: { copy: Copy; snapshot: number }
  readonly alarms: AlarmBook
  readonly checkpoints: Checkpoints
  readonly promises: Promises
  readonly raise: (alarm: Parameters<AlarmBook['raise']>[0]) => Promise<void>
  /** Where a copy that is read in parts begins anew when it turns out to be of no tree that was signed. */
  readonly origin: Copy | undefined
}

/** A copy that holds what it has read, from the first entry on. */
export class KeptLedger implements Ledger {
  readonly reading = new Observed<Reading | undefined>(undefined)
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

  get size(): number {
    return this.#parts.tree.size
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
      if (!pulled.ok) return pulled
      if (pulled.value !== 'more') this.standing.set(pulled.value)
      return good(true as const)
    })
    this.#queued.set(relay, run)
    return run
  }

  /**
   * The same in parts, for a copy that has far to go: others get their turns between them.
   * @returns whether there is more
   * @throws NetworkError
   */
  async pullPart(relay: PeerIdString, signal: AbortSignal): Promise<Result<'more' | 'all', Reason>> {
    const pulled = await this.#inTurn(() => this.#run(relay, signal, ANSWERS_A_TURN, this.#parts.origin))
    if (!pulled.ok) return pulled
    if (pulled.value === 'more') return good('more')
    this.standing.set(pulled.value)
    return good('all')
  }

  async meet(): Promise<void> {}

  async grow(): Promise<void> {}

  async find(_who: Named, relay: PeerIdString, signal: AbortSignal): Promise<void> {
    await this.pull(relay, signal)
  }

  async submit(
    relay: PeerIdString,
    statement: Pick<Envelope<unknown>, 'id' | 'bytes'>,
    signal: AbortSignal,
  ): Promise<Result<true, Reason>> {
    const promised = await this.give(relay, statement, signal)
    return promised.ok ? good(true) : promised
  }

  /** The same as `submit`, with what was promised. @throws NetworkError */
  async give(
    relay: PeerIdString,
    statement: Pick<Envelope<unknown>, 'id' | 'bytes'>,
    signal: AbortSignal,
  ): Promise<Result<LogPromise, Reason>> {
    const { promises } = this.#parts
    const answer = await this.#put(relay, statement, signal)
    if (!answer.ok) return answer
    if (answer.value.promise === undefined) return bad('field-missing', 'promise')
    const promise = await promises.read(answer.value.promise, this.membership.value)
    if (!promise.ok) return promise
    if (promise.value.payload.id !== statement.id) return bad('foreign-community', 'promise')
    await this.#inTurn(() => promises.keep(promise.value))
    return good(promise.value.payload)
  }

  async compare(
    from: PeerIdString,
    bytes: Uint8Array,
    relay: PeerIdString | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { checkpoints } = this.#parts
    if ((await this.hear(from, bytes, signal)) !== 'larger') return
    if (relay !== undefined) await this.pull(relay, signal)
    if (checkpoints.pending.length > 0 && from !== relay) await this.#inTurn(() => this.#run(from, signal))
  }

  /** Holds a checkpoint that somebody showed against the copy, and fetches nothing that it lacks; undefined for what is none of the log. */
  hear(from: PeerIdString, bytes: Uint8Array, signal: AbortSignal): Promise<Fit | undefined> {
    const { checkpoints } = this.#parts
    return this.#inTurn(async () => {
      const checkpoint = await checkpoints.read(bytes)
      return checkpoint && (await checkpoints.hold(checkpoint, this.#treeOf(from, signal)))
    })
  }

  /**
   * Holds one by which something is to be believed: when the copy has come so far it is judged, also after a restart. It does not wait for
   * its turn, since somebody waits to be known.
   * @returns false when too many wait to be judged
   */
  rely(checkpoint: SignedCheckpoint): Promise<boolean> {
    return this.#parts.checkpoints.rely(checkpoint)
  }

  heed(promise: Envelope<LogPromise>): Promise<void> {
    const { checkpoints, promises } = this.#parts
    return this.#inTurn(async () => {
      const { newest } = checkpoints
      if (promise.payload.index >= (newest?.size ?? 0)) promises.hear(promise)
      else if (newest) await promises.compare(promise, newest)
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

  /**
   * Takes what somebody has beyond our copy, or what they say of it in so many answers.
   * @param unsigned what to go back to where no signed tree has fitted yet
   */
  async #run(
    from: PeerIdString,
    signal: AbortSignal,
    answers = Number.POSITIVE_INFINITY,
    unsigned?: Copy,
  ): Promise<Result<LogStanding | 'more', Reason>> {
    const { network, checkpoints, promises, current, clock } = this.#parts
    /** What we go back to when the rest was of another history. */
    let anchor = (checkpoints.newest === undefined ? unsigned : undefined) ?? current.copy
    let givenBack = false
    for (let answered = 0; ; answered++) {
      if (answered >= answers) {
        await this.#store(SNAPSHOT_PART_ON_THE_WAY)
        return good('more')
      }
      const { size } = current.copy.membership
      const answer = await ask(network, from, LEDGER, { get: size }, signal)
      if (!answer.ok) return answer
      const { entries = [], size: theirs = size, cp } = answer.value
      const checkpoint = cp && (await checkpoints.read(cp))
      if (entries.length === 0) checkpoints.remember()
      if (checkpoint && (await checkpoints.hold(checkpoint, this.#treeOf(from, signal))) === 'root-wrong')
        return await this.#refuse(anchor)
      if (entries.length === 0) {
        await promises.check(checkpoints.newest, second(clock))
        await this.#raiseVoids()
        await this.#store()
        if (theirs < size && !givenBack && (await this.#giveBack(from, theirs, signal))) {
          givenBack = true
          continue
        }
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

  #put(relay: PeerIdString, { id, bytes }: Pick<Envelope<unknown>, 'id' | 'bytes'>, signal: AbortSignal) {
    const { network, promises } = this.#parts
    const promise = promises.of(id)
    return ask(network, relay, LEDGER, promise ? { put: bytes, promise } : { put: bytes }, signal)
  }

  /**
   * Gives a log that was set back what it had promised and not signed yet, in its order (KEEP-4).
   * @returns whether it has all of it again
   */
  async #giveBack(relay: PeerIdString, from: number, signal: AbortSignal): Promise<boolean> {
    const { storage, promises, current, checkpoints } = this.#parts
    const { community, size } = current.copy.membership
    // What it signed it fetches itself, from whoever has it.
    if (from < (checkpoints.newest?.size ?? 0)) return false
    for (const bytes of await readEntries(storage, community, from, size - from)) {
      const entry = decodeEntry(bytes)
      const id = entry.ok ? peekId(community, entry.value.e) : entry
      if (!entry.ok || !id.ok || promises.of(id.value) === undefined) return false
      const answer = await this.#put(relay, { id: id.value, bytes: entry.value.e }, signal)
      if (!answer.ok) return false
    }
    return true
  }

  async #take(entries: readonly Uint8Array[]): Promise<Result<true, Reason>> {
    const { verifier, clock, storage, tree, checkpoints, current } = this.#parts
    const { readOn = (state: Membership, more: readonly Uint8Array[]) => replay(verifier, state, more) } =
      this.#parts
    const start = current.copy
    const first = start.membership.size
    // In pieces that end where somebody signed a tree, so that the state hash of that can be looked at.
    const ends = checkpoints.pending.map(({ size }) => size - first).filter((end) => end < entries.length)
    let copy = start
    const copies: Copy[] = []
    for (const end of [...ends.reverse(), entries.length]) {
      const piece = entries.slice(copy.membership.size - first, end)
      const extended = await extendCopy(copy, piece, readOn)
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
    const signed = new Set(checkpoints.pending.map(({ size }) => size))
    for (const piece of copies) {
      current.copy = piece
      // With far to go, a state that nobody signed is nothing to stop and hash at: that is most of the work of reading.
      const isOnTheWay = piece === copy && entries.length === MAX_ENTRIES_AN_ANSWER
      if (!isOnTheWay || signed.has(piece.membership.size)) checkpoints.remember()
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

  /** Takes a snapshot when the last one is old: when so large a part of the ledger is not in it. */
  async #store(part = SNAPSHOT_PART): Promise<void> {
    const { storage, tree, current } = this.#parts
    const { size } = current.copy.membership
    if (size - current.snapshot < Math.max(MIN_BETWEEN_SNAPSHOTS, size * part)) return
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
