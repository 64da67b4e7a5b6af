import { equalBytes } from '../bytes.ts'
import { encodeValue } from '../codec.ts'
import { DOMAIN } from '../domains.ts'
import type { PayloadType } from '../envelope.ts'
import { hash } from '../hash.ts'
import type { MemberId } from '../ids.ts'
import { MAX_BIO_CHARS, MAX_NAME_CHARS } from '../limits.ts'
import { bytes, id, isLine, line, map, type Read } from '../schema.ts'

/**
 * `profile` (SPEC §5.4), signed by a device of the member: the name behind the commitment in their identity. It is
 * not in the ledger; peers hold it until it is erased, and without its salt the commitment says nothing.
 */
export const PROFILE = {
  type: 'profile',
  fields: map(
    { m: id<MemberId>(), salt: bytes(32), name: line(MAX_NAME_CHARS) },
    { bio: line(MAX_BIO_CHARS) },
  ),
} satisfies PayloadType<unknown>

export type Profile = Read<typeof PROFILE.fields>

/** What a profile says of a person. */
export type ProfileText = Pick<Profile, 'name' | 'bio'>

/** The commitment that stands in the identity: SHA-256 over domain, salt and the text's one spelling. 32 bytes. */
export function commitProfile(text: ProfileText, salt: Uint8Array): Uint8Array {
  const { name, bio } = text
  return hash(DOMAIN.profile, salt, encodeValue(bio === undefined ? { name } : { bio, name }))
}

/** True when this profile is the one that the identity committed to. */
export function profileMatches(profile: Profile, commitment: Uint8Array): boolean {
  return equalBytes(commitProfile(profile, profile.salt), commitment)
}

/** The form in which a name that somebody typed may be signed; `undefined` when none is left of it. */
export function tidyName(typed: string): string | undefined {
  const name = typed.normalize('NFC').replace(/\s+/g, ' ').trim()
  return isLine(name, MAX_NAME_CHARS) ? name : undefined
}
