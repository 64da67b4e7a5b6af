import type { Envelope } from '../envelope.ts'
import type { CommunityId, Id, KeyText, MemberId, RoomId, StatementId } from '../ids.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import type { PersistentMap } from '../state/persistent-map.ts'
import type { Why } from './ban.ts'
import type { Genesis } from './genesis.ts'

/** Everything that a prefix of the ledger says about who is here: an immutable value, the same for everybody who read the same prefix. */
export interface Membership extends LedgerState {
  readonly members: PersistentMap<MemberId, Member>
  readonly roots: PersistentMap<KeyText, Root>
  readonly devices: PersistentMap<KeyText, Device>
  readonly invitations: PersistentMap<StatementId, Invitation>
  readonly invitationKeys: PersistentMap<KeyText, StatementId>
  readonly slots: PersistentMap<string, StatementId>
  readonly rooms: PersistentMap<RoomId, StageRoom>
  readonly attests: PersistentMap<StatementId, Attestation>
  readonly attested: PersistentMap<string, StatementId>
  readonly bans: PersistentMap<StatementId, Ban>
  readonly statements: PersistentMap<Id, number>
}

/** The same for reading, also while it is being written. Maps are in no order that means anything. */
export interface LedgerState {
  readonly community: CommunityId
  readonly genesis: Envelope<Genesis>
  /** How many entries were read; the index of the next one. */
  readonly size: number
  /** The time of the last entry. */
  readonly time: number
  readonly council: Council
  /** Who orders the ledger from the next entry on. */
  readonly log: KeyText
  /** Every log key that the community had, the one in force last. */
  readonly logs: readonly KeyText[]
  readonly witnesses: Witnesses
  readonly stewards: readonly MemberId[]
  /** Sizes at which the log was shown to have forked, ascending. */
  readonly forks: readonly number[]
  readonly members: ReadonlyMap<MemberId, Member>
  /** Every root that is or was in force, or was to be by a recover. */
  readonly roots: ReadonlyMap<KeyText, Root>
  readonly devices: ReadonlyMap<KeyText, Device>
  readonly invitations: ReadonlyMap<StatementId, Invitation>
  /** By the public half of the one-time key, which is what a link leads to. */
  readonly invitationKeys: ReadonlyMap<KeyText, StatementId>
  /** The last invitation of each slot that ever held one, by `slotName`. */
  readonly slots: ReadonlyMap<string, StatementId>
  readonly rooms: ReadonlyMap<RoomId, StageRoom>
  readonly attests: ReadonlyMap<StatementId, Attestation>
  /** Who attested whom in which room, by `attestName`. */
  readonly attested: ReadonlyMap<string, StatementId>
  readonly bans: ReadonlyMap<StatementId, Ban>
  /** Every statement that took effect, alone or inside a join, with the index of its entry. */
  readonly statements: ReadonlyMap<Id, number>
  /** Recoveries that wait for their time, the first one due first (ROOT-5). */
  readonly recoveries: readonly Recovery[]
  /** Entries that changed nothing, with the reason, which is the same for everybody. */
  readonly voids: readonly VoidEntry[]
  /** Records (SPEC §6.13) that the last call which made this state may have changed, made or removed, each once. */
  readonly touched: readonly RecordName[]
}

/** k of these root keys decide. */
export interface Council {
  readonly v: number
  readonly k: number
  readonly keys: readonly KeyText[]
}

export interface Witnesses {
  readonly k: number
  readonly keys: readonly KeyText[]
}

/** Only who is active is in good standing (STAND-1, STAND-2). */
export type Standing = 'active' | 'banned' | 'cut' | 'left' | 'repudiated'

export interface Member {
  readonly id: MemberId
  /** The root in force. */
  readonly root: KeyText
  /** The commitment to their profile, in the text form of its 32 bytes: small arrays of bytes weigh three times as much. */
  readonly profile: Id
  /** The index of the entry that made them a member. */
  readonly index: number
  /** Its time. */
  readonly since: number
  readonly founder: boolean
  /** Who invited them; undefined for founders. */
  readonly sponsor: MemberId | undefined
  readonly invitation: StatementId | undefined
  /** The founder's guest, or the founder, from whom they descend (POL-2). */
  readonly branch: MemberId
  /** How many slots they were ever given, used or not. */
  readonly slots: number
  /** The chain of the root in force. */
  readonly chain: Chain
  readonly standing: Standing
  /** The ban that banned or cut them, while it does. */
  readonly by: StatementId | undefined
  /** Their profile is to be deleted. */
  readonly erased: boolean
  /** The root in force signed two statements for one place. */
  readonly frozen: boolean
  /** They have the badge of a certified room creator. */
  readonly certified: boolean
  /** Log time of the first attest by somebody outside their branch. */
  readonly attested: number | undefined
  /** Log time of their last claim. */
  readonly claimed: number | undefined
  readonly charges: readonly Charge[]
  readonly vouches: readonly Vouching[]
  readonly guardians: { readonly k: number; readonly of: readonly MemberId[] } | undefined
  readonly recovery: Recovery | undefined
  /** Log time of the last notice about them. */
  readonly notice: number | undefined
  /** Log time of their last appeal, until the next decision about them (APPEAL-1). */
  readonly appealed: number | undefined
  /** The last member whom they sponsored; those before by `previousGuest`. */
  readonly lastGuest: MemberId | undefined
  /** Whom their sponsor sponsored before them. */
  readonly previousGuest: MemberId | undefined
}

/** Where the next statement of one key must continue. */
export interface Chain {
  readonly next: number
  readonly last: StatementId
}

/** What a ban of somebody costs one of their sponsors (BAN-2). `at`: log time of the ban. */
export interface Charge {
  readonly ban: StatementId
  readonly at: number
}

/** A further sponsor, since this log time. */
export interface Vouching {
  readonly member: MemberId
  readonly at: number
}

/** A new root that waits for its time. */
export interface Recovery {
  readonly id: StatementId
  readonly member: MemberId
  readonly root: KeyText
  /** Log time from which it has effect. */
  readonly due: number
}

export interface Root {
  readonly member: MemberId
  readonly frozen: boolean
}

export interface Device {
  readonly key: KeyText
  readonly member: MemberId
  readonly chain: Chain
  readonly removed: boolean
  readonly frozen: boolean
}

export interface Invitation {
  readonly id: StatementId
  readonly sponsor: MemberId
  readonly slot: number
  /** The public half of the one-time key. */
  readonly key: KeyText
  /** Log time of its entry. */
  readonly at: number
  /** Log time after which nobody may come in with it. */
  readonly exp: number | undefined
  /** The root of the only person who may. */
  readonly for: KeyText | undefined
  /** Who came in with it. */
  readonly guest: MemberId | undefined
  /** It was withdrawn. */
  readonly void: boolean
  /** Two people had its link. */
  readonly leaked: boolean
}

/** A room whose stage counts. Times are those of the entries. */
export interface StageRoom {
  readonly id: RoomId
  readonly host: MemberId
  readonly at: number
  readonly end: number | undefined
}

/** That `member` saw `for` on the stage of a room. */
export interface Attestation {
  readonly id: StatementId
  readonly member: MemberId
  readonly for: MemberId
  readonly room: RoomId
  readonly minutes: number
  /** A claim used it. */
  readonly spent: boolean
}

export interface Ban {
  readonly id: StatementId
  readonly member: MemberId
  readonly why: Why
  /** Log time of its entry. */
  readonly at: number
  readonly note: Uint8Array | undefined
  /** Who came in at this index or later went with the member. */
  readonly cut: number | undefined
  readonly lifted: boolean
  /** Whom it cut. */
  readonly branch: readonly MemberId[]
  /** To whom it was charged. */
  readonly charged: readonly MemberId[]
}

export interface VoidEntry {
  readonly index: number
  readonly reason: EnvelopeReason | LedgerReason
}

/** The name of a record of the state (STATE-1); of a `void` the index in decimal. */
export type RecordName =
  | { readonly kind: 'community'; readonly name: '' }
  | { readonly kind: 'member'; readonly name: MemberId }
  | { readonly kind: 'root' | 'device'; readonly name: KeyText }
  | { readonly kind: 'invite' | 'attest' | 'ban'; readonly name: StatementId }
  | { readonly kind: 'room'; readonly name: RoomId }
  | { readonly kind: 'void'; readonly name: string }

/**
 * The member whom this key speaks for as *a device of theirs* (SPEC §5): neither removed nor frozen, and the member in good standing.
 */
export function memberOfDevice(state: LedgerState, device: KeyText): Member | undefined {
  const known = state.devices.get(device)
  if (known === undefined || known.removed || known.frozen) return undefined
  const member = state.members.get(known.member)
  return member?.standing === 'active' ? member : undefined
}

/** The name of a member's slot in `slots`. */
export function slotName(sponsor: MemberId, slot: number): string {
  return `${sponsor}/${slot}`
}

/** The name in `attested` of what one member may say of another in a room, once. */
export function attestName(room: RoomId, member: MemberId, of: MemberId): string {
  return `${room}${member}${of}`
}

/** Members as they came in. */
export function membersInOrder(state: LedgerState): readonly Member[] {
  return [...state.members.values()].sort((a, b) => a.index - b.index)
}
