import type { Membership } from '../protocol/community/membership.ts'
import { type Envelope, open } from '../protocol/envelope.ts'
import { PROFILE, type Profile, profileMatches } from '../protocol/identity/profile.ts'
import type { EnvelopeReason, RoomReason } from '../protocol/reasons.ts'
import { bad, type Result } from '../protocol/result.ts'
import { verifyByDevice } from '../protocol/session.ts'
import type { Verifier } from '../protocol/signature.ts'

/** Opens a profile and checks that a device of the member signed it and that it is the one which their identity committed to. */
export async function verifyProfile(
  verifier: Verifier,
  membership: Membership,
  envelope: Uint8Array,
): Promise<Result<Envelope<Profile>, EnvelopeReason | RoomReason>> {
  const opened = open(PROFILE, membership.community, envelope)
  if (!opened.ok) return opened
  const member = membership.members.get(opened.value.payload.m)
  if (!member) return bad('not-member')
  if (!profileMatches(opened.value.payload, member.identity.payload.profile)) return bad('commitment-wrong')
  const signed = await verifyByDevice(verifier, membership, opened.value)
  return signed.ok ? opened : signed
}
