import type { Chain, Membership } from '../../protocol/community/membership.ts'
import { admit } from '../../protocol/community/replay.ts'
import { type Envelope, peekId } from '../../protocol/envelope.ts'
import type { CommunityId, Id, KeyText } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { PeerError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { PeerIdString } from '../network/network.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Locks } from '../ports/locks.ts'
import type { Storage } from '../ports/storage.ts'
import { refusal, relayFailure } from '../refusal.ts'

/**
 * How a member's statements come into the ledger, one after the other. Two different statements for one place of a chain would be
 * equivocation, and freeze the key for ever. So a statement is stored before it is sent, whatever was stored is sent again, unchanged, before
 * another is made, and nothing is signed that our own copy of the ledger would not take.
 */
export interface Acting {
  /**
   * Makes the next statement of the chain of a key, and has it taken. `make` may be called once at most.
   * @param giveWay does not wait while another tab signs: nobody does who can come again
   * @throws PeerError; with `relay-unreachable` the statement may still be taken later, and no other is made before that is known
   */
  next<T>(
    key: KeyText,
    chainOf: (state: Membership) => Chain | undefined,
    make: (state: Membership, chain: Chain) => Promise<Envelope<T>>,
    giveWay?: boolean,
  ): Promise<Envelope<T>>
  /** The same for a statement that is of no chain. @throws PeerError */
  once<T>(make: (state: Membership) => Promise<Envelope<T>>): Promise<Envelope<T>>
  /** Sends again what was stored and never acknowledged. Does nothing in a second tab. @throws PeerError */
  settle(): Promise<void>
}

export interface ActingParts {
  readonly community: CommunityId
  readonly ledger: Ledger
  readonly verifier: Verifier
  readonly storage: Storage
  readonly locks: Locks
  readonly clock: Clock
  readonly relay: PeerIdString
  /** Whether the relay is there: nothing is signed for one that is away. */
  readonly connected: () => boolean
  readonly signal: AbortSignal
}

/** Another tab that writes what is due has done so by then, also over a slow line; one that hangs must not hold this one up. Milliseconds. */
const OTHER_TAB = 10_000

export function createActing(parts: ActingParts): Acting {
  const { community, ledger, verifier, storage, locks, clock, relay, connected, signal } = parts
  const prefix = `act/${community}/`

  let last: Promise<unknown> | undefined
  /** What this tab signs, one after the other; the first begins at once. */
  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = last === undefined ? action() : last.then(action)
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (last === settled) last = undefined
      })
    last = settled
    return done
  }

  /** One device signs in one tab at a time. */
  const lock = `palabre/device/${community}`

  async function waitForOtherTab(): Promise<(() => void) | undefined> {
    const patience = new AbortController()
    const cancel = clock.after(OTHER_TAB, () => patience.abort())
    try {
      return await locks.take(lock, AbortSignal.any([signal, patience.signal]))
    } finally {
      cancel()
    }
  }

  /** Only another tab is a reason to refuse. */
  function alone<T>(giveWay: boolean, action: () => Promise<T>): Promise<T> {
    return inTurn(async () => {
      const release = await (giveWay ? locks.take(lock) : waitForOtherTab())
      if (!release) throw new PeerError('other-tab')
      try {
        return await action()
      } finally {
        release()
      }
    })
  }

  async function pull(): Promise<void> {
    if (!connected()) throw new PeerError('relay-unreachable')
    const pulled = await ledger.pull(relay, signal).catch((cause) => {
      throw relayFailure(cause)
    })
    if (!pulled.ok) throw refusal(pulled.reason, pulled.at)
  }

  function judged(bytes: Uint8Array): Promise<Result<unknown, Reason>> {
    const state = ledger.membership.value
    return admit(verifier, state, bytes, Math.max(state.time, toLedgerTime(second(clock))))
  }

  function idOf(bytes: Uint8Array): Id {
    const id = peekId(community, bytes)
    if (!id.ok) throw new Error(`a statement of our own cannot be read: ${id.reason}`)
    return id.value
  }

  function isTaken(bytes: Uint8Array): boolean {
    return ledger.membership.value.statements.has(idOf(bytes))
  }

  /** Sends a statement until it is known what became of it. Returns the reason of a refusal that our own copy of the ledger confirms. */
  async function deliver(bytes: Uint8Array): Promise<Result<unknown, Reason>> {
    const submitted = await ledger.submit(relay, { id: idOf(bytes), bytes }, signal).catch((cause) => {
      throw relayFailure(cause)
    })
    await pull()
    if (submitted.ok || isTaken(bytes)) return submitted
    const own = await judged(bytes)
    // A relay that refuses what the ledger would take may have kept it: then only the same bytes may be sent again.
    if (own.ok) throw refusal(submitted.reason, submitted.at)
    return own
  }

  async function settlePending(): Promise<void> {
    for (const [key, stored] of await storage.list(prefix)) {
      const bytes = stored as Uint8Array
      // Whoever was refused was told so then.
      if (!isTaken(bytes)) await deliver(bytes)
      await storage.delete(key)
    }
  }

  async function requireGood(bytes: Uint8Array): Promise<void> {
    const own = await judged(bytes)
    if (!own.ok) throw refusal(own.reason, own.at)
  }

  return {
    next: (key, chainOf, make, giveWay = false) =>
      alone(giveWay, async () => {
        await pull()
        await settlePending()
        const state = ledger.membership.value
        const chain = chainOf(state)
        if (chain === undefined) throw new PeerError('not-member')
        const statement = await make(state, chain)
        await requireGood(statement.bytes)
        await storage.put(prefix + key, statement.bytes)
        const delivered = await deliver(statement.bytes)
        await storage.delete(prefix + key)
        if (!delivered.ok) throw refusal(delivered.reason, delivered.at)
        return statement
      }),
    async once(make) {
      await pull()
      const statement = await make(ledger.membership.value)
      await requireGood(statement.bytes)
      const delivered = await deliver(statement.bytes)
      if (!delivered.ok) throw refusal(delivered.reason, delivered.at)
      return statement
    },
    settle: () =>
      inTurn(async () => {
        if ((await storage.list(prefix)).length === 0) return
        const release = await locks.take(lock)
        if (!release) return
        try {
          await settlePending()
        } finally {
          release()
        }
      }),
  }
}
