import type { Envelope, Signed } from '../../envelope.ts'
import { type DeviceAdd, deviceAddSigners } from '../../identity/device.ts'
import { type Identity, identitySigners, memberOf } from '../../identity/identity.ts'
import { idOf, type MemberId, type StatementId } from '../../ids.ts'
import { bad, good } from '../../result.ts'
import {
  advanceRoot,
  changeInvitation,
  changeMember,
  type Draft,
  putDevice,
  putMember,
  putRoot,
} from '../draft.ts'
import { joinSigners } from '../join.ts'
import type { JoinStatement } from '../kinds.ts'
import type { Invitation, LedgerState, Member } from '../membership.ts'
import { hasExpired } from '../slots.ts'
import { inGoodStanding, isPersonsKey } from '../standing.ts'
import { type Ask, type Check, type Reason, type Rule, signedBy } from './acts.ts'

/** LEDGER-5: an identity alone makes a member only of a founder; anybody else comes with a join. */
export const identity: Rule<'identity'> = {
  check(state, statement) {
    const { root } = statement.envelope.payload
    if (!state.genesis.payload.founders.includes(root)) return bad('not-founder')
    if (state.roots.has(root)) return bad('already-member')
    if (state.devices.has(root)) return bad('device-known')
    return good(signedBy(statement, identitySigners(statement.envelope.payload)))
  },
  take(draft, { envelope }, at) {
    addMember(draft, envelope, at)
  },
}

/** JOIN-4 to JOIN-7. */
export const join: Rule<'join'> = {
  check(state, statement, at): Check {
    const refused = refuseJoin(state, statement, at)
    if (refused) return bad(refused)
    const invitation = state.invitations.get(statement.envelope.payload.invite) as Invitation
    return good({ asks: joinAsks(statement, invitation) })
  },
  take(draft, { envelope, parts }, at) {
    const invitation = draft.invitations.get(envelope.payload.invite) as Invitation
    draft.statements.set(parts.identity.id, draft.size).set(parts.device.id, draft.size)
    changeInvitation(draft, invitation.id, { guest: memberOf(parts.identity) })
    addMember(draft, parts.identity, at, invitation)
    addDevice(draft, parts.device, { next: 1, last: envelope.id as StatementId })
  },
}

function refuseJoin(state: LedgerState, { envelope, parts }: JoinStatement, at: number): Reason {
  const { root } = parts.identity.payload
  const { device } = parts.device.payload
  if (state.members.has(memberOf(parts.identity))) return 'already-member'
  if (state.roots.has(root) || state.genesis.payload.founders.includes(root)) return 'already-member'
  const invitation = state.invitations.get(envelope.payload.invite)
  if (invitation === undefined) return 'invitation-unknown'
  if (invitation.guest !== undefined) return 'invitation-used'
  if (isVoid(state, invitation)) return 'invitation-void'
  if (hasExpired(invitation, at)) return 'invitation-expired'
  if (invitation.for !== undefined && invitation.for !== root) return 'invitation-not-for-you'
  if (isPersonsKey(state, device) || state.devices.has(root) || device === root) return 'device-known'
  return undefined
}

/** Withdrawn, or by somebody who is not in good standing: nobody comes in with it. */
export function isVoid(state: LedgerState, invitation: Invitation): boolean {
  return invitation.void || !inGoodStanding(state.members.get(invitation.sponsor) as Member)
}

/** Who must have signed a join and what it carries, in this order (JOIN-7). */
export function joinAsks({ parts, signed }: JoinStatement, invitation: Invitation): readonly Ask[] {
  const { root } = parts.identity.payload
  const [identity, device, join] = signed as readonly [Signed, Signed, Signed]
  return [
    { part: identity, signers: identitySigners(parts.identity.payload) },
    { part: device, signers: deviceAddSigners(parts.device.payload, root) },
    { part: join, signers: joinSigners(parts, invitation.key) },
  ]
}

function addMember(draft: Draft, identity: Envelope<Identity>, at: number, invitation?: Invitation): void {
  const id = memberOf(identity)
  const { root, profile } = identity.payload
  const { policy } = draft.genesis.payload
  const sponsor = invitation && (draft.members.get(invitation.sponsor) as Member)
  putRoot(draft, root, { member: id, frozen: false })
  putMember(draft, {
    id,
    root,
    profile: idOf(profile),
    index: draft.size,
    since: at,
    founder: sponsor === undefined,
    sponsor: sponsor?.id,
    invitation: invitation?.id,
    branch: branchOf(id, sponsor),
    slots: sponsor === undefined ? policy['founder-slots'] : policy['first-slots'],
    chain: { next: 1, last: identity.id as StatementId },
    standing: 'active',
    by: undefined,
    erased: false,
    frozen: false,
    certified: false,
    attested: undefined,
    claimed: undefined,
    charges: NONE,
    vouches: NONE,
    guardians: undefined,
    recovery: undefined,
    notice: undefined,
    appealed: undefined,
    lastGuest: undefined,
    previousGuest: sponsor?.lastGuest,
  })
  if (sponsor) changeMember(draft, sponsor.id, { lastGuest: id })
}

/** Most members never have one: they share this. */
const NONE: readonly never[] = []

/** POL-2. */
function branchOf(id: MemberId, sponsor: Member | undefined): MemberId {
  return sponsor === undefined || sponsor.founder ? id : sponsor.branch
}

/** Lets a device in, as the next statement of its member's root. */
export function addDevice(draft: Draft, added: Envelope<DeviceAdd>, chain: Member['chain']): void {
  const { m, device } = added.payload
  const { id } = draft.members.get(m) as Member
  putDevice(draft, { key: device, member: id, chain, removed: false, frozen: false })
  advanceRoot(draft, id, added)
}
