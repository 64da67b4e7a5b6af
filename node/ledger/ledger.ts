import { decodeEntry, PROMISE } from '../../protocol/community/entry.ts'
import { openGenesis } from '../../protocol/community/genesis.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { type Envelope, open, verifyEnvelope } from '../../protocol/envelope.ts'
import type { CommunityId, Id } from '../../protocol/ids.ts'
import { MAX_CLOCK_SKEW } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { LEDGER } from '../../protocol/wire/services.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { Observed } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Storage } from '../ports/storage.ts'
import { ask } from '../requests.ts'

/**
 * A peer's copy of the community's ledger: what it has stored, and what relays add to it. Every entry is replayed and every signature verified here;
 * a relay is believed in nothing but the order.
 */
export interface Ledger {
  readonly membership: Observed<Membership>
  /** Fetches what the relay has beyond our copy. Calls that overlap share one run. @throws NetworkError */
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
}

export interface LedgerDependencies {
  readonly network: Network
  readonly verifier: Verifier
  readonly storage: Storage
  readonly clock: Clock
}

/** Opens the copy that this device stored of a community, if there is one. An unreadable copy is an error of the platform, and throws. */
export async function storedLedger(
  community: CommunityId,
  dependencies: LedgerDependencies,
): Promise<Ledger | undefined> {
  const stored = (await dependencies.storage.list(prefixOf(community))).map(
    ([, entry]) => entry as Uint8Array,
  )
  const first = stored[0]
  if (first === undefined) return undefined
  const begun = await beginLedger(dependencies.verifier, first)
  if (!begun.ok) throw new Error(`the stored ledger does not begin with a genesis: ${begun.reason}`)
  const replayed = await replay(dependencies.verifier, begun.value, stored.slice(1))
  if (!replayed.ok) throw new Error(`the stored ledger cannot be replayed: ${replayed.reason}`)
  return ledgerFrom(replayed.value, dependencies)
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
  await dependencies.storage.put(keyOf(community, 0), first)
  const ledger = ledgerFrom(begun.value, dependencies)
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

function ledgerFrom(start: Membership, { network, verifier, storage, clock }: LedgerDependencies): Ledger {
  const membership = new Observed(start)
  let running: Promise<Result<true, Reason>> | undefined

  async function run(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>> {
    for (;;) {
      const state = membership.value
      const answer = await ask(network, relay, LEDGER, { get: state.size }, signal)
      if (!answer.ok) return answer
      const entries = answer.value.entries ?? []
      if (entries.length === 0) return good(true)
      const replayed = await replay(verifier, state, entries)
      if (!replayed.ok) return replayed
      // LEDGER-9: entries of the future wait. A relay that made them up would make every invitation expire.
      if (replayed.value.time > second(clock) + MAX_CLOCK_SKEW) return bad('time-ahead')
      // Stored before it is shown: what the person saw must still be there after a crash.
      await storage.putAll(
        entries.map((entry, i) => [keyOf(state.community, state.size + i), entry] as const),
      )
      membership.set(replayed.value)
    }
  }

  /** Every caller gets a run that began after its call: entries that it knows of must not be missed by a run already under way. */
  let queued: Promise<Result<true, Reason>> | undefined
  function pull(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>> {
    if (!running) {
      running = run(relay, signal).finally(() => {
        running = undefined
      })
      return running
    }
    queued ??= running
      .catch(() => undefined)
      .then(() => {
        queued = undefined
        return pull(relay, signal)
      })
    return queued
  }

  return {
    membership,
    pull,
    async submit(relay, statement, signal) {
      const answer = await ask(network, relay, LEDGER, { put: statement.bytes }, signal)
      if (!answer.ok) return answer
      if (answer.value.promise === undefined) return bad('field-missing', 'promise')
      const { community, log } = membership.value
      const promise = open(PROMISE, community, answer.value.promise)
      if (!promise.ok) return promise
      const signed = await verifyEnvelope(verifier, community, promise.value, [log])
      if (!signed.ok) return signed
      if (promise.value.payload.id !== (statement.id as Id)) return bad('foreign-community', 'promise')
      return good(true)
    },
  }
}

/**
 * Entries of the stored copy, as far as there are any.
 * @param from index of the first; @param to of the one after the last
 */
export async function storedEntries(
  storage: Storage,
  community: CommunityId,
  from: number,
  to: number,
): Promise<readonly Uint8Array[]> {
  const keys = Array.from({ length: to - from }, (_, at) => keyOf(community, from + at))
  const entries = await Promise.all(keys.map((key) => storage.get(key) as Promise<Uint8Array | undefined>))
  return entries.filter((entry) => entry !== undefined)
}

/** Ten digits keep the keys in the order of the entries. */
function keyOf(community: CommunityId, index: number): string {
  return `${prefixOf(community)}${String(index).padStart(10, '0')}`
}

function prefixOf(community: CommunityId): string {
  return `ledger/${community}/`
}
