import { DOMAIN } from '../domains.ts'
import type { PayloadType } from '../envelope.ts'
import { derive } from '../hash.ts'
import { type CommunityId, idBytes, type MemberId, type StatementId } from '../ids.ts'
import { id, key, map, type Read, uint } from '../schema.ts'
import { type Signer, signerFromSeed } from '../signature.ts'
import { ledgerTime } from '../time.ts'

/**
 * `invite` (SPEC §6.3), signed by a device of the sponsor: spends the sponsor's numbered slot. It names only the public half of a one-time
 * invitation key; the seed travels in the link. `exp`: not after, ledger time. `for`: only for the person with this root key.
 */
export const INVITE = {
  type: 'invite',
  fields: map(
    { m: id<MemberId>(), n: uint(), prev: id<StatementId>(), slot: uint(), key, at: ledgerTime },
    { exp: ledgerTime, for: key },
  ),
} satisfies PayloadType<unknown>

export type Invite = Read<typeof INVITE.fields>

/** The secret in an invitation link: 128 bits. */
export const INVITATION_SEED_BYTES = 16

/** The one-time invitation key of a seed (SPEC §6.3). The community salts it, so a link is worth nothing anywhere else. */
export function invitationSigner(seed: Uint8Array, community: CommunityId): Signer {
  if (seed.length !== INVITATION_SEED_BYTES)
    throw new RangeError(`an invitation seed has ${INVITATION_SEED_BYTES} bytes`)
  return signerFromSeed(derive(seed, idBytes(community), DOMAIN.invitation))
}
