import type { Membership } from './community/membership.ts'
import { memberOfDevice } from './community/membership.ts'
import { type Envelope, open, type PayloadType, soleSigner, verifyEnvelope } from './envelope.ts'
import type { CommunityId, KeyText, MemberId } from './ids.ts'
import {
  MAX_ADDRESS_CHARS,
  MAX_ADDRESSES,
  MAX_CLOCK_SKEW,
  MAX_PRESENCE_LIFETIME,
  MAX_PROOF_LIFETIME,
} from './limits.ts'
import type { EnvelopeReason, RoomReason } from './reasons.ts'
import { bad, good, type Result } from './result.ts'
import { id, key, list, map, type Read, text } from './schema.ts'
import type { Verifier } from './signature.ts'
import { seconds } from './time.ts'

/** A multiaddr in its text form. */
export const multiaddr = text(/^(\/[\x21-\x2e\x30-\x7e]+)+$/, MAX_ADDRESS_CHARS)

/**
 * `presence` (SPEC §5.5), signed by a device of the member **and** by the session key: binds the libp2p key of one tab or process to the
 * member, for minutes. Both sign, so nobody claims another's session. `addrs`: where the session can be dialled.
 */
export const PRESENCE = {
  type: 'presence',
  fields: map({
    m: id<MemberId>(),
    device: key,
    peer: key,
    addrs: list(multiaddr, MAX_ADDRESSES),
    at: seconds,
    exp: seconds,
  }),
} satisfies PayloadType<unknown>

export type Presence = Read<typeof PRESENCE.fields>

/**
 * `invite-proof` (SPEC §5.6), signed by the invitation key: lets a newcomer's session knock at one relay before they are a member.
 * It proves the seed without showing it, and is worth nothing to another session or at another relay.
 */
export const INVITE_PROOF = {
  type: 'invite-proof',
  fields: map({ key, peer: key, relay: key, at: seconds, exp: seconds }),
} satisfies PayloadType<unknown>

export type InviteProof = Read<typeof INVITE_PROOF.fields>

/** Is this second inside `[at - skew, exp + skew]`, because either clock may be wrong, and is the span no longer than allowed? All in seconds. */
export function inForce(
  { at, exp }: { readonly at: number; readonly exp: number },
  now: number,
  longest: number,
): Result<true, RoomReason> {
  if (exp <= at || exp - at > longest) return bad('expired', 'exp')
  if (now > exp + MAX_CLOCK_SKEW) return bad('expired')
  if (now < at - MAX_CLOCK_SKEW) return bad('not-yet-valid')
  return good(true)
}

/**
 * Opens and verifies a presence at a time in seconds.
 * @param peer the session that must be bound, when it is known from the connection
 */
export function verifyPresence(
  verifier: Verifier,
  membership: Membership,
  envelope: Uint8Array,
  now: number,
  peer?: KeyText,
): Promise<Result<Envelope<Presence>, EnvelopeReason | RoomReason>> {
  const speaks = ({ m, device }: Presence) => memberOfDevice(membership, device)?.id === m
  return verifyPresenceOf(speaks, verifier, membership, envelope, now, peer)
}

/** The same of a presence by which a root says at a relay that it is there, whatever became of its member (PRES-5). */
export function verifyRootPresence(
  verifier: Verifier,
  membership: Membership,
  envelope: Uint8Array,
  now: number,
  peer: KeyText,
): Promise<Result<Envelope<Presence>, EnvelopeReason | RoomReason>> {
  const speaks = ({ m, device }: Presence) => {
    const member = membership.members.get(m)
    return member?.root === device && !member.frozen
  }
  return verifyPresenceOf(speaks, verifier, membership, envelope, now, peer)
}

/** @param speaks whether the key may speak for the member */
async function verifyPresenceOf(
  speaks: (presence: Presence) => boolean,
  verifier: Verifier,
  membership: Membership,
  envelope: Uint8Array,
  now: number,
  peer: KeyText | undefined,
): Promise<Result<Envelope<Presence>, EnvelopeReason | RoomReason>> {
  const opened = open(PRESENCE, membership.community, envelope)
  if (!opened.ok) return opened
  const presence = opened.value.payload
  if (peer !== undefined && presence.peer !== peer) return bad('wrong-peer')
  const timely = inForce(presence, now, MAX_PRESENCE_LIFETIME)
  if (!timely.ok) return timely
  if (!speaks(presence)) return bad('not-member')
  if (presence.device === presence.peer) return bad('signer-unexpected')
  const signed = await verifyEnvelope(verifier, membership.community, opened.value, [
    presence.device,
    presence.peer,
  ])
  return signed.ok ? opened : signed
}

/** Opens and verifies an invitation proof. Whether the invitation is known, unused and unexpired is for the caller's ledger. */
export async function verifyInviteProof(
  verifier: Verifier,
  community: CommunityId,
  envelope: Uint8Array,
  now: number,
  peer: KeyText,
  relay: KeyText,
): Promise<Result<Envelope<InviteProof>, EnvelopeReason | RoomReason>> {
  const opened = open(INVITE_PROOF, community, envelope)
  if (!opened.ok) return opened
  const proof = opened.value.payload
  if (proof.peer !== peer || proof.relay !== relay) return bad('wrong-peer')
  const timely = inForce(proof, now, MAX_PROOF_LIFETIME)
  if (!timely.ok) return timely
  const signed = await verifyEnvelope(verifier, community, opened.value, [proof.key])
  return signed.ok ? opened : signed
}

/**
 * Verifies something that one device of a member signs: profile, room, operation, beacon, announcement, description.
 * @returns the device that signed
 */
export async function verifyByDevice(
  verifier: Verifier,
  membership: Membership,
  envelope: Envelope<{ readonly m: MemberId }>,
): Promise<Result<KeyText, EnvelopeReason | RoomReason>> {
  const device = soleSigner(envelope)
  if (device === undefined) return bad('signer-unexpected')
  if (memberOfDevice(membership, device)?.id !== envelope.payload.m) return bad('not-member')
  const signed = await verifyEnvelope(verifier, membership.community, envelope, [device])
  return signed.ok ? good(device) : signed
}
