import { type Envelope, soleSigner } from '../envelope.ts'
import type { Id, KeyText, MemberId, RoomId, StatementId } from '../ids.ts'
import type { MapDraft, WritableMap } from '../state/persistent-map.ts'
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
  voids: readonly VoidEntry[]
  touched: readonly RecordName[]
  readonly members: WritableMap<MemberId, Member>
  readonly roots: WritableMap<KeyText, Root>
  readonly devices: WritableMap<KeyText, Device>
  readonly invitations: WritableMap<StatementId, Invitation>
  readonly invitationKeys: WritableMap<KeyText, StatementId>
  readonly slots: WritableMap<string, StatementId>
  readonly rooms: WritableMap<RoomId, StageRoom>
  readonly attests: WritableMap<StatementId, Attestation>
  readonly attested: WritableMap<string, StatementId>
  readonly bans: WritableMap<StatementId, Ban>
  readonly statements: WritableMap<Id, number>
  /** Void entries that are not in `voids` yet. */
  readonly newVoids: VoidEntry[]
  /** Records that are not in `touched` yet, by their name. */
  readonly names: { readonly [K in RecordName['kind']]: Map<string, RecordName> }
}

/** Of a state that is to be a value again. */
export interface ValueDraft extends Draft {
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
}

/** A copy of a state to write on. */
export function draftOf(state: Membership): ValueDraft {
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
    ...unsettled(),
  }
}

/** What a draft begins with: nothing was written yet. */
export function unsettled(): Pick<Draft, 'newVoids' | 'names'> {
  const kinds = {
    community: new Map(),
    member: new Map(),
    root: new Map(),
    device: new Map(),
    invite: new Map(),
    room: new Map(),
    attest: new Map(),
    ban: new Map(),
    void: new Map(),
  }
  return { newVoids: [], names: kinds }
}

/** Ends a batch: the draft then says of its void entries and touched records what a state says. */
export function settle(draft: Draft): void {
  const { newVoids, names } = draft
  if (newVoids.length > 0) draft.voids = draft.voids.concat(newVoids.splice(0))
  const touched: RecordName[] = []
  for (const ofKind of Object.values(names)) {
    for (const name of ofKind.values()) touched.push(name)
    ofKind.clear()
  }
  draft.touched = touched
}

/** What was written, as a state that never changes. */
export function finish(written: ValueDraft): Membership {
  settle(written)
  const { newVoids: _, names: __, ...draft } = written
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
  }
}

/** Notes that a record changes. */
export function touch(draft: Draft, record: RecordName): void {
  draft.names[record.kind].set(record.name, record)
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

/** Goes on in the chain of whichever key of a member signed. */
export function advanceAnyKey(draft: Draft, id: MemberId, act: Envelope<unknown>): void {
  const { root } = draft.members.get(id) as Member
  if (soleSigner(act) === root) advanceRoot(draft, id, act)
  else advanceDevice(draft, act)
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
