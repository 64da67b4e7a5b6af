import type { Envelope } from '../envelope.ts'
import type { Identity } from '../identity/identity.ts'
import type { CommunityId, Id, KeyText, MemberId, StatementId } from '../ids.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import type { Genesis } from './genesis.ts'
import type { Invite } from './invite.ts'

/** Everything that a prefix of the ledger says about who is here: an immutable value, the same for everybody who read the same prefix. */
export interface Membership {
  readonly community: CommunityId
  readonly genesis: Envelope<Genesis>
  /** How many entries were read; the index of the next one. */
  readonly size: number
  /** The time of the last entry. */
  readonly time: number
  readonly members: ReadonlyMap<MemberId, Member>
  readonly roots: ReadonlyMap<KeyText, MemberId>
  readonly devices: ReadonlyMap<KeyText, Device>
  readonly invitations: ReadonlyMap<StatementId, Invitation>
  /** By the public half of the one-time key, which is what a link leads to. */
  readonly invitationKeys: ReadonlyMap<KeyText, StatementId>
  /** The last invitation of each slot that ever held one, by `slotName`. */
  readonly slots: ReadonlyMap<string, StatementId>
  /** Every statement that took effect, alone or inside a join, with the index of its entry. */
  readonly statements: ReadonlyMap<Id, number>
  /** Entries that changed nothing, with the reason, which is the same for everybody. */
  readonly voids: readonly VoidEntry[]
}

export interface Member {
  readonly id: MemberId
  readonly root: KeyText
  readonly identity: Envelope<Identity>
  readonly founder: boolean
  /** Who invited them; undefined for founders. */
  readonly sponsor: MemberId | undefined
  readonly invitation: StatementId | undefined
  /** Log time of the entry that made them a member. */
  readonly since: number
  /** The root's chain. */
  readonly chain: Chain
}

export interface Device {
  readonly key: KeyText
  readonly member: MemberId
  readonly chain: Chain
}

/** Where the next statement of one key must continue. */
export interface Chain {
  readonly next: number
  readonly last: StatementId
}

export interface Invitation {
  readonly id: StatementId
  readonly invite: Invite
  readonly sponsor: MemberId
  readonly slot: number
  /** Log time of its entry. */
  readonly at: number
  /** Who came in with it. */
  readonly guest: MemberId | undefined
}

export interface VoidEntry {
  readonly index: number
  readonly reason: EnvelopeReason | LedgerReason
}

/** The member that a device key belongs to. */
export function memberOfDevice(membership: Membership, device: KeyText): Member | undefined {
  const known = membership.devices.get(device)
  return known && membership.members.get(known.member)
}

/** The name of a member's slot in `slots`. */
export function slotName(sponsor: MemberId, slot: number): string {
  return `${sponsor}/${slot}`
}

/** The invitation of this sponsor that holds the slot at this time: used, or waiting and not expired (SPEC §6.3). */
export function slotHolder(
  membership: Membership,
  sponsor: MemberId,
  slot: number,
  at: number,
): Invitation | undefined {
  const last = membership.slots.get(slotName(sponsor, slot))
  const invitation = last && membership.invitations.get(last)
  // Those before the last one had expired unused when it was taken, and log time never runs back.
  return invitation && (invitation.guest !== undefined || !hasExpired(invitation, at))
    ? invitation
    : undefined
}

/** True when nobody may come in with it any more for its age. */
export function hasExpired(invitation: Invitation, at: number): boolean {
  return invitation.invite.exp !== undefined && at > invitation.invite.exp
}
