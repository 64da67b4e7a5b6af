import type { Membership } from '../../protocol/community/membership.ts'
import { type Envelope, open, soleSigner } from '../../protocol/envelope.ts'
import type { KeyText, MemberId, OperationId, RoomId } from '../../protocol/ids.ts'
import type { EnvelopeReason, Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { ROOM, type Room, roomOf } from '../../protocol/room/opening.ts'
import { OPERATION, type Operation, type SignedOperation } from '../../protocol/room/operation.ts'
import { verifyByDevice } from '../../protocol/session.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { Named } from '../ledger/light.ts'

/** What is needed to judge something that a member signed. */
export interface Judging {
  readonly verifier: Verifier
  /** The newest membership that this peer knows. */
  membership(): Membership
  /** Looks up somebody who signed something, where the membership does not know everybody. */
  meet?(who: Named): Promise<void>
  /** False for somebody who has said more than is listened to: what claims to be theirs is not worth a signature's time. */
  hears?(member: MemberId): boolean
}

/** Verifies what one device of a member signed, once it is known whose it is. Returns the device. */
export async function verifyAuthor(
  judging: Judging,
  envelope: Envelope<{ readonly m: MemberId }>,
): Promise<Result<KeyText, Reason>> {
  const { m: member } = envelope.payload
  if (judging.hears?.(member) === false) return bad('rate-limited')
  const device = soleSigner(envelope)
  if (device !== undefined) await judging.meet?.({ member, device })
  return verifyByDevice(judging.verifier, judging.membership(), envelope)
}

/** Messages that are read at a time where their makers may have to be looked up: so many people fit into one look, beside those whom gossip brings. */
const LOOKED_AT_ONCE = 32

/** Reads many messages at a time, so that what their signatures are worth can be found together. In their order. */
export async function readAll<T>(
  { meet }: Judging,
  messages: readonly Uint8Array[],
  read: (bytes: Uint8Array) => Promise<T>,
): Promise<readonly T[]> {
  if (meet === undefined) return Promise.all(messages.map(read))
  const all: T[] = []
  for (let from = 0; from < messages.length; from += LOOKED_AT_ONCE)
    all.push(...(await Promise.all(messages.slice(from, from + LOOKED_AT_ONCE).map(read))))
  return all
}

export function readOperation(
  judging: Judging,
  room: RoomId,
  bytes: Uint8Array,
): Promise<Result<SignedOperation, Reason>> {
  return operationOf(judging, room, open<Operation>(OPERATION, judging.membership().community, bytes))
}

/** The operation of this room that was opened, once its signature is verified. */
export async function operationOf(
  judging: Judging,
  room: RoomId,
  opened: Result<Envelope<Operation>, EnvelopeReason>,
): Promise<Result<SignedOperation, Reason>> {
  if (!opened.ok) return opened
  const { payload, id } = opened.value
  if (payload.r !== room) return bad('foreign-room')
  const device = await verifyAuthor(judging, opened.value)
  if (!device.ok) return device
  return good({ id: id as OperationId, device: device.value, operation: payload, envelope: opened.value })
}

/** Reads a room's opening and checks that it is the room asked for. */
export async function readOpening(
  judging: Judging,
  room: RoomId,
  bytes: Uint8Array,
): Promise<Result<Envelope<Room>, Reason>> {
  const opened = open(ROOM, judging.membership().community, bytes)
  if (!opened.ok) return opened
  if (roomOf(opened.value) !== room) return bad('foreign-room')
  const device = await verifyAuthor(judging, opened.value)
  return device.ok ? opened : device
}
