/** What a liar with keys of their own can make, and what one can who copies what they saw. */

import { INVITE, type Invite } from '../../../protocol/community/invite.ts'
import { JOIN, type Join } from '../../../protocol/community/join.ts'
import { type Envelope, seal, signedBytes } from '../../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../../protocol/identity/device.ts'
import type { CommunityId, StatementId } from '../../../protocol/ids.ts'
import { MINUTE } from '../../../protocol/limits.ts'
import { PRESENCE } from '../../../protocol/session.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { type Invitation, invite, type Person, signerOf } from '../../support/community.ts'
import { now } from '../../support/raw-client.ts'

/** The same key, whose signatures somebody else makes. */
export function signedBy(signer: Signer, forger: Signer): Signer {
  return { publicKey: signer.publicKey, sign: (message) => forger.sign(message) }
}

/** The same envelope with one bit of its last signature flipped. */
export function withBrokenSignature(envelope: Uint8Array): Uint8Array {
  const bytes = envelope.slice()
  // The envelope ends with that signature; this is the last byte of its first half, R.
  const at = bytes.length - 33
  bytes[at] = (bytes[at] as number) ^ 1
  return bytes
}

/** The statement of one member, truly signed by them: for another community. */
export function signedElsewhere(
  statement: Envelope<Invite>,
  device: Signer,
  here: CommunityId,
  there: CommunityId,
): Promise<Envelope<Invite>> {
  const sign = () => device.sign(signedBytes(INVITE.type, there, statement.payloadBytes))
  return seal(INVITE, here, statement.payload, [{ publicKey: device.publicKey, sign }])
}

/** A presence that the device alone signed. */
export function presenceOfDevice(person: Person, session: Signer) {
  const { member: m, device, community } = person
  const at = now()
  const payload = {
    m,
    device: device.publicKey,
    peer: session.publicKey,
    addrs: [],
    at,
    exp: at + 10 * MINUTE,
  }
  return seal(PRESENCE, community, payload, [device])
}

/** An invite in the sponsor's name that some device signs. */
export async function inviteAs(
  sponsor: Person,
  device: Signer,
  at: number,
  n = sponsor.deviceChain.next,
): Promise<Envelope<Invite>> {
  const { payload } = (await invite({ ...sponsor }, 0, at)).envelope
  return seal(INVITE, sponsor.community, { ...payload, n }, [device])
}

/** A device for another member, let in by somebody else's root. */
export function deviceFor(member: Person, by: Person, at: number) {
  const device = signerOf('a device to come')
  const { next: n, last: prev } = member.rootChain
  return seal(DEVICE_ADD, member.community, { m: member.member, device: device.publicKey, n, prev, at }, [
    by.root,
    device,
  ])
}

/** What a thief makes of a join that they saw in flight, by name, with the reason for which it is refused. */
export async function stolenJoins(
  seen: Envelope<Join>,
  guest: Person,
  { signer: invitationKey, community }: Invitation,
  thief: Person,
): Promise<readonly (readonly [name: string, join: Uint8Array, reason: string])[]> {
  const theirs = seen.signatures.find(({ key }) => key === invitationKey.publicKey)?.signature as Uint8Array
  const copied: Signer = { publicKey: invitationKey.publicKey, sign: async () => theirs }
  const swapped: Join = {
    ...seen.payload,
    identity: thief.identity.bytes,
    device: thief.deviceAdd.bytes,
    prev: thief.deviceAdd.id as StatementId,
  }
  const sealJoin = async (payload: Join, ...signers: Signer[]) =>
    (await seal(JOIN, community, payload, signers)).bytes
  const wrongKey = signerOf('an invitation key of the thief')
  return [
    [
      'theirs, with the signature of the invitation copied',
      await sealJoin(swapped, thief.device, copied),
      'signature-wrong',
    ],
    [
      'theirs, with an invitation key of their own',
      await sealJoin(swapped, thief.device, wrongKey),
      'signer-unexpected',
    ],
    ['theirs, without the invitation', await sealJoin(swapped, thief.device), 'signer-missing'],
    [
      'the guest’s, signed by the thief as well',
      await sealJoin(seen.payload, guest.device, invitationKey, thief.device),
      'signer-unexpected',
    ],
    [
      'the guest’s, with a thief’s signature in place of the guest’s',
      await sealJoin(seen.payload, thief.device, copied),
      'signer-unexpected',
    ],
    ['the guest’s, with a bit flipped', withBrokenSignature(seen.bytes), 'signature-wrong'],
  ]
}
