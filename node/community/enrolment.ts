import { JOIN } from '../../protocol/community/join.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import { DEVICE_ADD, type DeviceAdd } from '../../protocol/identity/device.ts'
import { IDENTITY, type Identity, memberOf } from '../../protocol/identity/identity.ts'
import { commitProfile, PROFILE, type Profile } from '../../protocol/identity/profile.ts'
import type { CommunityId, MemberId, StatementId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Random } from '../ports/random.ts'

/** Bytes of a profile's salt: what keeps a short name from being guessed out of its commitment. */
const SALT_BYTES = 32

/** What makes a person somebody in a community: their identity, their first device, and the profile behind the identity's commitment. */
export interface Enrolment {
  readonly member: MemberId
  readonly identity: Envelope<Identity>
  readonly device: Envelope<DeviceAdd>
  readonly profile: Envelope<Profile>
}

/** Makes a newcomer's or a founder's statements. @param now seconds */
export async function enrol(
  community: CommunityId,
  root: Signer,
  device: Signer,
  name: string,
  now: number,
  random: Random,
): Promise<Enrolment> {
  const salt = random.bytes(SALT_BYTES)
  const at = toLedgerTime(now)
  const identity = await seal(
    IDENTITY,
    community,
    { root: root.publicKey, profile: commitProfile({ name }, salt), n: 0, at },
    [root],
  )
  const member = memberOf(identity)
  const added = await seal(
    DEVICE_ADD,
    community,
    { m: member, device: device.publicKey, n: 1, prev: identity.id as StatementId, at },
    [root, device],
  )
  const profile = await seal(PROFILE, community, { m: member, salt, name }, [device])
  return { member, identity, device: added, profile }
}

/** Makes the join that brings a newcomer in with an invitation. @param now seconds */
export function sealJoin(
  community: CommunityId,
  enrolment: Enrolment,
  invite: StatementId,
  device: Signer,
  invitation: Signer,
  now: number,
) {
  return seal(
    JOIN,
    community,
    {
      invite,
      identity: enrolment.identity.bytes,
      device: enrolment.device.bytes,
      n: 0,
      prev: enrolment.device.id as StatementId,
      at: toLedgerTime(now),
    },
    [device, invitation],
  )
}
