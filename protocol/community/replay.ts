import { type Envelope, soleSigner, verifyEnvelope } from '../envelope.ts'
import type { DeviceAdd } from '../identity/device.ts'
import { deviceAddSigners } from '../identity/device.ts'
import type { Identity } from '../identity/identity.ts'
import { identitySigners, memberOf } from '../identity/identity.ts'
import type { Id, KeyText, MemberId, StatementId } from '../ids.ts'
import { MAX_CLOCK_SKEW } from '../limits.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { Verifier } from '../signature.ts'
import { decodeEntry } from './entry.ts'
import { communityOf, verifyGenesis } from './genesis.ts'
import type { Invite } from './invite.ts'
import { type JoinParts, joinSigners, verifyJoinParts } from './join.ts'
import type { Chain, Device, Invitation, Member, Membership, VoidEntry } from './membership.ts'
import { hasExpired } from './membership.ts'
import { slotUsable } from './slots.ts'
import { openStatement, type Statement } from './statement.ts'

export type StatementReason = EnvelopeReason | LedgerReason

/**
 * Reads entry 0, which must be a genesis that all its founders signed (SPEC §6.1).
 * Unlike any later entry it cannot be void: without it there is no community.
 */
export async function beginLedger(
  verifier: Verifier,
  entry: Uint8Array,
): Promise<Result<Membership, StatementReason>> {
  const decoded = decodeEntry(entry)
  if (!decoded.ok) return decoded
  const genesis = await verifyGenesis(verifier, decoded.value.e)
  if (!genesis.ok) return genesis.reason === 'unknown-type' ? bad('genesis-missing') : genesis
  if (genesis.value.payload.at > decoded.value.at + MAX_CLOCK_SKEW) return bad('time-ahead')
  return good({
    community: communityOf(genesis.value),
    genesis: genesis.value,
    size: 1,
    time: decoded.value.at,
    members: new Map(),
    roots: new Map(),
    devices: new Map(),
    invitations: new Map(),
    invitationKeys: new Map(),
    voids: [],
  })
}

/**
 * Reads further entries in order (SPEC §6.7): state and entries in, new state out; the state given is not changed. An entry that breaks a
 * rule of the ledger is *void*: it stays in the log, changes nothing, and its reason is part of the state. An entry that is no entry at
 * all is an error of whoever gave it to us, and stops the replay there.
 */
export async function replay(
  verifier: Verifier,
  state: Membership,
  entries: readonly Uint8Array[],
): Promise<Result<Membership, StatementReason>> {
  const draft = draftOf(state)
  for (const bytes of entries) {
    const entry = decodeEntry(bytes)
    if (!entry.ok) return entry
    if (entry.value.at < draft.time) return bad('time-backwards')
    const statement = await admit(verifier, draft, entry.value.e, entry.value.at)
    if (statement.ok) take(draft, statement.value, entry.value.at)
    else draft.voids.push({ index: draft.size, reason: statement.reason })
    draft.size += 1
    draft.time = entry.value.at
  }
  return good(draft)
}

/**
 * Would this envelope be good as the next entry, taken at this log time? (SPEC §6.7) Opens it, checks it against the state, and verifies
 * every signature. The log asks this before it takes anything, and replay asks the same of every entry.
 */
export async function admit(
  verifier: Verifier,
  state: Membership,
  envelope: Uint8Array,
  at: number,
): Promise<Result<Statement, StatementReason>> {
  const opened = openStatement(state.community, envelope)
  if (!opened.ok) return opened
  const statement = opened.value
  if (statement.envelope.payload.at > at + MAX_CLOCK_SKEW) return bad('time-ahead')
  const signers = check(state, statement, at)
  if (!signers.ok) return signers
  if (statement.type === 'join') {
    const parts = await verifyJoinParts(verifier, state.community, statement.parts)
    if (!parts.ok) return parts
  }
  const signed = await verifyEnvelope(verifier, state.community, statement.envelope, signers.value)
  return signed.ok ? opened : signed
}

/** The rules of each type; on success, who must have signed. */
function check(
  state: Membership,
  statement: Statement,
  at: number,
): Result<readonly KeyText[], LedgerReason | EnvelopeReason> {
  switch (statement.type) {
    case 'identity':
      return checkIdentity(state, statement.envelope.payload)
    case 'device-add':
      return checkDeviceAdd(state, statement.envelope)
    case 'invite':
      return checkInvite(state, statement.envelope, at)
    case 'join':
      return checkJoin(state, statement.envelope.payload.invite, statement.parts, at)
  }
}

/** An identity alone makes a member only of a founder; anybody else comes with a join. */
function checkIdentity(state: Membership, identity: Identity): Result<readonly KeyText[], LedgerReason> {
  if (!state.genesis.payload.founders.includes(identity.root)) return bad('not-founder')
  if (state.roots.has(identity.root)) return bad('already-member')
  return good(identitySigners(identity))
}

function checkDeviceAdd(
  state: Membership,
  added: Envelope<DeviceAdd>,
): Result<readonly KeyText[], LedgerReason> {
  const { m, device, n, prev } = added.payload
  const member = state.members.get(m)
  if (!member) return bad('member-unknown')
  const chained = continues(member.chain, n, prev, added.id)
  if (!chained.ok) return chained
  if (isKnownKey(state, device)) return bad('device-known')
  return good(deviceAddSigners(added.payload, member.root))
}

function checkInvite(
  state: Membership,
  invite: Envelope<Invite>,
  at: number,
): Result<readonly KeyText[], LedgerReason | EnvelopeReason> {
  const { m, n, prev, slot, key } = invite.payload
  if (!state.members.has(m)) return bad('member-unknown')
  const signer = soleSigner(invite)
  if (signer === undefined) return bad('signer-unexpected')
  const device = state.devices.get(signer)
  if (device?.member !== m) return bad('device-unknown')
  const chained = continues(device.chain, n, prev, invite.id)
  if (!chained.ok) return chained
  if (state.invitationKeys.has(key) || isKnownKey(state, key)) return bad('invitation-key-known')
  const usable = slotUsable(state, m, slot, at)
  return usable.ok ? good([signer]) : usable
}

function checkJoin(
  state: Membership,
  inviteId: StatementId,
  parts: JoinParts,
  at: number,
): Result<readonly KeyText[], LedgerReason> {
  const { root } = parts.identity.payload
  const { device } = parts.device.payload
  if (state.members.has(memberOf(parts.identity))) return bad('already-member')
  if (state.roots.has(root) || state.genesis.payload.founders.includes(root)) return bad('already-member')
  const invitation = state.invitations.get(inviteId)
  if (!invitation) return bad('invitation-unknown')
  if (invitation.guest !== undefined) return bad('invitation-used')
  if (hasExpired(invitation, at)) return bad('invitation-expired')
  if (invitation.invite.for !== undefined && invitation.invite.for !== root)
    return bad('invitation-not-for-you')
  if (isKnownKey(state, device) || isKnownKey(state, root) || device === root) return bad('device-known')
  return good(joinSigners(parts, invitation.invite.key))
}

/** Does a statement continue the chain of its key? Another one in the same place is equivocation (SPEC §6.8). */
function continues(chain: Chain, n: number, prev: StatementId, self: Id): Result<true, LedgerReason> {
  if (n < chain.next) return bad(self === (chain.last as Id) ? 'statement-known' : 'equivocation')
  if (n > chain.next) return bad('sequence-wrong')
  if (prev !== chain.last) return bad('previous-wrong')
  return good(true)
}

/** One key has one role: a root is no device, and an invitation key is neither. */
function isKnownKey(state: Membership, key: KeyText): boolean {
  return state.devices.has(key) || state.roots.has(key) || state.invitationKeys.has(key)
}

/** The state while a batch of entries is read: copied once a batch, not once an entry. */
interface Draft extends Membership {
  size: number
  time: number
  readonly members: Map<MemberId, Member>
  readonly roots: Map<KeyText, MemberId>
  readonly devices: Map<KeyText, Device>
  readonly invitations: Map<StatementId, Invitation>
  readonly invitationKeys: Map<KeyText, StatementId>
  readonly voids: VoidEntry[]
}

function draftOf(state: Membership): Draft {
  return {
    ...state,
    members: new Map(state.members),
    roots: new Map(state.roots),
    devices: new Map(state.devices),
    invitations: new Map(state.invitations),
    invitationKeys: new Map(state.invitationKeys),
    voids: [...state.voids],
  }
}

/** Lets an admitted statement take effect. */
function take(draft: Draft, statement: Statement, at: number): void {
  switch (statement.type) {
    case 'identity':
      addMember(draft, statement.envelope, at, undefined)
      return
    case 'device-add':
      addDevice(draft, statement.envelope)
      return
    case 'invite':
      addInvitation(draft, statement.envelope, at)
      return
    case 'join': {
      const invitation = draft.invitations.get(statement.envelope.payload.invite) as Invitation
      const guest = memberOf(statement.parts.identity)
      draft.invitations.set(invitation.id, { ...invitation, guest })
      addMember(draft, statement.parts.identity, at, invitation)
      addDevice(draft, statement.parts.device)
      advance(draft, statement.parts.device.payload.device, statement.envelope.id as StatementId)
      return
    }
  }
}

function addMember(
  draft: Draft,
  identity: Envelope<Identity>,
  since: number,
  invitation: Invitation | undefined,
): void {
  const id = memberOf(identity)
  const { root } = identity.payload
  draft.roots.set(root, id)
  draft.members.set(id, {
    id,
    root,
    identity,
    founder: invitation === undefined,
    sponsor: invitation?.sponsor,
    invitation: invitation?.id,
    since,
    chain: { next: 1, last: identity.id as StatementId },
  })
}

function addDevice(draft: Draft, added: Envelope<DeviceAdd>): void {
  const last = added.id as StatementId
  const { m, device } = added.payload
  const member = draft.members.get(m) as Member
  draft.members.set(m, { ...member, chain: { next: member.chain.next + 1, last } })
  draft.devices.set(device, { key: device, member: m, chain: { next: 0, last } })
}

function addInvitation(draft: Draft, invite: Envelope<Invite>, at: number): void {
  const id = invite.id as StatementId
  const { m, slot, key } = invite.payload
  draft.invitations.set(id, { id, invite: invite.payload, sponsor: m, slot, at, guest: undefined })
  draft.invitationKeys.set(key, id)
  advance(draft, soleSigner(invite) as KeyText, id)
}

function advance(draft: Draft, key: KeyText, last: StatementId): void {
  const device = draft.devices.get(key) as Device
  draft.devices.set(key, { ...device, chain: { next: device.chain.next + 1, last } })
}
