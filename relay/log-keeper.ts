import { type Clock, second } from '../node/ports/clock.ts'
import { decodeEntry, encodeEntry, type LogPromise, PROMISE } from '../protocol/community/entry.ts'
import { openGenesis } from '../protocol/community/genesis.ts'
import type { Membership } from '../protocol/community/membership.ts'
import { admit, judge, type VerdictOf } from '../protocol/community/replay.ts'
import { openStatement, type Statement } from '../protocol/community/statement.ts'
import { type Envelope, open, peekId, seal, verifyEnvelope } from '../protocol/envelope.ts'
import { type CommunityId, idOf, type StatementId } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import { bad, good, type Result } from '../protocol/result.ts'
import type { BatchVerifier, Signer, Verifier } from '../protocol/signature.ts'
import { toLedgerTime } from '../protocol/time.ts'
import type { FoundRequest } from '../protocol/wire/services.ts'
import { accusationOf } from './accusation.ts'
import { verdictsOn } from './batch-verdicts.ts'
import { checkFounding, sameToken } from './founding.ts'
import type { LogKeys } from './log-keys.ts'
import { StartError } from './start-error.ts'
import type { Store, StoredEntry } from './store.ts'
import { extend, logKeyAt, type Tip, tipOf, withStatement } from './tip.ts'

/** Submissions that wait for their turn. A thousand are taken in a second, so the last of them waits a second or two. */
const MAX_WAITING = 1024

/** Submissions that are stored with one wait for the disk. More would make the first of them wait for the signatures of the others. */
const MAX_GROUP = 256

/** From so many submissions on, their signatures are verified together. */
const MIN_BATCH = 4

/** Entries that are read from the disk at a time when the ledger is replayed. */
const REPLAY_BATCH = 512

export interface LogKeeperParts {
  readonly store: Store
  readonly verifier: Verifier
  /** For groups that are worth it. */
  readonly batchVerifier?: BatchVerifier
  readonly keys: LogKeys
  readonly clock: Clock
  /** The relay may keep a ledger of which it never had the key: it follows another. */
  readonly follows?: boolean
}

/** What the log answers: its promise, or why it took nothing. */
export type Taken = Result<Envelope<LogPromise>, Reason>

/** An entry that was just stored, or several when a community was founded; told with the promise of the last one. */
export type OnTaken = (promise: Envelope<LogPromise>, statement: Statement | undefined) => void

/** Why nothing is taken: it is not known yet that no newer ledger exists, or one does. */
export type Closed = 'log-behind' | undefined

/** A statement that waits to be taken. */
interface Submission {
  readonly envelope: Uint8Array
  /** What is said to be our promise of it. */
  readonly promise?: Uint8Array | undefined
  readonly answer: (taken: Taken | Promise<Taken>) => void
  readonly fail: (error: unknown) => void
}

/** A statement of a group that holds, and its place, before it is stored; and who asked for it. */
interface Draft {
  readonly entry: StoredEntry
  readonly place: LogPromise
  readonly signer: Signer
  readonly statement: Statement
  readonly asked: Submission[]
}

/** What becomes of a statement: it is in the ledger, or on its way, or it is the next entry. */
type Judged =
  | { readonly kind: 'stored'; readonly index: number }
  | { readonly kind: 'drafted'; readonly draft: Draft }
  | { readonly kind: 'next'; readonly draft: Draft; readonly tip: Tip }

/**
 * Orders the ledger of one community. Submissions are checked one after the other, stored together, and only then promised. What it has
 * promised is on the disk, at that index, whatever happens to the process.
 */
export class LogKeeper {
  readonly #parts: LogKeeperParts
  readonly #listeners = new Set<OnTaken>()
  readonly #waiting: Submission[] = []
  #tip: Tip | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #hold: Closed
  #closed = false

  private constructor(parts: LogKeeperParts, tip: Tip | undefined) {
    this.#parts = parts
    this.#tip = tip
  }

  /**
   * Replays everything that is stored.
   * @throws StartError when the store does not hold a whole ledger, or one of whose log this relay never had the key
   */
  static async open(parts: LogKeeperParts): Promise<LogKeeper> {
    const tip = await replayStore(parts)
    if (tip && !parts.follows && !tip.reigns.some(({ key }) => parts.keys.signerOf(key)))
      throw new StartError(
        'The log key in the data folder is not one that the community’s log has or had: restore it from a backup.',
      )
    return new LogKeeper(parts, tip)
  }

  /** Who is here, by everything that was promised; `undefined` while there is no community. */
  get membership(): Membership | undefined {
    return this.#tip?.membership
  }

  get tip(): Tip | undefined {
    return this.#tip
  }

  /** Whether the next entry is ours to take. */
  get isLog(): boolean {
    return this.#tip !== undefined && this.#parts.keys.signerOf(this.#tip.membership.log) !== undefined
  }

  /** The time of an entry that is taken now: never before the last one, even when the machine's clock went back. */
  get time(): number {
    return Math.max(toLedgerTime(second(this.#parts.clock)), this.membership?.time ?? 0)
  }

  /** Entries from an index on, as they are on the disk. */
  entries(from: number, most: number): Uint8Array[] {
    return this.#parts.store.entries(from, most)
  }

  /** Nothing is taken, and nothing may be signed. */
  get isHeld(): boolean {
    return this.#hold !== undefined
  }

  /** Takes nothing for this reason, until it is called with `undefined`. What was taken before is given and promised again as ever. */
  hold(reason: Closed): void {
    this.#hold = reason
  }

  /**
   * Takes a statement as the next entry. One that was taken before gets its promise again, so who lost the answer may ask again.
   * @param promise of it that this log has given, and forgotten when its disk was set back: where the next entry is the one that was promised,
   * it is taken as it was, also by a log that takes nothing else yet (KEEP-4)
   * @throws when the disk fails, or after `close`
   */
  submit(envelope: Uint8Array, promise?: Uint8Array): Promise<Taken> {
    if (this.#closed) return Promise.reject(new Error('the log keeper is closed'))
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(bad('rate-limited'))
    return new Promise((answer, fail) => {
      this.#waiting.push({ envelope, promise, answer, fail })
      // One that waits already has asked for a turn that will take this one along.
      if (this.#waiting.length === 1) void this.#inTurn(() => this.#takeWaiting())
    })
  }

  /**
   * Founds the community with its first three entries and the founder's profile, all or nothing, and uses up the token.
   * The promise is that of the last entry. The same founding again gets it again.
   * @throws when the disk fails, or after `close`
   */
  found(request: FoundRequest): Promise<Taken> {
    if (this.#closed) return Promise.reject(new Error('the log keeper is closed'))
    return this.#inTurn(async () => {
      const { store, verifier, keys, follows } = this.#parts
      if (follows) return bad('not-log')
      if (this.#tip) return await this.#foundAgain(this.#tip.membership, request)
      const token = store.meta('founding-token')
      if (token === undefined || !sameToken(token, request.token)) return bad('founding-token')
      const at = this.time
      const founding = await checkFounding(verifier, request, keys.first, at)
      if (!founding.ok) return founding
      const { membership, entries, profile } = founding.value
      store.transaction(() => {
        for (const [index, entry] of entries.entries()) store.append(index, entry)
        store.putProfile(profile.payload.m, profile.bytes)
        store.putMeta('founding-token', undefined)
      })
      this.#tip = tipOf(membership)
      const last = entries.length - 1
      const place = { id: (entries[last] as StoredEntry).id, index: last, at }
      const promise = await this.#seal(place, keys.signerOf(keys.first) as Signer)
      this.#tell(promise, undefined)
      return good(promise)
    })
  }

  /**
   * Takes over entries that another copy of this ledger has beyond ours.
   * @param believes whether the ledger with them is the one that the log signed, of whose tree the caller has made sure
   * @returns the reason for which they cannot be a ledger, or `log-behind` when ours does not end there any more; nothing was stored then
   * @throws when the disk fails, or after `close`
   */
  adopt(
    from: number,
    entries: readonly Uint8Array[],
    believes: (tip: Tip) => Promise<Result<true, Reason>>,
  ): Promise<Result<true, Reason>> {
    if (this.#closed) return Promise.reject(new Error('the log keeper is closed'))
    return this.#inTurn(async () => {
      const { store, verifier } = this.#parts
      // What it had promised came back meanwhile.
      if (store.size !== from) return bad('log-behind')
      const next = await extend(verifier, this.#tip, entries)
      if (!next.ok) return next
      const believed = await believes(next.value)
      if (!believed.ok) return believed
      const { community } = next.value.membership
      const stored: StoredEntry[] = []
      for (const bytes of entries) {
        const id = statementIn(community, bytes)
        // What is void may be no statement at all, or come twice.
        if (id === undefined || store.indexOf(id) !== undefined) return bad('malformed')
        stored.push({ id, bytes })
      }
      store.appendAll(from, stored)
      this.#tip = next.value
      return good(true)
    })
  }

  /** Calls back after every submission that was taken. */
  onTaken(listener: OnTaken): void {
    this.#listeners.add(listener)
  }

  /** Takes no more submissions, and resolves when those under way have their answers. Twice is safe. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#tail
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    // The next one's turn comes whatever became of this one; its own caller is told.
    this.#tail = done.catch(() => {})
    return done
  }

  async #takeWaiting(): Promise<void> {
    const group = this.#waiting.splice(0, MAX_GROUP)
    if (this.#waiting.length > 0) void this.#inTurn(() => this.#takeWaiting())
    try {
      await this.#takeGroup(group)
    } catch (error) {
      for (const { fail } of group) fail(error)
    }
  }

  async #takeGroup(group: readonly Submission[]): Promise<void> {
    const drafts = new Map<StatementId, Draft>()
    let tip = this.#tip
    const opened = group.map(({ envelope }) => this.#open(envelope))
    const verdictOf = this.#verifyTogether(opened)
    for (const [i, submission] of group.entries()) {
      const statement = opened[i] as Result<Statement, Reason>
      const judged = statement.ok
        ? await this.#judge(tip, drafts, statement.value, verdictOf, submission.promise)
        : statement
      if (!judged.ok) submission.answer(judged)
      else if (judged.value.kind === 'stored') submission.answer(this.#promiseAgain(judged.value.index))
      else {
        const { draft } = judged.value
        draft.asked.push(submission)
        drafts.set(draft.place.id, draft)
        if (judged.value.kind === 'next') tip = judged.value.tip
      }
    }
    if (drafts.size === 0) return
    const stored = [...drafts.values()]
    this.#parts.store.appendAll(
      (stored[0] as Draft).place.index,
      stored.map(({ entry }) => entry),
    )
    this.#tip = tip
    for (const { place, signer, statement, asked } of stored) {
      const promise = await this.#seal(place, signer)
      for (const { answer } of asked) answer(good(promise))
      this.#tell(promise, statement)
    }
  }

  #open(envelope: Uint8Array): Result<Statement, Reason> {
    const community = this.membership?.community
    return community === undefined ? bad('not-founded') : openStatement(community, envelope)
  }

  /** Verdicts on all of them that are not in the ledger; `undefined` where they are too few to be worth it. */
  #verifyTogether(opened: readonly Result<Statement, Reason>[]): VerdictOf | undefined {
    const { batchVerifier, store } = this.#parts
    if (batchVerifier === undefined || opened.length < MIN_BATCH) return undefined
    const statements = opened.flatMap((one) => (one.ok ? [one.value] : []))
    return verdictsOn(
      batchVerifier,
      statements.filter(({ envelope }) => store.indexOf(envelope.id as StatementId) === undefined),
    )
  }

  /** @param tip the ledger with the drafts before it */
  async #judge(
    tip: Tip | undefined,
    drafts: ReadonlyMap<StatementId, Draft>,
    statement: Statement,
    verdictOf: VerdictOf | undefined,
    promise: Uint8Array | undefined,
  ): Promise<Result<Judged, Reason>> {
    if (tip === undefined) return bad('not-founded')
    const { store, verifier, keys } = this.#parts
    const { membership } = tip
    const id = statement.envelope.id as StatementId
    const draft = drafts.get(id)
    if (draft) return good({ kind: 'drafted', draft })
    const index = store.indexOf(id)
    if (index !== undefined) return good({ kind: 'stored', index })
    const signer = keys.signerOf(membership.log)
    if (signer === undefined) return bad('not-log')
    const promised = promise && (await this.#promisedBefore(promise, id, signer))
    // Those before it come first: somebody has them too.
    if (promised && promised.index > membership.size) return bad('log-behind')
    const isNext = promised?.index === membership.size && promised.at >= membership.time
    if (this.#hold !== undefined && !isNext) return bad(this.#hold)

    const at = isNext ? promised.at : this.time
    const { bytes: envelope } = statement.envelope
    const admitted = verdictOf
      ? judge(membership, statement, at, verdictOf)
      : await admit(verifier, membership, envelope, at)
    if (!admitted.ok) {
      await this.#accuse(membership, statement, admitted.reason)
      return admitted
    }
    const entry = { id, bytes: encodeEntry({ at, e: envelope }) }
    const place = { id, index: membership.size, at }
    const made: Draft = { entry, place, signer, statement, asked: [] }
    return good({ kind: 'next', draft: made, tip: withStatement(tip, statement, at) })
  }

  /** The place that this log has promised to a statement, as far as it has. */
  async #promisedBefore(bytes: Uint8Array, id: StatementId, signer: Signer): Promise<LogPromise | undefined> {
    const { community } = (this.#tip as Tip).membership
    const promise = open(PROMISE, community, bytes)
    if (!promise.ok || promise.value.payload.id !== id) return undefined
    const signed = await verifyEnvelope(this.#parts.verifier, community, promise.value, [signer.publicKey])
    return signed.ok ? promise.value.payload : undefined
  }

  /** EQUIV-2, LEAK-1: what the refused statement proves of somebody is for everybody to see. */
  async #accuse(membership: Membership, statement: Statement, reason: Reason): Promise<void> {
    const { keys, store } = this.#parts
    const signer = keys.signerOf(membership.log) as Signer
    const accusation = await accusationOf({ membership, store, signer, at: this.time }, statement, reason)
    if (accusation === undefined || this.#closed) return
    // It is judged like any other. Refused, it was proved before, or proves nothing.
    const wait: Submission = { envelope: accusation, answer: () => {}, fail: () => {} }
    if (this.#waiting.push(wait) === 1) void this.#inTurn(() => this.#takeWaiting())
  }

  #tell(promise: Envelope<LogPromise>, statement: Statement | undefined): void {
    for (const listener of this.#listeners) listener(promise, statement)
  }

  async #foundAgain(membership: Membership, request: FoundRequest): Promise<Taken> {
    const genesis = openGenesis(request.genesis)
    const device = openStatement(membership.community, request.device)
    if (!genesis.ok || genesis.value.id !== membership.genesis.id || !device.ok) return bad('already-founded')
    const index = this.#parts.store.indexOf(device.value.envelope.id as StatementId)
    return index === undefined ? bad('already-founded') : await this.#promiseAgain(index)
  }

  /** The promise of an entry that is in the ledger: the same bytes every time, because Ed25519 is deterministic. */
  async #promiseAgain(index: number): Promise<Taken> {
    const tip = this.#tip as Tip
    const entry = decodeEntry(this.#parts.store.entries(index, 1)[0] as Uint8Array)
    if (!entry.ok) throw new Error(`entry ${index} of the store is no entry: ${entry.reason}`)
    const id = peekId(tip.membership.community, entry.value.e)
    const signer = this.#parts.keys.signerOf(logKeyAt(tip, index))
    // Another log took it: whoever asks finds it in the ledger.
    if (!id.ok || signer === undefined) return bad('statement-known')
    return good(await this.#seal({ id: id.value as StatementId, index, at: entry.value.at }, signer))
  }

  #seal(place: LogPromise, signer: Signer): Promise<Envelope<LogPromise>> {
    return seal(PROMISE, (this.#tip as Tip).membership.community, place, [signer])
  }
}

/** Reads everything in batches, and sees that no index is missing and that each id by which a resubmission is looked up is the entry's. */
async function replayStore({ store, verifier }: LogKeeperParts): Promise<Tip | undefined> {
  let tip: Tip | undefined
  for (let from = 0; from < store.size; ) {
    const entries = store.entries(from, REPLAY_BATCH)
    const ids = store.index(from, REPLAY_BATCH)
    const next = await extend(verifier, tip, entries)
    if (!next.ok) throw await firstCorrupt(verifier, tip, from, entries)
    tip = next.value
    for (const [i, { index, id }] of ids.entries()) {
      const known = statementIn(tip.membership.community, entries[i] as Uint8Array)
      if (index !== from + i) throw corrupt(from + i, 'missing')
      if (known !== idOf(id)) throw corrupt(index, 'id')
    }
    from += entries.length
  }
  return tip
}

/** Which of some entries cannot follow. */
async function firstCorrupt(
  verifier: Verifier,
  tip: Tip | undefined,
  from: number,
  entries: readonly Uint8Array[],
): Promise<StartError> {
  let last = tip
  for (const [i, entry] of entries.entries()) {
    const next = await extend(verifier, last, [entry])
    if (!next.ok) return corrupt(from + i, next.reason)
    last = next.value
  }
  return corrupt(from, 'unreadable')
}

/** The id of the statement in an entry; `undefined` when there is none. */
function statementIn(community: CommunityId, bytes: Uint8Array): StatementId | undefined {
  const entry = decodeEntry(bytes)
  const id = entry.ok ? peekId(community, entry.value.e) : entry
  return id.ok ? (id.value as StatementId) : undefined
}

function corrupt(index: number, reason: string): StartError {
  return new StartError(
    `Entry ${index} of the ledger in the data folder is damaged (${reason}): restore the folder from a backup.`,
  )
}
