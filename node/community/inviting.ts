import {
  INVITATION_SEED_BYTES,
  INVITE,
  type Invite,
  invitationSigner,
} from '../../protocol/community/invite.ts'
import { encodeInvitationCode } from '../../protocol/community/link.ts'
import type { Chain, Membership } from '../../protocol/community/membership.ts'
import { isVoid } from '../../protocol/community/rules/people.ts'
import { hasExpired } from '../../protocol/community/slots.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { CommunityId, KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Random } from '../ports/random.ts'

/** How long an invitation waits for its guest. Afterwards its slot is free again. Seconds. */
export const INVITATION_LIFETIME = 14 * DAY

/** An invitation that this device made: the code is kept here alone, so that the link can be shown again. */
export interface MadeInvitation {
  readonly statement: Envelope<Invite>
  readonly code: string
}

/** What an invitation may say of its guest. */
export interface InvitationTerms {
  /** How long it waits for them, in seconds. */
  readonly lifetime?: number
  /** The root of the only person whom it lets in. */
  readonly only?: KeyText
}

/** Makes an invitation on a slot. @param now seconds */
export async function sealInvite(
  community: CommunityId,
  sponsor: MemberId,
  device: Signer,
  chain: Chain,
  slot: number,
  now: number,
  random: Random,
  { lifetime = INVITATION_LIFETIME, only }: InvitationTerms = {},
): Promise<MadeInvitation> {
  const seed = random.bytes(INVITATION_SEED_BYTES)
  const at = toLedgerTime(now)
  const statement = await seal(
    INVITE,
    community,
    {
      m: sponsor,
      n: chain.next,
      prev: chain.last,
      slot,
      key: invitationSigner(seed, community).publicKey,
      at,
      exp: toLedgerTime(now + lifetime),
      ...(only === undefined ? {} : { for: only }),
    },
    [device],
  )
  return { statement, code: encodeInvitationCode({ community, seed }) }
}

/** Why an invitation lets nobody in any more, or that it still does. @param now seconds */
export function invitationState(
  membership: Membership,
  id: StatementId,
  now: number,
): 'good' | 'unknown' | 'used' | 'void' | 'expired' {
  const invitation = membership.invitations.get(id)
  if (!invitation) return 'unknown'
  if (invitation.guest !== undefined) return 'used'
  if (isVoid(membership, invitation)) return 'void'
  return hasExpired(invitation, now) ? 'expired' : 'good'
}
