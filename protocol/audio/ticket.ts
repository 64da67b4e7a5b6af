import { equalBytes } from '../bytes.ts'
import type { Membership } from '../community/membership.ts'
import { type Envelope, open, type PayloadType } from '../envelope.ts'
import type { KeyText, MemberId, RoomId } from '../ids.ts'
import { MAX_TICKET_LIFETIME } from '../limits.ts'
import type { EnvelopeReason, RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, id, key, map, oneOf, type Read } from '../schema.ts'
import { inForce, verifyByDevice } from '../session.ts'
import type { Verifier } from '../signature.ts'
import { seconds } from '../time.ts'

/**
 * `ticket` (SPEC §8.10), signed by a device: lets one session, over one DTLS certificate, hear one room at one relay, or speak there as well. `from`
 * is the session, `relay` the relay's session key, `fp` the SHA-256 fingerprint of the session's certificate on this link.
 */
export const TICKET = {
  type: 'ticket',
  fields: map({
    r: id<RoomId>(),
    m: id<MemberId>(),
    from: key,
    relay: key,
    as: oneOf('listener', 'speaker'),
    fp: bytes(32),
    at: seconds,
    exp: seconds,
  }),
} satisfies PayloadType<unknown>

export type Ticket = Read<typeof TICKET.fields>

/** What a relay knows of the session before it looks at its ticket. */
export interface ExpectedTicket {
  readonly relay: KeyText
  /** The session at the other end of the stream, and whose it proved to be. */
  readonly from: KeyText
  readonly member: MemberId
  /** Of a link that there is already, the ticket that it lives by: another one only prolongs it. */
  readonly held?: Ticket
  /** Seconds since the Unix epoch. */
  readonly now: number
}

/** Opens and verifies a ticket. Whether its room has a place for the member is for whoever knows the room. */
export async function verifyTicket(
  verifier: Verifier,
  membership: Membership,
  envelope: Uint8Array,
  { relay, from, member, held, now }: ExpectedTicket,
): Promise<Result<Envelope<Ticket>, EnvelopeReason | RoomReason>> {
  const opened = open(TICKET, membership.community, envelope)
  if (!opened.ok) return opened
  const ticket = opened.value.payload
  if (ticket.relay !== relay || ticket.from !== from || ticket.m !== member) return bad('wrong-peer')
  const timely = inForce(ticket, now, MAX_TICKET_LIFETIME)
  if (!timely.ok) return timely
  if (held !== undefined) {
    if (ticket.r !== held.r) return bad('foreign-room')
    if (!equalBytes(ticket.fp, held.fp)) return bad('wrong-fingerprint')
    if (ticket.as !== held.as || ticket.exp <= held.exp) return bad('stale')
  }
  const signed = await verifyByDevice(verifier, membership, opened.value)
  return signed.ok ? good(opened.value) : signed
}
