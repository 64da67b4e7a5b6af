import type { Membership } from '../../protocol/community/membership.ts'
import { type Envelope, open, peekType } from '../../protocol/envelope.ts'
import type { OperationId, RoomId } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { BEACON, type Beacon } from '../../protocol/room/beacon.ts'
import { ROOM, type Room, roomOf } from '../../protocol/room/opening.ts'
import { OPERATION, type Operation, type SignedOperation } from '../../protocol/room/operation.ts'
import { verifyByDevice } from '../../protocol/session.ts'
import type { Verifier } from '../../protocol/signature.ts'

/** What is needed to judge something that a member signed. */
export interface Judging {
  readonly verifier: Verifier
  /** The newest membership that this peer knows. */
  membership(): Membership
}

/** A message of a room's topic, opened and verified. */
export type RoomMessage =
  | { readonly kind: 'operation'; readonly signed: SignedOperation }
  | { readonly kind: 'beacon'; readonly envelope: Envelope<Beacon> }

/** Reads one message of a room's topic: the only place where such bytes become something. */
export async function readRoomMessage(
  judging: Judging,
  room: RoomId,
  bytes: Uint8Array,
): Promise<Result<RoomMessage, Reason>> {
  const type = peekType(bytes)
  if (!type.ok) return type
  if (type.value === BEACON.type) {
    const beacon = await readBeacon(judging, room, bytes)
    return beacon.ok ? good({ kind: 'beacon', envelope: beacon.value }) : beacon
  }
  const signed = await readOperation(judging, room, bytes)
  return signed.ok ? good({ kind: 'operation', signed: signed.value }) : signed
}

export async function readOperation(
  { verifier, membership }: Judging,
  room: RoomId,
  bytes: Uint8Array,
): Promise<Result<SignedOperation, Reason>> {
  const opened = open<Operation>(OPERATION, membership().community, bytes)
  if (!opened.ok) return opened
  const { payload, id } = opened.value
  if (payload.r !== room) return bad('foreign-room')
  const device = await verifyByDevice(verifier, membership(), opened.value)
  if (!device.ok) return device
  return good({ id: id as OperationId, device: device.value, operation: payload, envelope: opened.value })
}

export async function readBeacon(
  { verifier, membership }: Judging,
  room: RoomId,
  bytes: Uint8Array,
): Promise<Result<Envelope<Beacon>, Reason>> {
  const opened = open(BEACON, membership().community, bytes)
  if (!opened.ok) return opened
  if (opened.value.payload.r !== room) return bad('foreign-room')
  const device = await verifyByDevice(verifier, membership(), opened.value)
  return device.ok ? opened : device
}

/** Reads a room's opening and checks that it is the room asked for. */
export async function readOpening(
  { verifier, membership }: Judging,
  room: RoomId,
  bytes: Uint8Array,
): Promise<Result<Envelope<Room>, Reason>> {
  const opened = open(ROOM, membership().community, bytes)
  if (!opened.ok) return opened
  if (roomOf(opened.value) !== room) return bad('foreign-room')
  const device = await verifyByDevice(verifier, membership(), opened.value)
  return device.ok ? opened : device
}
