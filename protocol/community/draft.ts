import type { Envelope } from '../envelope.ts'
import type { Id, KeyText, MemberId, RoomId, StatementId } from '../ids.ts'
import type { MapDraft } from '../state/persistent-map.ts'
import type {
  Attestation,
  Ban,
  Council,
  Device,
  Invitation,
  LedgerState,
  Member,
  Membership,
  RecordName,
  Recovery,
  Root,
  StageRoom,
  VoidEntry,
  Witnesses,
} from './membership.ts'

/** The state while entries are read. It reads like any other, and only the functions of the rules write on it. */
export interface Draft extends LedgerState {
  size: number
  time: number
  council: Council
  log: KeyText
  logs: readonly KeyText[]
  witnesses: Witnesses
  stewards: readonly MemberId[]
  forks: readonly number[]
  recoveries: readonly Recovery[]
  readonly members: MapDraft<MemberId, Member>
  readonly roots: MapDraft<KeyText, Root>
  readonly devices: MapDraft<KeyText, Device>
  readonly invitations: MapDraft<StatementId, Invitation>
  readonly invitationKeys: MapDraft<KeyText, StatementId>
  readonly slots: MapDraft<string, StatementId>
  readonly rooms: MapDraft<RoomId, StageRoom>
  readonly attests: MapDraft<StatementId, Attestation>
  readonly attested: MapDraft<string, StatementId>
  readonly bans: MapDraft<StatementId, Ban>
  readonly statements: MapDraft<Id, number>
  /** Void entries that are not in `voids` yet. */
  readonly newVoids: VoidEntry[]
  readonly names: Map<string, RecordName>
}

/** A copy of a state to write on. */
export function draftOf(state: Membership): Draft {
  return {
    ...state,
    members: state.members.draft(),
    roots: state.roots.draft(),
    devices: state.devices.draft(),
    invitations: state.invitations.draft(),
    invitationKeys: state.invitationKeys.draft(),
    slots: state.slots.draft(),
    rooms: state.rooms.draft(),
    attests: state.attests.draft(),
    attested: state.attested.draft(),
    bans: state.bans.draft(),
    statements: state.statements.draft(),
    newVoids: [],
    names: new Map(),
  }
}

/** What was written, as a state that never changes. */
export function finish({ newVoids, names, ...draft }: Draft): Membership {
  return {
    ...draft,
    members: draft.members.done(),
    roots: draft.roots.done(),
    devices: draft.devices.done(),
    invitations: draft.invitations.done(),
    invitationKeys: draft.invitationKeys.done(),
    slots: draft.slots.done(),
    rooms: draft.rooms.done(),
    attests: draft.attests.done(),
    attested: draft.attested.done(),
    bans: draft.bans.done(),
    statements: draft.statements.done(),
    voids: newVoids.length === 0 ? draft.voids : [...draft.voids, ...newVoids],
    touched: [...names.values()],
  }
}

/** Notes that a record changes. */
export function touch(draft: Draft, record: RecordName): void {
  draft.names.set(`${record.kind}/${record.name}`, record)
}

export function touchCommunity(draft: Draft): void {
  touch(draft, { kind: 'community', name: '' })
}

export function putMember(draft: Draft, member: Member): void {
  draft.members.set(member.id, member)
  touch(draft, { kind: 'member', name: member.id })
}

/** Changes some fields of a member, who is there. */
export function changeMember(draft: Draft, id: MemberId, change: Partial<Member>): void {
  putMember(draft, { ...(draft.members.get(id) as Member), ...change })
}

export function putRoot(draft: Draft, key: KeyText, root: Root): void {
  draft.roots.set(key, root)
  touch(draft, { kind: 'root', name: key })
}

export function putDevice(draft: Draft, device: Device): void {
  draft.devices.set(device.key, device)
  touch(draft, { kind: 'device', name: device.key })
}

export function changeDevice(draft: Draft, key: KeyText, change: Partial<Device>): void {
  putDevice(draft, { ...(draft.devices.get(key) as Device), ...change })
}

export function putInvitation(draft: Draft, invitation: Invitation): void {
  draft.invitations.set(invitation.id, invitation)
  touch(draft, { kind: 'invite', name: invitation.id })
}

export function changeInvitation(draft: Draft, id: StatementId, change: Partial<Invitation>): void {
  putInvitation(draft, { ...(draft.invitations.get(id) as Invitation), ...change })
}

export function putRoom(draft: Draft, room: StageRoom): void {
  draft.rooms.set(room.id, room)
  touch(draft, { kind: 'room', name: room.id })
}

export function putAttest(draft: Draft, attest: Attestation): void {
  draft.attests.set(attest.id, attest)
  touch(draft, { kind: 'attest', name: attest.id })
}

export function putBan(draft: Draft, ban: Ban): void {
  draft.bans.set(ban.id, ban)
  touch(draft, { kind: 'ban', name: ban.id })
}

export function putVoid(draft: Draft, entry: VoidEntry): void {
  draft.newVoids.push(entry)
  touch(draft, { kind: 'void', name: String(entry.index) })
  touchCommunity(draft)
}

/** Goes on in the chain of the device that signed an act of a device. */
export function advanceDevice(draft: Draft, act: Envelope<unknown>): void {
  const key = act.signatures[0]?.key as KeyText
  const { chain } = draft.devices.get(key) as Device
  changeDevice(draft, key, { chain: { next: chain.next + 1, last: act.id as StatementId } })
}

/** Goes on in the chain of a member's root. Whatever the root says withdraws a recovery: its owner is there (ROOT-5). */
export function advanceRoot(draft: Draft, id: MemberId, act: Envelope<unknown>): void {
  const { chain, recovery } = draft.members.get(id) as Member
  if (recovery) draft.recoveries = draft.recoveries.filter((one) => one.id !== recovery.id)
  changeMember(draft, id, {
    chain: { next: chain.next + 1, last: act.id as StatementId },
    recovery: undefined,
  })
}
