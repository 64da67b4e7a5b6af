import type { Membership } from '../protocol/community/membership.ts'
import { type Envelope, open } from '../protocol/envelope.ts'
import { PROFILE, type Profile, profileMatches } from '../protocol/identity/profile.ts'
import { idBytes } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import { bad, type Result } from '../protocol/result.ts'
import { type Judging, verifyAuthor } from './gossip/received.ts'

/** Opens a profile, and checks it against its member's identity and signature. */
export async function readProfile(
  judging: Judging,
  bytes: Uint8Array,
): Promise<Result<Envelope<Profile>, Reason>> {
  const opened = openProfile(judging.membership(), bytes)
  if (!opened.ok) return opened
  const device = await verifyAuthor(judging, opened.value)
  return device.ok ? opened : device
}

/** Opens a profile and checks what can be checked without its signature. */
export function openProfile(membership: Membership, bytes: Uint8Array): Result<Envelope<Profile>, Reason> {
  const opened = open(PROFILE, membership.community, bytes)
  if (!opened.ok) return opened
  const member = membership.members.get(opened.value.payload.m)
  if (!member) return bad('not-member')
  if (member.erased) return bad('erased')
  return profileMatches(opened.value.payload, idBytes(member.profile)) ? opened : bad('commitment-wrong')
}
