import { type Envelope, openAs, openUntyped } from '../../protocol/envelope.ts'
import type { RoomId } from '../../protocol/ids.ts'
import type { EnvelopeReason, Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { BEACON, type Beacon } from '../../protocol/room/beacon.ts'
import { OPERATION, type Operation, type SignedOperation } from '../../protocol/room/operation.ts'
import { type Judging, operationOf, verifyAuthor } from './received.ts'

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
  const untyped = openUntyped(bytes)
  if (!untyped.ok) return untyped
  const { community } = judging.membership()
  if (untyped.value.type === BEACON.type) {
    const beacon = await beaconOf(judging, room, openAs(BEACON, community, untyped.value))
    return beacon.ok ? good({ kind: 'beacon', envelope: beacon.value }) : beacon
  }
  const signed = await operationOf(judging, room, openAs<Operation>(OPERATION, community, untyped.value))
  return signed.ok ? good({ kind: 'operation', signed: signed.value }) : signed
}

async function beaconOf(
  judging: Judging,
  room: RoomId,
  opened: Result<Envelope<Beacon>, EnvelopeReason>,
): Promise<Result<Envelope<Beacon>, Reason>> {
  if (!opened.ok) return opened
  if (opened.value.payload.r !== room) return bad('foreign-room')
  const device = await verifyAuthor(judging, opened.value)
  return device.ok ? opened : device
}
