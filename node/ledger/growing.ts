import type { LogPromise } from '../../protocol/community/entry.ts'
import { type Invitation, type Membership, memberOfDevice } from '../../protocol/community/membership.ts'
import type { Envelope } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId, StatementId } from '../../protocol/ids.ts'
import { checkpointBytes, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { isFinal, verifyCosignatures } from '../../protocol/log/cosignature.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { nameBytes } from '../../protocol/state/record.ts'
import { LEDGER } from '../../protocol/wire/services.ts'
import { MAX_PROOFS_AN_ANSWER, STATE } from '../../protocol/wire/state-service.ts'
import type { PeerIdString } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import { Observed } from '../observed.ts'
import type { Clock } from '../ports/clock.ts'
import { ask } from '../requests.ts'
import type { NoticedAlarm } from './alarm.ts'
import { fetchGenesis } from './begin.ts'
import { beginCopy, type KeptLedger, type Ledger, type LedgerDependencies, type Reading } from './ledger.ts'
import { commitmentIn, type LookedName, type Named, namesOf, readLight } from './light.ts'
import { LightBook } from './light-book.ts'
import { readingAt } from './places.ts'
import type { LogStanding } from './standing.ts'

/** What is known is looked up again at most this often while the ledger grows. Milliseconds. */
const REFRESH_EVERY = 5_000
/** Names that wait to be looked up together. Whoever names more at once is heard later: they say it again. */
const MAX_WAITING = 128
/** A log signs what it promised within five seconds (KEEP-2): so often, and so long after each other, somebody new is looked for. Milliseconds. */
const LOOKS = 6
const LOOK_EVERY = 1_000
/** An answer that takes longer helps nobody who waits to be known. Milliseconds. */
const LOOK_TIMEOUT = 6_000
/** Whoever is no member may have become one: so long it is not asked again. Milliseconds. */
const ABSENT_FOR = 2_000
/** After a failure the copy is read on at first and at most after so long. Milliseconds. */
const FIRST_WAIT = 1_000
const LAST_WAIT = 30_000

export interface GrowingDependencies extends LedgerDependencies {
  /** Whether somebody can be asked something now. */
  readonly connected: (peer: PeerIdString) => boolean
  /** Called when nothing is read in the background any more. */
  readonly rest?: () => Promise<void>
}

/**
 * Starts from the newest tree that a log has signed, with a few records of its state (LIGHT-1): some kilobytes, however long the ledger is.
 * The ledger is read afterwards, by `grow`.
 * @param names the records that must be there at first; they are never forgotten
 * @returns `log-behind` when one of them is not there, though the log had time to sign it
 * @throws NetworkError
 */
export async function openGrowing(
  community: CommunityId,
  relay: PeerIdString,
  names: readonly LookedName[],
  dependencies: GrowingDependencies,
  signal: AbortSignal,
): Promise<Result<GrowingLedger, Reason>> {
  const begun = await fetchGenesis(community, relay, dependencies, signal)
  if (!begun.ok) return begun
  const copy = await beginCopy(begun.value, dependencies)
  const ledger = new GrowingLedger({ ...dependencies, relay, copy, begun: begun.value.state })
  const looked = await ledger.lookFirst(names, signal)
  if (!looked.ok) return looked
  // What the log promised a moment ago is in no signed tree yet.
  for (let looks = 1; !ledger.knows(names); looks++) {
    if (looks === LOOKS) return bad('log-behind')
    await after(dependencies.clock, LOOK_EVERY, signal)
    const again = await ledger.look(names, signal)
    if (!again.ok) return again
  }
  // A device that comes back holds its own name, which is shown as soon as it is known to be the right one.
  await ledger.identified()
  await dependencies.storage.put(readingAt(community), true)
  return good(ledger)
}

/**
 * The same for somebody who holds an invitation, with who gave it.
 * @param invite what the relay says it is; the record has the key that shows it
 * @throws NetworkError
 */
export async function openGrowingWith(
  invite: StatementId,
  community: CommunityId,
  relay: PeerIdString,
  dependencies: GrowingDependencies,
  signal: AbortSignal,
): Promise<Result<GrowingLedger, Reason>> {
  const names: readonly LookedName[] = [{ kind: 'invite', name: invite }]
  const ledger = await openGrowing(community, relay, names, dependencies, signal)
  if (!ledger.ok) return ledger
  const { sponsor } = ledger.value.membership.value.invitations.get(invite) as Invitation
  const looked = await ledger.value.lookFirst([{ kind: 'member', name: sponsor }], signal)
  // Whoever is invited is told by whom.
  await ledger.value.identified()
  return looked.ok ? ledger : looked
}

interface GrowingParts extends GrowingDependencies {
  readonly relay: PeerIdString
  readonly copy: KeptLedger
  readonly begun: Membership
}

/** What is looked up next, all at once. */
interface Batch {
  readonly names: Map<string, LookedName>
  readonly looked: Promise<void>
}

/**
 * The ledger of a peer that has not read it yet. Until it has, it knows those whom it met, by what the log signed; then it is the copy
 * that was read meanwhile, and whatever was believed before has been held against that.
 */
export class GrowingLedger implements Ledger {
  readonly membership: Observed<Membership>
  readonly reading: Observed<Reading | undefined>
  readonly finalSize = new Observed(0)
  readonly #parts: GrowingParts
  readonly #book: LightBook
  #batch: Batch | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #refreshed = Number.NEGATIVE_INFINITY
  #isDue = false
  /** Members whose identity was asked for since the last refresh. */
  readonly #tried = new Set<MemberId>()
  #identifying: Promise<void> | undefined
  #grown: Promise<void> | undefined

  constructor(parts: GrowingParts) {
    this.#parts = parts
    this.#book = new LightBook(parts.begun)
    this.membership = new Observed(this.#book.membership)
    this.reading = new Observed<Reading | undefined>({ done: parts.copy.size, of: parts.copy.size })
  }

  get alarms(): Observed<readonly NoticedAlarm[]> {
    return this.#parts.copy.alarms
  }

  get standing(): Observed<LogStanding> {
    return this.#parts.copy.standing
  }

  get checkpoint(): Uint8Array | undefined {
    const { newest } = this.#book
    return this.#isWhole || newest === undefined ? this.#parts.copy.checkpoint : checkpointBytes(newest)
  }

  get size(): number {
    return this.#parts.copy.size
  }

  get isAhead(): boolean {
    return this.#isWhole && this.#parts.copy.isAhead
  }

  isFinal(index: number): boolean {
    return index < this.finalSize.value
  }

  get #isWhole(): boolean {
    return this.reading.value === undefined
  }

  pull(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>> {
    return this.#isWhole ? this.#parts.copy.pull(relay, signal) : this.#refresh(signal)
  }

  async submit(
    relay: PeerIdString,
    statement: Pick<Envelope<unknown>, 'id' | 'bytes'>,
    signal: AbortSignal,
  ): Promise<Result<true, Reason>> {
    const promised = await this.#parts.copy.give(relay, statement, signal)
    if (!promised.ok) return promised
    if (!this.#isWhole) {
      this.#book.expect(promised.value, statement.bytes)
      this.#publish()
    }
    return good(true)
  }

  async compare(
    from: PeerIdString,
    checkpoint: Uint8Array,
    relay: PeerIdString | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { copy } = this.#parts
    if (this.#isWhole) return copy.compare(from, checkpoint, relay, signal)
    // What is larger than all that is known is looked up anew; what contradicts what was signed before is evidence at once.
    const fit = await copy.hear(from, checkpoint, signal)
    if (fit === 'larger' && relay !== undefined) await this.#refresh(signal)
  }

  heed(promise: Envelope<LogPromise>): Promise<void> {
    return this.#parts.copy.heed(promise)
  }

  entries(from: number): Promise<readonly Uint8Array[]> {
    return this.#parts.copy.entries(from)
  }

  async meet(who: Named): Promise<void> {
    if (this.#isWhole) return
    const unknown = namesOf(who).filter((name) => !this.#isKnown(name))
    if (unknown.length === 0) return
    await this.#lookUp(unknown)
    // The log has promised more than it has signed: whoever came in just before us may be in that.
    if (this.knows(unknown) || this.membership.value.size <= this.#book.size) return
    await after(this.#parts.clock, LOOK_EVERY, AbortSignal.timeout(LOOK_TIMEOUT))
    await this.#lookUp(unknown)
  }

  /** Whether all of these are there. */
  knows(names: readonly LookedName[]): boolean {
    return names.every((name) => this.#book.whether(name) === true)
  }

  async find(who: Named, relay: PeerIdString, signal: AbortSignal): Promise<void> {
    for (let looks = 0; looks < LOOKS; looks++) {
      if (this.#isWhole) return this.#parts.copy.find(who, relay, signal)
      if (memberOfDevice(this.membership.value, who.device)?.id === who.member) return
      if (looks > 0) await after(this.#parts.clock, LOOK_EVERY, signal)
      await this.#lookUp(namesOf(who))
    }
  }

  /** Looks records up, and has them proved. @throws NetworkError */
  async look(names: readonly LookedName[], signal: AbortSignal): Promise<Result<true, Reason>> {
    const { network, verifier, relay, begun, copy, clock } = this.#parts
    let left = names
    while (left.length > 0) {
      const asked = left.slice(0, MAX_PROOFS_AN_ANSWER)
      const get = asked.map((name) => ({ k: name.kind, n: nameBytes(name) }))
      const answer = await ask(network, relay, STATE, { get }, signal)
      if (!answer.ok) return answer
      const { cp: checkpoint, proofs = [] } = answer.value
      if (checkpoint === undefined) return bad('field-missing', 'cp')
      const read = await readLight(begun, asked, { checkpoint, proofs }, verifier)
      if (!read.ok) return read
      const { size } = read.value.checkpoint
      // The log does not go back, and where the copy is already nothing has to be believed.
      if (size < this.#book.size || size <= copy.size) return bad('log-behind')
      if (!(await copy.rely(read.value.checkpoint))) return bad('log-behind')
      this.#book.note(read.value, clock.now())
      await this.#settle(read.value.checkpoint)
      left = left.slice(read.value.facts.length)
    }
    this.#publish()
    return good(true)
  }

  /** The same of those that are never forgotten, whoever else is met. @throws NetworkError */
  lookFirst(names: readonly LookedName[], signal: AbortSignal): Promise<Result<true, Reason>> {
    const first: readonly LookedName[] = [{ kind: 'community', name: '' }, ...names]
    this.#book.pin(first)
    return this.look(first, signal)
  }

  /** Resolves when it is known of everybody who is known, as far as it can be, what profile they committed to. */
  async identified(): Promise<void> {
    await this.#identifying
  }

  grow(signal: AbortSignal, report: (error: unknown) => void): Promise<void> {
    this.#grown ??= this.#grow(signal, report)
    return this.#grown
  }

  async #grow(signal: AbortSignal, report: (error: unknown) => void): Promise<void> {
    const { relay, copy, clock, connected } = this.#parts
    const unwatch = copy.membership.subscribe(({ size }) => {
      if (!this.#isWhole) this.reading.set({ done: size, of: Math.max(size, this.#book.size) })
    })
    let wait = FIRST_WAIT
    while (!this.#isWhole && !signal.aborted) {
      try {
        const read = connected(relay) ? await copy.pullPart(relay, signal) : bad('not-admitted')
        if (read.ok) {
          if (read.value === 'more') wait = FIRST_WAIT
          if (copy.size >= this.#book.size && copy.size >= this.membership.value.size) await this.#switch()
          if (read.value === 'more') continue
        } else if (connected(relay) && read.reason !== 'rate-limited') report(new Error(read.reason))
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error
      }
      if (this.#isWhole) break
      await after(clock, wait, signal)
      wait = Math.min(2 * wait, LAST_WAIT)
    }
    unwatch()
    await this.#parts.rest?.()
  }

  /** The copy is whole: from here on nothing is believed that was not read. */
  async #switch(): Promise<void> {
    const { copy, storage, begun } = this.#parts
    await storage.delete(readingAt(begun.community))
    copy.membership.subscribe((membership) => this.membership.set(membership))
    copy.finalSize.subscribe((size) => this.finalSize.set(Math.max(size, this.finalSize.value)))
    this.finalSize.set(Math.max(copy.finalSize.value, this.finalSize.value))
    this.reading.set(undefined)
    this.membership.set(copy.membership.value)
  }

  #publish(): void {
    if (this.#isWhole) return
    this.membership.set(this.#book.membership)
    this.#identifying ??= this.#identify()
      .catch((error: unknown) => {
        // It is asked again with the next refresh.
        if (!(error instanceof NetworkError)) throw error
      })
      .finally(() => {
        this.#identifying = undefined
      })
  }

  /** Whether it is there, or was not there a moment ago. */
  #isKnown(name: LookedName): boolean {
    const known = this.#book.whether(name)
    return known === true || (known !== undefined && this.#parts.clock.now() - known < ABSENT_FOR)
  }

  async #lookUp(names: readonly LookedName[]): Promise<void> {
    const waiting = this.#batch
    if (waiting !== undefined && waiting.names.size + names.length > MAX_WAITING) return
    const batch = waiting ?? this.#nextBatch()
    for (const name of names) batch.names.set(`${name.kind}/${name.name}`, name)
    try {
      await batch.looked
    } catch (error) {
      // Nobody answers now: whoever it is stays unknown until somebody does.
      if (!(error instanceof NetworkError)) throw error
    }
  }

  /** One that is looked up when the one before it was: whoever comes meanwhile joins it. */
  #nextBatch(): Batch {
    const names = new Map<string, LookedName>()
    const looked = this.#turn.then(async () => {
      this.#batch = undefined
      await this.look([...names.values()], AbortSignal.timeout(LOOK_TIMEOUT))
    })
    this.#turn = looked.catch(() => {})
    this.#batch = { names, looked }
    return this.#batch
  }

  /** Looks everything up again that is known, unless that was done a moment ago: then later. */
  async #refresh(signal: AbortSignal): Promise<Result<true, Reason>> {
    const { clock } = this.#parts
    const since = clock.now() - this.#refreshed
    if (since >= REFRESH_EVERY) {
      this.#refreshed = clock.now()
      this.#tried.clear()
      return this.look(this.#book.names, signal)
    }
    if (!this.#isDue) {
      this.#isDue = true
      clock.after(REFRESH_EVERY - since, () => {
        this.#isDue = false
        if (this.#isWhole || signal.aborted) return
        this.#refresh(signal).catch(() => {
          // The relay is away; coming back to it begins with the same.
        })
      })
    }
    return good(true)
  }

  /** Notes what a checkpoint makes final. */
  async #settle(checkpoint: SignedCheckpoint): Promise<void> {
    const { witnesses } = this.#book.membership
    if (checkpoint.size <= this.finalSize.value) return
    const cosigned = await verifyCosignatures(this.#parts.verifier, witnesses.keys, checkpoint.note)
    if (cosigned.ok && isFinal(witnesses, cosigned.value)) this.finalSize.set(checkpoint.size)
  }

  /** Fetches what members committed to, one after the other: without it their names cannot be shown. */
  async #identify(): Promise<void> {
    const { network, relay, begun } = this.#parts
    for (;;) {
      const members = [...this.#book.membership.members.values()]
      const next = members.find(({ id }) => this.#book.commitment(id) === undefined && !this.#tried.has(id))
      if (next === undefined || this.#isWhole) return
      this.#tried.add(next.id)
      const get = { get: next.index, most: 1 }
      const answer = await ask(network, relay, LEDGER, get, AbortSignal.timeout(LOOK_TIMEOUT))
      const entry = answer.ok ? answer.value.entries?.[0] : undefined
      const profile = entry && commitmentIn(begun.community, next.id, entry)
      if (profile === undefined) continue
      this.#book.commit(next.id, profile)
      this.membership.set(this.#book.membership)
    }
  }
}

/** Resolves after so long, or when it is no longer wanted. */
function after(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(milliseconds, done)
    function done(): void {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
