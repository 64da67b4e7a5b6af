import { type Envelope, openAs, type PayloadType, type Signed, signedOf, type Untyped } from '../envelope.ts'
import { DEVICE_ADD, DEVICE_REMOVE, type DeviceAdd, type DeviceRemove } from '../identity/device.ts'
import { GUARDIANS, type Guardians } from '../identity/guardians.ts'
import { IDENTITY, type Identity } from '../identity/identity.ts'
import { RECOVER, type Recover } from '../identity/recover.ts'
import { ROOT_ROTATE, type RootRotate } from '../identity/root-rotate.ts'
import type { CommunityId } from '../ids.ts'
import type { Sha256 } from '../log/merkle.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import { good, type Result } from '../result.ts'
import { APPEAL, type Appeal } from './appeal.ts'
import { ATTEST, type Attest, CLAIM, type Claim } from './attest.ts'
import { BAN, type BanStatement, NOTICE, type NoticeOfBan, UNBAN, type Unban } from './ban.ts'
import { CERTIFY, type Certify } from './certify.ts'
import * as council from './council.ts'
import { INVITE, type Invite } from './invite.ts'
import { INVITE_VOID, type InviteVoid } from './invite-void.ts'
import { JOIN, type Join, type JoinParts, openJoinParts } from './join.ts'
import { ERASE, type Erase, LEAVE, type Leave } from './leave.ts'
import { REPORT, type Report } from './report.ts'
import { REPUDIATE, type Repudiate } from './repudiate.ts'
import { ROOM_END, ROOM_OPEN, type RoomEnd, type RoomOpen } from './stage-room.ts'
import { VOUCH, type Vouch } from './vouch.ts'

/** What the statements say that hold no other statement, by their type. */
export interface Payloads {
  identity: Identity
  'device-add': DeviceAdd
  'device-remove': DeviceRemove
  guardians: Guardians
  'root-rotate': RootRotate
  recover: Recover
  invite: Invite
  'invite-void': InviteVoid
  repudiate: Repudiate
  vouch: Vouch
  leave: Leave
  erase: Erase
  'room-open': RoomOpen
  'room-end': RoomEnd
  attest: Attest
  claim: Claim
  certify: Certify
  report: Report
  appeal: Appeal
  notice: NoticeOfBan
  ban: BanStatement
  unban: Unban
  council: council.CouncilStatement
  stewards: council.Stewards
  'log-rotate': council.LogRotate
}

const KINDS: { readonly [T in keyof Payloads]: PayloadType<Payloads[T]> } = {
  identity: IDENTITY,
  'device-add': DEVICE_ADD,
  'device-remove': DEVICE_REMOVE,
  guardians: GUARDIANS,
  'root-rotate': ROOT_ROTATE,
  recover: RECOVER,
  invite: INVITE,
  'invite-void': INVITE_VOID,
  repudiate: REPUDIATE,
  vouch: VOUCH,
  leave: LEAVE,
  erase: ERASE,
  'room-open': ROOM_OPEN,
  'room-end': ROOM_END,
  attest: ATTEST,
  claim: CLAIM,
  certify: CERTIFY,
  report: REPORT,
  appeal: APPEAL,
  notice: NOTICE,
  ban: BAN,
  unban: UNBAN,
  council: council.COUNCIL,
  stewards: council.STEWARDS,
  'log-rotate': council.LOG_ROTATE,
}

/** A statement, opened, with what its signatures cover, in the order in which they are asked. None was looked at yet. */
export interface Opened<T extends string, P> {
  readonly type: T
  readonly envelope: Envelope<P>
  readonly signed: readonly Signed[]
}

export type SimpleStatement = { readonly [T in keyof Payloads]: Opened<T, Payloads[T]> }[keyof Payloads]

/** A join with what it carries. */
export interface JoinStatement extends Opened<'join', Join> {
  readonly parts: JoinParts
}

/** Whether it is the type of a statement that holds no other. */
export function isSimple(type: string): type is keyof Payloads {
  return Object.hasOwn(KINDS, type)
}

export function openSimple<T extends keyof Payloads>(
  type: T,
  community: CommunityId,
  envelope: Untyped,
  sha256?: Sha256,
): Result<SimpleStatement, EnvelopeReason> {
  const kind: PayloadType<Payloads[T]> = KINDS[type]
  const opened = openAs(kind, community, envelope, sha256)
  if (!opened.ok) return opened
  const statement = { type, envelope: opened.value, signed: [signedOf(community, opened.value)] }
  return good(statement as unknown as SimpleStatement)
}

export function openJoin(
  community: CommunityId,
  envelope: Untyped,
  sha256?: Sha256,
): Result<JoinStatement, EnvelopeReason | LedgerReason> {
  const opened = openAs(JOIN, community, envelope, sha256)
  if (!opened.ok) return opened
  const parts = openJoinParts(community, opened.value.payload, sha256)
  if (!parts.ok) return parts
  const { identity, device } = parts.value
  const signed = [identity, device, opened.value].map((part) => signedOf(community, part))
  return good({ type: 'join', envelope: opened.value, parts: parts.value, signed })
}
