import type {
  Attestation,
  Ban,
  Device,
  Invitation,
  LedgerState,
  Member,
  Membership,
  RecordName,
  StageRoom,
} from '../../protocol/community/membership.ts'
import {
  type Id,
  idOf,
  type KeyText,
  keyText,
  type MemberId,
  type RoomId,
  type StatementId,
} from '../../protocol/ids.ts'
import { DAY, MINUTE } from '../../protocol/limits.ts'
import { persistentMap } from '../../protocol/state/persistent-map.ts'
import { bytesOf, type Founded, NOON } from './community.ts'

/** States made of records, without a ledger: with every field that a record may have, in combinations that no ledger needs to have made. */

export function idFrom<T extends Id>(label: string): T {
  return idOf<T>(bytesOf(label))
}

export function keyFrom(label: string): KeyText {
  return keyText(bytesOf(label))
}

/** A state without anybody. */
export function bareState({ community, genesis }: Founded): Membership {
  const { council, log, witnesses } = genesis.payload
  return {
    community,
    genesis,
    size: 1,
    time: NOON,
    council: { v: 0, ...council },
    log,
    logs: [log],
    witnesses,
    stewards: [],
    forks: [],
    members: persistentMap(),
    roots: persistentMap(),
    devices: persistentMap(),
    invitations: persistentMap(),
    invitationKeys: persistentMap(),
    slots: persistentMap(),
    rooms: persistentMap(),
    attests: persistentMap(),
    attested: persistentMap(),
    bans: persistentMap(),
    statements: persistentMap(),
    recoveries: [],
    voids: [],
    touched: [],
  }
}

/** One record more, or another in its place. `shape` picks which optional fields it has: bit by bit, as many as the kind has. */
export interface RecordChange {
  readonly kind: RecordName['kind']
  readonly label: string
  readonly shape: number
}

/** The state after some changes, as replay hands it out: with the names of what they touched. */
export function changedState(before: Membership, changes: readonly RecordChange[]): Membership {
  const touched: RecordName[] = []
  let state = before
  for (const change of changes) {
    const at = { size: state.size + 1, time: state.time + MINUTE }
    state = Object.assign({}, state, changed(state, change), at)
    touched.push(...namesOf(state, change))
  }
  return { ...state, touched }
}

/** What a change touches. The record of the community counts void entries. */
function namesOf(state: LedgerState, { kind, label }: RecordChange): readonly RecordName[] {
  const community: RecordName = { kind: 'community', name: '' }
  switch (kind) {
    case 'community':
      return [community]
    case 'void':
      return [community, { kind, name: String(state.size - 1) }]
    case 'root':
    case 'device':
      return [{ kind, name: keyFrom(label) }]
    case 'member':
      return [{ kind, name: idFrom(label) }]
    case 'room':
      return [{ kind, name: idFrom(label) }]
    default:
      return [{ kind, name: idFrom(label) }]
  }
}

function changed(state: Membership, change: RecordChange): Partial<Membership> {
  const { kind, label, shape } = change
  const has = (bit: number) => ((shape >> bit) & 1) === 1
  switch (kind) {
    case 'community':
      return {
        council: { v: shape, k: 1, keys: [keyFrom(label)] },
        logs: [...state.logs, keyFrom(label)],
        log: keyFrom(label),
        stewards: has(0) ? [idFrom(label)] : [],
        forks: has(1) ? [shape, shape + 1] : [],
      }
    case 'member':
      return { members: state.members.draft().set(idFrom(label), memberFrom(label, shape)).done() }
    case 'root': {
      const roots = state.roots.draft()
      if (has(1)) roots.delete(keyFrom(label))
      else roots.set(keyFrom(label), { member: idFrom(label), frozen: has(0) })
      return { roots: roots.done() }
    }
    case 'device':
      return { devices: state.devices.draft().set(keyFrom(label), deviceFrom(label, shape)).done() }
    case 'invite':
      return {
        invitations: state.invitations.draft().set(idFrom(label), invitationFrom(label, shape)).done(),
      }
    case 'room':
      return { rooms: state.rooms.draft().set(idFrom(label), roomFrom(label, shape)).done() }
    case 'attest':
      return { attests: state.attests.draft().set(idFrom(label), attestFrom(label, shape)).done() }
    case 'ban':
      return { bans: state.bans.draft().set(idFrom(label), banFrom(label, shape)).done() }
    case 'void':
      return {
        voids: [...state.voids, { index: state.size, reason: has(0) ? 'slot-spent' : 'malformed' }],
      }
  }
}

/** A member with those of the thirteen optional fields whose bit is set. */
export function memberFrom(label: string, shape: number): Member {
  const given = <T>(bit: number, value: T): T | undefined => (((shape >> bit) & 1) === 1 ? value : undefined)
  const id = idFrom<MemberId>(label)
  const other = idFrom<MemberId>(`other than ${label}`)
  const ban = idFrom<StatementId>(`ban of ${label}`)
  const recovery = { id: ban, member: id, root: keyFrom(`new root of ${label}`), due: NOON + 7 * DAY }
  return {
    id,
    root: keyFrom(`${label} root`),
    profile: idOf(bytesOf(`${label} profile`)),
    index: 1 + (shape % 5),
    since: NOON,
    founder: given(0, true) === undefined,
    sponsor: given(0, other),
    invitation: given(1, idFrom<StatementId>(`invitation of ${label}`)),
    branch: id,
    slots: 2,
    chain: { next: 2, last: idFrom(`${label} device-add`) },
    standing: given(2, ban) ? 'cut' : 'active',
    by: given(2, ban),
    erased: given(3, true) ?? false,
    frozen: given(4, true) ?? false,
    certified: given(5, true) ?? false,
    attested: given(6, NOON + DAY),
    claimed: given(7, NOON + 2 * DAY),
    charges: given(8, [{ ban, at: NOON + DAY }]) ?? [],
    vouches: given(9, [{ member: other, at: NOON + DAY }]) ?? [],
    guardians: given(10, { k: 1, of: [other] }),
    recovery: given(11, recovery),
    notice: given(12, NOON + 3 * DAY),
    appealed: given(13, NOON + 4 * DAY),
    lastGuest: undefined,
    previousGuest: undefined,
  }
}

function deviceFrom(label: string, shape: number): Device {
  const chain = { next: shape, last: idFrom<StatementId>(label) }
  return {
    key: keyFrom(label),
    member: idFrom(label),
    chain,
    removed: (shape & 1) === 1,
    frozen: (shape & 2) === 2,
  }
}

function invitationFrom(label: string, shape: number): Invitation {
  return {
    id: idFrom(label),
    sponsor: idFrom(`sponsor of ${label}`),
    slot: shape,
    key: keyFrom(label),
    at: NOON,
    exp: shape & 1 ? NOON + DAY : undefined,
    for: shape & 2 ? keyFrom(`root for ${label}`) : undefined,
    guest: shape & 4 ? idFrom(`guest of ${label}`) : undefined,
    void: (shape & 8) === 8,
    leaked: (shape & 16) === 16,
  }
}

function roomFrom(label: string, shape: number): StageRoom {
  return {
    id: idFrom<RoomId>(label),
    host: idFrom(`host of ${label}`),
    at: NOON,
    end: shape & 1 ? NOON + DAY : undefined,
  }
}

function attestFrom(label: string, shape: number): Attestation {
  return {
    id: idFrom(label),
    member: idFrom(`attester ${label}`),
    for: idFrom(`speaker ${label}`),
    room: idFrom(`room ${label}`),
    minutes: 1 + (shape % 1440),
    spent: (shape & 1) === 1,
  }
}

function banFrom(label: string, shape: number): Ban {
  return {
    id: idFrom(label),
    member: idFrom(`banned ${label}`),
    why: 'spam',
    at: NOON,
    note: shape & 1 ? bytesOf(`note ${label}`) : undefined,
    cut: shape & 2 ? shape : undefined,
    lifted: (shape & 4) === 4,
    branch: [],
    charged: [],
  }
}
