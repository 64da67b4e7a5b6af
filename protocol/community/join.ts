import type { Envelope, PayloadType } from '../envelope.ts'
import { open, verifyEnvelope } from '../envelope.ts'
import { DEVICE_ADD, type DeviceAdd, deviceAddSigners } from '../identity/device.ts'
import { IDENTITY, type Identity, identitySigners, memberOf } from '../identity/identity.ts'
import type { CommunityId, Id, KeyText, StatementId } from '../ids.ts'
import type { Sha256 } from '../log/merkle.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, id, map, type Read, uint } from '../schema.ts'
import type { Verifier } from '../signature.ts'
import { ledgerTime } from '../time.ts'

/** An identity or a device-add with its signatures fits with room to spare. */
const MAX_EMBEDDED_BYTES = 1024

/**
 * `join` (SPEC §6.4), signed by the newcomer's device **and** by the invitation key over the same bytes, which hold the newcomer's
 * identity: who sees a join in flight cannot turn it into their own. It carries the identity and the first device whole, so nobody is half a member.
 * It is statement 0 of the device's chain.
 */
export const JOIN = {
  type: 'join',
  fields: map({
    invite: id<StatementId>(),
    identity: bytes(MAX_EMBEDDED_BYTES, 1),
    device: bytes(MAX_EMBEDDED_BYTES, 1),
    n: uint(0),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Join = Read<typeof JOIN.fields>

/** What a join carries, opened. */
export interface JoinParts {
  readonly identity: Envelope<Identity>
  readonly device: Envelope<DeviceAdd>
}

/** Opens the statements inside a join and checks how they hang together. Their signatures: `verifyJoinParts`. */
export function openJoinParts(
  community: CommunityId,
  join: Join,
  sha256?: Sha256,
): Result<JoinParts, EnvelopeReason | LedgerReason> {
  const identity = open(IDENTITY, community, join.identity, sha256)
  if (!identity.ok) return identity
  const device = open(DEVICE_ADD, community, join.device, sha256)
  if (!device.ok) return device
  const parts = { identity: identity.value, device: device.value }
  if (parts.device.payload.m !== memberOf(parts.identity)) return bad('member-unknown')
  if (parts.device.payload.n !== 1) return bad('sequence-wrong', 'device')
  if (parts.device.payload.prev !== (parts.identity.id as Id)) return bad('previous-wrong', 'device')
  if (join.prev !== (parts.device.id as Id)) return bad('previous-wrong')
  return good(parts)
}

/** Verifies the signatures of the identity and the device inside a join. */
export async function verifyJoinParts(
  verifier: Verifier,
  community: CommunityId,
  { identity, device }: JoinParts,
): Promise<Result<true, EnvelopeReason>> {
  const root = await verifyEnvelope(verifier, community, identity, identitySigners(identity.payload))
  if (!root.ok) return root
  return verifyEnvelope(verifier, community, device, deviceAddSigners(device.payload, identity.payload.root))
}

/** Who must have signed a join. @param invitationKey the public key that the invite named */
export function joinSigners(parts: JoinParts, invitationKey: KeyText): readonly KeyText[] {
  return [parts.device.payload.device, invitationKey]
}
