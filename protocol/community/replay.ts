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
import { hasExpired, slotName } from './membership.ts'
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
    slots: new Map(),
    statements: new Map([[genesis.value.id, 0]]),
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
  const checked = check(state, statement, at)
  if (!checked.ok) return checked
  if (statement.type === 'join') {
    const parts = await verifyJoinParts(verifier, state.community, statement.parts)
    if (!parts.ok) return parts
  }
  const { signers, twin } = checked.value
  const signed = await verifyEnvelope(verifier, state.community, statement.envelope, signers)
  if (!signed.ok) return signed
  return twin ? bad('equivocation') : opened
}

/** What the rules of its type leave to be said of a statement once its signatures are good. */
interface Checked {
  /** Who must have signed. */
  readonly signers: readonly KeyText[]
  /** It takes a place in a chain that another statement has: equivocation, but only if it is truly signed. */
  readonly twin?: boolean
}

/** The rules of each type. Cheap, and before any signature: nobody can make us verify what could not take effect. */
function check(
  state: Membership,
  statement: Statement,
  at: number,
): Result<Checked, LedgerReason | EnvelopeReason> {
  if (state.statements.has(statement.envelope.id)) return bad('statement-known')
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
function checkIdentity(state: Membership, identity: Identity): Result<Checked, LedgerReason> {
  if (!state.genesis.payload.founders.includes(identity.root)) return bad('not-founder')
  if (state.roots.has(identity.root)) return bad('already-member')
  if (state.devices.has(identity.root)) return bad('device-known')
  return good({ signers: identitySigners(identity) })
}

function checkDeviceAdd(state: Membership, added: Envelope<DeviceAdd>): Result<Checked, LedgerReason> {
  const { m, device, n, prev } = added.payload
  const member = state.members.get(m)
  if (!member) return bad('member-unknown')
  const signers = deviceAddSigners(added.payload, member.root)
  if (n < member.chain.next) return good({ signers, twin: true })
  const chained = continues(member.chain, n, prev)
  if (!chained.ok) return chained
  if (isPersonsKey(state, device)) return bad('device-known')
  return good({ signers })
}

function checkInvite(
  state: Membership,
  invite: Envelope<Invite>,
  at: number,
): Result<Checked, LedgerReason | EnvelopeReason> {
  const { m, n, prev, slot, key, exp } = invite.payload
  if (!state.members.has(m)) return bad('member-unknown')
  const signer = soleSigner(invite)
  if (signer === undefined) return bad('signer-unexpected')
  const device = state.devices.get(signer)
  if (device?.member !== m) return bad('device-unknown')
  const signers = [signer]
  if (n < device.chain.next) return good({ signers, twin: true })
  const chained = continues(device.chain, n, prev)
  if (!chained.ok) return chained
  if (state.invitationKeys.has(key) || isPersonsKey(state, key)) return bad('invitation-key-known')
  // It would hold no slot, so there could be any number of them.
  if (exp !== undefined && exp <= at) return bad('invitation-expired')
  const usable = slotUsable(state, m, slot, at)
  return usable.ok ? good({ signers }) : usable
}

function checkJoin(
  state: Membership,
  inviteId: StatementId,
  parts: JoinParts,
  at: number,
): Result<Checked, LedgerReason> {
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
  if (isPersonsKey(state, device) || state.devices.has(root) || device === root) return bad('device-known')
  return good({ signers: joinSigners(parts, invitation.invite.key) })
}

/** Does a statement continue the chain of its key? One whose place is taken was told apart before (SPEC §6.8). */
function continues(chain: Chain, n: number, prev: StatementId): Result<true, LedgerReason> {
  if (n > chain.next) return bad('sequence-wrong')
  if (prev !== chain.last) return bad('previous-wrong')
  return good(true)
}

/**
 * A root is no device, a device is one member's, and no invitation names either. The other way round an invitation key may become a person's
 * key: who invites names a key without showing that they hold it, and could otherwise shut somebody out by naming theirs.
 */
function isPersonsKey(state: Membership, key: KeyText): boolean {
  return state.devices.has(key) || state.roots.has(key)
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
  readonly slots: Map<string, StatementId>
  readonly statements: Map<Id, number>
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
    slots: new Map(state.slots),
    statements: new Map(state.statements),
    voids: [...state.voids],
  }
}

/** Lets an admitted statement take effect. */
function take(draft: Draft, statement: Statement, at: number): void {
  draft.statements.set(statement.envelope.id, draft.size)
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
      const { identity, device } = statement.parts
      const guest = memberOf(identity)
      draft.statements.set(identity.id, draft.size).set(device.id, draft.size)
      draft.invitations.set(invitation.id, { ...invitation, guest })
      addMember(draft, identity, at, invitation)
      addDevice(draft, device)
      advance(draft, device.payload.device, statement.envelope.id as StatementId)
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
  draft.slots.set(slotName(m, slot), id)
  advance(draft, soleSigner(invite) as KeyText, id)
}

function advance(draft: Draft, key: KeyText, last: StatementId): void {
  const device = draft.devices.get(key) as Device
  draft.devices.set(key, { ...device, chain: { next: device.chain.next + 1, last } })
}
