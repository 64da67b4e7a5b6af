import {
  DESCRIPTION,
  type Description,
  fingerprintOf,
  sdpDigest,
  verifyDescription,
} from '../../protocol/audio/description.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { seal } from '../../protocol/envelope.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_DESCRIPTION_LIFETIME } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { SessionDescription } from '../ports/connections.ts'

/** Whose session we are. */
export interface Me {
  readonly member: MemberId
  readonly device: Signer
  /** The session's public key. */
  readonly peer: KeyText
}

/** The session at the other end of a link, and whose it is. */
export interface Far {
  readonly key: KeyText
  readonly member: MemberId
}

export interface VoucherOptions {
  readonly room: RoomId
  readonly me: Me
  readonly clock: Clock
  readonly verifier: Verifier
  readonly membership: () => Membership
}

/** A link outlives the epochs of its room (DESC-2). */
const NO_EPOCH = 0

/** The last description that was taken from a session; `exp` in seconds. */
interface Taken {
  readonly n: number
  readonly exp: number
}

/**
 * Vouches for our descriptions in a room, and checks what others vouch for (SPEC §8.1). It remembers the numbers on both sides, so it
 * outlives the links: one that is made anew takes no description of the one before.
 */
export class Voucher {
  readonly #options: VoucherOptions
  readonly #taken = new Map<KeyText, Taken>()
  #last = 0

  constructor(options: VoucherOptions) {
    this.#options = options
  }

  /**
   * The sealed `description` that goes with one of ours.
   * @throws Error when the description shows no fingerprint, or more than one
   */
  async vouch(to: KeyText, { type, sdp }: SessionDescription): Promise<Uint8Array> {
    const { room, me, clock, membership } = this.#options
    const fp = fingerprintOf(sdp)
    if (fp === undefined) throw new Error('a description of ours has not exactly one SHA-256 fingerprint')
    // Milliseconds: they rise also from one mesh of this session to the next, which remembers nothing of the first.
    this.#last = Math.max(this.#last + 1, clock.now())
    const at = second(clock)
    const payload: Description = {
      r: room,
      epoch: NO_EPOCH,
      m: me.member,
      from: me.peer,
      to,
      kind: type,
      fp,
      sdp: sdpDigest(sdp),
      n: this.#last,
      at,
      exp: at + MAX_DESCRIPTION_LIFETIME,
    }
    const envelope = await seal(DESCRIPTION, membership().community, payload, [me.device])
    return envelope.bytes
  }

  /** Verifies a description that came over the channel of `far`; each is taken once. */
  async check(far: Far, envelope: Uint8Array, sdp: string): Promise<Result<Description, Reason>> {
    const { room, me, clock, membership, verifier } = this.#options
    const verified = await verifyDescription(verifier, membership(), envelope, sdp, {
      room,
      epoch: NO_EPOCH,
      member: far.member,
      from: far.key,
      to: me.peer,
      last: this.#lastOf(far.key),
      now: second(clock),
    })
    if (!verified.ok) return verified
    const description = verified.value.payload
    // Another channel of the same session may have brought it while the signature was looked at.
    if (description.n <= this.#lastOf(far.key)) return bad('stale', 'n')
    this.#take(far.key, description)
    return good(description)
  }

  #lastOf(key: KeyText): number {
    return this.#taken.get(key)?.n ?? -1
  }

  #take(key: KeyText, { n, exp }: Description): void {
    // What came before one that has expired has expired too: there is nothing left to be taken twice.
    const now = second(this.#options.clock)
    for (const [other, taken] of this.#taken) if (taken.exp < now) this.#taken.delete(other)
    this.#taken.set(key, { n, exp })
  }
}
