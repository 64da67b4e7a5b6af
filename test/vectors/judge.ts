import { DESCRIPTION, verifyDescription } from '../../protocol/audio/description.ts'
import { RELAY_ANSWER, verifyRelayAnswer } from '../../protocol/audio/relay-answer.ts'
import { TICKET, type Ticket, verifyTicket } from '../../protocol/audio/ticket.ts'
import { PROMISE } from '../../protocol/community/entry.ts'
import { GENESIS, openGenesis, verifyGenesis } from '../../protocol/community/genesis.ts'
import { INVITE } from '../../protocol/community/invite.ts'
import { JOIN, joinSigners, openJoinParts, verifyJoinParts } from '../../protocol/community/join.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { type Envelope, open, type PayloadType, verifyEnvelope } from '../../protocol/envelope.ts'
import { DEVICE_ADD, deviceAddSigners } from '../../protocol/identity/device.ts'
import { IDENTITY, identitySigners } from '../../protocol/identity/identity.ts'
import { PROFILE, profileMatches } from '../../protocol/identity/profile.ts'
import {
  type CommunityId,
  idOf,
  type KeyText,
  keyText,
  type MemberId,
  type RoomId,
} from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, type Result } from '../../protocol/result.ts'
import { ANNOUNCE } from '../../protocol/room/announcement.ts'
import { BEACON } from '../../protocol/room/beacon.ts'
import { ROOM } from '../../protocol/room/opening.ts'
import { OPERATION } from '../../protocol/room/operation.ts'
import {
  INVITE_PROOF,
  PRESENCE,
  verifyByDevice,
  verifyInviteProof,
  verifyPresence,
} from '../../protocol/session.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { type Context, type EnvelopeFile, unhex } from './format.ts'
import { STATEMENT_KINDS } from './make/shapes.ts'

/** The kinds of signed things, by their name on the wire. */
export const KINDS: Readonly<Record<string, PayloadType<never>>> = Object.fromEntries(
  [
    IDENTITY,
    DEVICE_ADD,
    PROFILE,
    GENESIS,
    INVITE,
    JOIN,
    PROMISE,
    PRESENCE,
    INVITE_PROOF,
    ROOM,
    OPERATION,
    BEACON,
    ANNOUNCE,
    DESCRIPTION,
    TICKET,
    RELAY_ANSWER,
    ...STATEMENT_KINDS,
  ].map((kind) => [kind.type, kind as unknown as PayloadType<never>]),
)

type Verdict = Promise<Result<Envelope<unknown>, Reason>>

/** Judges an envelope of a vector file by the rules of its type, as a peer would. */
export async function judge(
  verifier: Verifier,
  file: EnvelopeFile,
  membership: Membership | undefined,
  bytes: Uint8Array,
  context: Context = {},
): Verdict {
  const community = idOf<CommunityId>(unhex(file.community))
  const signedBy = async <T>(
    opened: Result<Envelope<T>, Reason>,
    signers: (payload: T) => readonly KeyText[],
  ) => {
    if (!opened.ok) return opened
    const signed = await verifyEnvelope(verifier, community, opened.value, signers(opened.value.payload))
    return signed.ok ? opened : signed
  }
  switch (file.type) {
    case 'genesis': {
      const genesis = openGenesis(bytes)
      if (!genesis.ok) return genesis
      const signed = await verifyGenesis(verifier, genesis.value)
      return signed.ok ? genesis : signed
    }
    case 'identity':
      return signedBy(open(IDENTITY, community, bytes), identitySigners)
    case 'device-add':
      return signedBy(open(DEVICE_ADD, community, bytes), (added) =>
        deviceAddSigners(added, key(context.root)),
      )
    case 'invite':
      return signedBy(open(INVITE, community, bytes), () => [key(context.device)])
    case 'promise':
      return signedBy(open(PROMISE, community, bytes), () => [key(context.log)])
    case 'join':
      return judgeJoin(verifier, community, bytes, key(context.invitationKey))
    case 'presence':
      return verifyPresence(
        verifier,
        ledgerOf(membership),
        bytes,
        number(context.now),
        context.peer === undefined ? undefined : key(context.peer),
      )
    case 'invite-proof':
      return verifyInviteProof(
        verifier,
        community,
        bytes,
        number(context.now),
        key(context.peer),
        key(context.relay),
      )
    case 'description':
      return verifyDescription(verifier, ledgerOf(membership), bytes, context.sdp ?? '', {
        room: id<RoomId>(context.room),
        epoch: number(context.epoch),
        member: id<MemberId>(context.member),
        from: key(context.from),
        to: key(context.to),
        last: number(context.last),
        now: number(context.now),
      })
    case 'ticket':
      return verifyTicket(verifier, ledgerOf(membership), bytes, {
        relay: key(context.relay),
        from: key(context.from),
        member: id<MemberId>(context.member),
        now: number(context.now),
        ...(context.held === undefined ? {} : { held: heldTicket(community, context.held) }),
      })
    case 'relay-answer':
      return verifyRelayAnswer(verifier, community, bytes, context.sdp ?? '', {
        room: id<RoomId>(context.room),
        relay: key(context.relay),
        to: key(context.to),
        offer: context.offer ?? '',
        now: number(context.now),
      })
    case 'profile': {
      const opened = open(PROFILE, community, bytes)
      if (!opened.ok) return opened
      const signed = await verifyByDevice(verifier, ledgerOf(membership), opened.value)
      if (!signed.ok) return signed
      const { commitment } = context
      const kept = commitment === undefined || profileMatches(opened.value.payload, unhex(commitment))
      return kept ? opened : bad('commitment-wrong')
    }
    default: {
      const opened = open(KINDS[file.type] as PayloadType<{ readonly m: MemberId }>, community, bytes)
      if (!opened.ok) return opened
      const signed = await verifyByDevice(verifier, ledgerOf(membership), opened.value)
      return signed.ok ? opened : signed
    }
  }
}

async function judgeJoin(
  verifier: Verifier,
  community: CommunityId,
  bytes: Uint8Array,
  invitationKey: KeyText,
): Verdict {
  const opened = open(JOIN, community, bytes)
  if (!opened.ok) return opened
  const parts = openJoinParts(community, opened.value.payload)
  if (!parts.ok) return parts
  const inner = await verifyJoinParts(verifier, community, parts.value)
  if (!inner.ok) return inner
  const signed = await verifyEnvelope(
    verifier,
    community,
    opened.value,
    joinSigners(parts.value, invitationKey),
  )
  return signed.ok ? opened : signed
}

/** Replays the ledger of a file. */
export async function membershipOf(
  verifier: Verifier,
  ledger: readonly string[] | undefined,
): Promise<Membership | undefined> {
  if (ledger === undefined) return undefined
  const [first, ...rest] = ledger.map(unhex)
  const begun = await beginLedger(verifier, first as Uint8Array)
  if (!begun.ok) throw new Error(`the file's ledger: ${begun.reason}`)
  const read = await replay(verifier, begun.value, rest)
  if (!read.ok) throw new Error(`the file's ledger: ${read.reason}`)
  return read.value
}

function heldTicket(community: CommunityId, envelope: string): Ticket {
  const opened = open(TICKET, community, unhex(envelope))
  if (!opened.ok) throw new Error(`the ticket before: ${opened.reason}`)
  return opened.value.payload
}

function ledgerOf(membership: Membership | undefined): Membership {
  if (membership === undefined) throw new Error('the file has no ledger')
  return membership
}

function key(hex: string | undefined): KeyText {
  return keyText(unhex(hex ?? ''))
}

function id<T extends MemberId | RoomId>(hex: string | undefined): T {
  return idOf<T>(unhex(hex ?? ''))
}

function number(value: number | undefined): number {
  if (value === undefined) throw new Error('the case lacks a number')
  return value
}
