import type { PeerIdString } from '../node/network/network.ts'
import { type Clock, second } from '../node/ports/clock.ts'
import type { KeyText, MemberId, StatementId } from '../protocol/ids.ts'

/** A session that outlived its proof is dropped this much later: a renewal may be under way. Seconds. */
const GRACE = 30
/** How often the sessions are looked through, in milliseconds. */
const SWEEP = 10_000
/** Newcomers who knock with one invitation at a time: a person with two tabs and a phone. */
const MAX_NEWCOMERS_OF_AN_INVITATION = 4
/** Sessions of one member at a time: their tabs, twice over, since a tab that vanished counts until its connection is noticed to be dead. */
const MAX_SESSIONS_OF_A_MEMBER = 16

/** Who a connected session proved to be. `until` is the last second, on our clock, at which the proof holds. */
export type Session =
  | {
      readonly kind: 'member'
      readonly member: MemberId
      readonly until: number
      /** What proved it: for those who look for this member. */
      readonly presence: Uint8Array
    }
  /** A member's root, which has something to say for itself: a new device, a farewell. */
  | { readonly kind: 'root'; readonly member: MemberId; readonly root: KeyText; readonly until: number }
  | { readonly kind: 'newcomer'; readonly invitation: StatementId; readonly until: number }

/** The part of the network that sessions decide about. */
export interface Gate {
  admit(peer: PeerIdString): void
  /** An admitted peer is a member: what the members say to each other is for it too. */
  recognise(peer: PeerIdString): void
  /** Ends the admission and the connection. */
  revoke(peer: PeerIdString): void
}

/** The sessions that are admitted, each for as long as its proof holds and it stays connected. */
export class Sessions {
  readonly #gate: Gate
  readonly #clock: Clock
  readonly #sessions = new Map<PeerIdString, Session>()
  readonly #cancel: () => void

  constructor(gate: Gate, clock: Clock) {
    this.#gate = gate
    this.#clock = clock
    this.#cancel = clock.every(SWEEP, () => this.#sweep())
  }

  of(peer: PeerIdString): Session | undefined {
    return this.#sessions.get(peer)
  }

  /** What the sessions of these members proved themselves with: of each member so many, those that came last. */
  presencesOf(members: ReadonlySet<MemberId>, each: number): readonly Uint8Array[] {
    const found = new Map<MemberId, Uint8Array[]>()
    for (const session of this.#sessions.values()) {
      if (session.kind !== 'member' || !members.has(session.member)) continue
      found.set(session.member, [...(found.get(session.member) ?? []), session.presence].slice(-each))
    }
    return [...found.values()].flat()
  }

  /**
   * Lets a session in, or renews it; its proof was checked before.
   * @returns false when the member, or the invitation, has too many already
   */
  enter(peer: PeerIdString, session: Session): boolean {
    const account = accountOf(session)
    const most = session.kind === 'newcomer' ? MAX_NEWCOMERS_OF_AN_INVITATION : MAX_SESSIONS_OF_A_MEMBER
    const others = [...this.#sessions].filter(
      ([other, known]) => other !== peer && accountOf(known) === account,
    )
    if (others.length >= most) return false
    this.#sessions.set(peer, session)
    this.#gate.admit(peer)
    if (session.kind === 'member') this.#gate.recognise(peer)
    return true
  }

  /** The peer is gone. */
  leave(peer: PeerIdString): void {
    this.#sessions.delete(peer)
  }

  /** The invitation was used: whoever knocked with it is a member now, and proves that soon, or has no business here. */
  used(invitation: StatementId): void {
    const now = second(this.#clock)
    for (const [peer, session] of this.#newcomers(invitation)) {
      this.#sessions.set(peer, { ...session, until: Math.min(session.until, now) })
    }
  }

  stop(): void {
    this.#cancel()
  }

  #newcomers(invitation: StatementId): [PeerIdString, Session][] {
    return [...this.#sessions].filter(([, s]) => s.kind === 'newcomer' && s.invitation === invitation)
  }

  #sweep(): void {
    const now = second(this.#clock)
    for (const [peer, { until }] of this.#sessions) {
      if (now <= until + GRACE) continue
      this.#sessions.delete(peer)
      this.#gate.revoke(peer)
    }
  }
}

/** Whose allowance a session uses up: a member's tabs share one, and so do those who hold one invitation. */
export function accountOf(session: Session): string {
  return session.kind === 'newcomer' ? session.invitation : session.member
}
