import { type Clock, second } from '../node/ports/clock.ts'
import { decodeEntry, encodeEntry, type LogPromise, PROMISE } from '../protocol/community/entry.ts'
import { openGenesis } from '../protocol/community/genesis.ts'
import type { Membership } from '../protocol/community/membership.ts'
import { admit, beginLedger, replay } from '../protocol/community/replay.ts'
import { openStatement, type Statement } from '../protocol/community/statement.ts'
import { type Envelope, seal } from '../protocol/envelope.ts'
import { idOf, type StatementId } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import { bad, good, type Result } from '../protocol/result.ts'
import type { Signer, Verifier } from '../protocol/signature.ts'
import { toLedgerTime } from '../protocol/time.ts'
import type { FoundRequest } from '../protocol/wire/services.ts'
import { checkFounding, sameToken } from './founding.ts'
import { StartError } from './start-error.ts'
import type { Store, StoredEntry } from './store.ts'

/** Submissions that wait for their turn. One takes some milliseconds, so the last of them waits a second or two. */
const MAX_WAITING = 256

/** Entries that are read from the disk at a time when the ledger is replayed. */
const REPLAY_BATCH = 512

export interface LogKeeperParts {
  readonly store: Store
  readonly verifier: Verifier
  /** The log key: its public half stands in the genesis. */
  readonly signer: Signer
  readonly clock: Clock
}

/** What the log answers: its promise, or why it took nothing. */
export type Taken = Result<Envelope<LogPromise>, Reason>

/** An entry that was just stored, or several when a community was founded; told with the promise of the last one. */
export type OnTaken = (promise: Envelope<LogPromise>, statement: Statement | undefined) => void

/**
 * Orders the ledger of one community. One submission at a time: checked, stored, and only then promised. What it has promised is on the
 * disk, at that index, whatever happens to the process.
 */
export class LogKeeper {
  readonly #parts: LogKeeperParts
  readonly #listeners = new Set<OnTaken>()
  #membership: Membership | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #closed = false

  private constructor(parts: LogKeeperParts, membership: Membership | undefined) {
    this.#parts = parts
    this.#membership = membership
  }

  /**
   * Replays everything that is stored.
   * @throws StartError when the store does not hold a whole valid ledger of this log key
   */
  static async open(parts: LogKeeperParts): Promise<LogKeeper> {
    return new LogKeeper(parts, await replayStore(parts))
  }

  /** Who is here, by everything that was promised; `undefined` while there is no community. */
  get membership(): Membership | undefined {
    return this.#membership
  }

  /** The time of an entry that is taken now: never before the last one, even when the machine's clock went back. */
  get time(): number {
    return Math.max(toLedgerTime(second(this.#parts.clock)), this.#membership?.time ?? 0)
  }

  /** Entries from an index on, as they are on the disk. */
  entries(from: number, most: number): Uint8Array[] {
    return this.#parts.store.entries(from, most)
  }

  /**
   * Takes a statement as the next entry. One that was taken before gets its promise again, so who lost the answer may ask again.
   * @throws when the disk fails, or after `close`
   */
  submit(envelope: Uint8Array): Promise<Taken> {
    return this.#inTurn(async () => {
      const membership = this.#membership
      if (!membership) return bad('not-founded')
      const opened = openStatement(membership.community, envelope)
      if (!opened.ok) return opened
      const id = opened.value.envelope.id as StatementId
      const known = this.#promiseOf(membership, id)
      if (known) return good(await known)

      const at = this.time
      const statement = await admit(this.#parts.verifier, membership, envelope, at)
      if (!statement.ok) return statement
      const bytes = encodeEntry({ at, e: envelope })
      const next = await replay(this.#parts.verifier, membership, [bytes])
      if (!next.ok || next.value.voids.length > membership.voids.length)
        throw new Error('a statement was admitted that the ledger would not have')
      this.#parts.store.append(membership.size, { id, bytes })
      this.#membership = next.value
      return await this.#promise(next.value, { id, index: membership.size, at }, statement.value)
    })
  }

  /**
   * Founds the community with its first three entries and the founder's profile, all or nothing, and uses up the token.
   * The promise is that of the last entry. The same founding again gets it again.
   * @throws when the disk fails, or after `close`
   */
  found(request: FoundRequest): Promise<Taken> {
    return this.#inTurn(async () => {
      const { store, verifier, signer } = this.#parts
      if (this.#membership) return await this.#foundAgain(this.#membership, request)
      const token = store.meta('founding-token')
      if (token === undefined || !sameToken(token, request.token)) return bad('founding-token')
      const at = this.time
      const founding = await checkFounding(verifier, request, signer.publicKey, at)
      if (!founding.ok) return founding
      const { membership, entries, profile } = founding.value
      store.transaction(() => {
        for (const [index, entry] of entries.entries()) store.append(index, entry)
        store.putProfile(profile.payload.m, profile.bytes)
        store.putMeta('founding-token', undefined)
      })
      this.#membership = membership
      const last = entries.length - 1
      return await this.#promise(membership, { id: (entries[last] as StoredEntry).id, index: last, at })
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

  #inTurn(work: () => Promise<Taken>): Promise<Taken> {
    if (this.#closed) return Promise.reject(new Error('the log keeper is closed'))
    if (this.#waiting >= MAX_WAITING) return Promise.resolve(bad('rate-limited'))
    this.#waiting += 1
    const done = this.#tail.then(work).finally(() => {
      this.#waiting -= 1
    })
    // The next one's turn comes whatever became of this one; its own caller is told.
    this.#tail = done.then(
      () => {},
      () => {},
    )
    return done
  }

  /** To be called when the entry is on the disk, and not before. */
  async #promise(membership: Membership, place: LogPromise, statement?: Statement): Promise<Taken> {
    const promise = await this.#seal(membership, place)
    for (const listener of this.#listeners) listener(promise, statement)
    return good(promise)
  }

  async #foundAgain(membership: Membership, request: FoundRequest): Promise<Taken> {
    const genesis = openGenesis(request.genesis)
    const device = openStatement(membership.community, request.device)
    if (!genesis.ok || genesis.value.id !== membership.genesis.id || !device.ok) return bad('already-founded')
    const known = this.#promiseOf(membership, device.value.envelope.id as StatementId)
    return known ? good(await known) : bad('already-founded')
  }

  /** The promise of a statement that is in the ledger: the same bytes every time, because Ed25519 is deterministic. */
  #promiseOf(membership: Membership, id: StatementId): Promise<Envelope<LogPromise>> | undefined {
    const { store } = this.#parts
    const index = store.indexOf(id)
    if (index === undefined) return undefined
    const entry = decodeEntry(store.entries(index, 1)[0] as Uint8Array)
    if (!entry.ok) throw new Error(`entry ${index} of the store is no entry: ${entry.reason}`)
    return this.#seal(membership, { id, index, at: entry.value.at })
  }

  #seal({ community }: Membership, place: LogPromise): Promise<Envelope<LogPromise>> {
    return seal(PROMISE, community, place, [this.#parts.signer])
  }
}

/** A log that stores what it promises has neither gaps nor void entries: either means that somebody else wrote there. */
async function replayStore({ store, verifier, signer }: LogKeeperParts): Promise<Membership | undefined> {
  const first = store.entries(0, 1)[0]
  if (first === undefined) return undefined
  const begun = await beginLedger(verifier, first)
  if (!begun.ok) throw corrupt(0, begun.reason)
  if (begun.value.genesis.payload.log !== signer.publicKey)
    throw new StartError(
      'The log key in the data folder is not the one that the community was founded with: restore it from a backup.',
    )
  let membership = begun.value
  while (membership.size < store.size) {
    const next = await replay(verifier, membership, store.entries(membership.size, REPLAY_BATCH))
    if (!next.ok) throw corrupt(membership.size, next.reason)
    const [wrong] = next.value.voids
    if (wrong) throw corrupt(wrong.index, wrong.reason)
    if (next.value.size === membership.size) throw corrupt(membership.size, 'missing')
    membership = next.value
  }
  assertIndexed(store, membership)
  return membership
}

/** The ids that resubmissions are looked up by must be those of the entries. */
function assertIndexed(store: Store, membership: Membership): void {
  for (const [position, { index, id }] of store.index().entries()) {
    if (index !== position || statementId(store, membership, position) !== idOf(id))
      throw corrupt(position, 'id')
  }
}

function statementId(store: Store, membership: Membership, index: number): string | undefined {
  if (index === 0) return membership.genesis.id
  const entry = decodeEntry(store.entries(index, 1)[0] as Uint8Array)
  const opened = entry.ok ? openStatement(membership.community, entry.value.e) : entry
  return opened.ok ? opened.value.envelope.id : undefined
}

function corrupt(index: number, reason: string): StartError {
  return new StartError(
    `Entry ${index} of the ledger in the data folder is damaged (${reason}): restore the folder from a backup.`,
  )
}
