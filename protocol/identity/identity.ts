import type { Envelope, PayloadType } from '../envelope.ts'
import type { KeyText, MemberId } from '../ids.ts'
import { bytes, key, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/**
 * `identity` (SPEC §5.2), signed by the root key: the first statement of a member, whose id is the member's id.
 * `n` is 0: it begins the root's chain. `profile` is a commitment, so the name can be erased and the audit still holds.
 */
export const IDENTITY = {
  type: 'identity',
  fields: map({ root: key, profile: bytes(32), n: uint(0), at: ledgerTime }),
} satisfies PayloadType<unknown>

export type Identity = Read<typeof IDENTITY.fields>

/** The member that an identity statement makes. */
export function memberOf(identity: Envelope<Identity>): MemberId {
  return identity.id as MemberId
}

/** Who must have signed. */
export function identitySigners(identity: Identity): readonly KeyText[] {
  return [identity.root]
}
