import {
  INVITATION_SEED_BYTES,
  INVITE,
  type Invite,
  invitationSigner,
} from '../../protocol/community/invite.ts'
import { encodeInvitationCode } from '../../protocol/community/link.ts'
import { hasExpired, type Membership, slotHolder } from '../../protocol/community/membership.ts'
import { entitledSlots, matureFrom } from '../../protocol/community/slots.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Random } from '../ports/random.ts'
import type { SlotView } from '../view.ts'

/** How long an invitation waits for its guest. Afterwards its slot is free again. Seconds. */
export const INVITATION_LIFETIME = 14 * DAY

/** An invitation that this device made: the code is kept here alone, so that the link can be shown again. */
export interface MadeInvitation {
  readonly statement: Envelope<Invite>
  readonly code: string
}

/** Makes an invitation on a slot. @param now seconds */
export async function sealInvite(
  membership: Membership,
  sponsor: MemberId,
  device: Signer,
  slot: number,
  now: number,
  random: Random,
): Promise<MadeInvitation> {
  const { community } = membership
  const chain = membership.devices.get(device.publicKey)?.chain
  if (!chain) throw new Error('this device is not in the ledger')
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
      exp: at + INVITATION_LIFETIME,
    },
    [device],
  )
  return { statement, code: encodeInvitationCode({ community, seed }) }
}

/**
 * All slots of a member as a person sees them.
 * @param links the links of the invitations that this device made, by the public half of their key
 * @param now seconds
 */
export function slotViews(
  membership: Membership,
  member: MemberId,
  links: ReadonlyMap<KeyText, string>,
  now: number,
): readonly SlotView[] {
  const me = membership.members.get(member)
  if (!me) return []
  const from = matureFrom(membership, me)
  return Array.from({ length: entitledSlots(membership, me) }, (_, slot): SlotView => {
    const holder = slotHolder(membership, member, slot, now)
    if (holder?.guest !== undefined) return { slot, state: 'used', guest: holder.guest }
    if (holder) {
      const { key, exp } = holder.invite
      return {
        slot,
        state: 'pending',
        link: links.get(key),
        expires: exp === undefined ? undefined : exp * 1000,
      }
    }
    return now < from ? { slot, state: 'immature', from: from * 1000 } : { slot, state: 'free' }
  })
}

/** Why an invitation lets nobody in any more, or that it still does. @param now seconds */
export function invitationState(
  membership: Membership,
  id: StatementId,
  now: number,
): 'good' | 'unknown' | 'used' | 'expired' {
  const invitation = membership.invitations.get(id)
  if (!invitation) return 'unknown'
  if (invitation.guest !== undefined) return 'used'
  return hasExpired(invitation, now) ? 'expired' : 'good'
}
