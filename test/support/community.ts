import { utf8ToBytes } from '@noble/hashes/utils.js'
import { compareBytes } from '../../protocol/bytes.ts'
import { encodeEntry } from '../../protocol/community/entry.ts'
import { communityOf, GENESIS, type Genesis } from '../../protocol/community/genesis.ts'
import { INVITE, type Invite, invitationSigner } from '../../protocol/community/invite.ts'
import { JOIN, type Join } from '../../protocol/community/join.ts'
import type { Chain } from '../../protocol/community/membership.ts'
import { DEFAULT_POLICY, type Policy } from '../../protocol/community/policy.ts'
import { type Envelope, NO_COMMUNITY, seal } from '../../protocol/envelope.ts'
import { hash } from '../../protocol/hash.ts'
import { DEVICE_ADD, type DeviceAdd } from '../../protocol/identity/device.ts'
import { IDENTITY, type Identity, memberOf } from '../../protocol/identity/identity.ts'
import { commitProfile, PROFILE, type Profile } from '../../protocol/identity/profile.ts'
import {
  type CommunityId,
  type KeyText,
  keyBytes,
  type MemberId,
  type StatementId,
} from '../../protocol/ids.ts'
import { INVITE_PROOF, type InviteProof, PRESENCE, type Presence } from '../../protocol/session.ts'
import { type Signer, signerFromSeed } from '../../protocol/signature.ts'

/**
 * Communities for tests: the statements that people make, sealed and in order. Keys come from labels, so a run is the same every time.
 * Times are seconds and must be whole minutes where the ledger wants them so; `NOON` is one.
 */

export const NOON = 1_800_000_000 - (1_800_000_000 % 60)

/** A member with the keys behind them. Their chains move on with every statement that is made here. */
export interface Person {
  readonly name: string
  readonly community: CommunityId
  readonly member: MemberId
  readonly root: Signer
  readonly device: Signer
  readonly identity: Envelope<Identity>
  readonly deviceAdd: Envelope<DeviceAdd>
  readonly profile: Envelope<Profile>
  rootChain: Chain
  deviceChain: Chain
}

export interface Founded {
  readonly community: CommunityId
  readonly genesis: Envelope<Genesis>
  readonly founder: Person
  /** The first entries of the ledger: genesis, identity, device-add. */
  readonly entries: readonly Uint8Array[]
}

export interface Invitation {
  readonly envelope: Envelope<Invite>
  readonly id: StatementId
  readonly community: CommunityId
  /** 16 bytes, what a link carries. */
  readonly seed: Uint8Array
  readonly signer: Signer
}

/** A signer that a label determines. */
export function signerOf(label: string): Signer {
  return signerFromSeed(bytesOf(label))
}

/** 32 bytes that a label determines. */
export function bytesOf(label: string): Uint8Array {
  return hash(utf8ToBytes(label))
}

/** @param log public key of the log @param at ledger time @param beside roots of further founders, who sign and say nothing else */
export async function foundCommunity(
  log: KeyText,
  at: number = NOON,
  name = 'Alice',
  policy: Partial<Policy> = {},
  witnesses: Genesis['witnesses'] = { k: 0, keys: [] },
  beside: readonly Signer[] = [],
): Promise<Founded> {
  const root = signerOf(`${name} root`)
  const genesis = await seal(
    GENESIS,
    NO_COMMUNITY,
    {
      name: `Friends of ${name}`,
      nonce: bytesOf(`${name} nonce`),
      founders: [root, ...beside].map(({ publicKey }) => publicKey).sort(byKey),
      council: { k: 1, keys: [root.publicKey] },
      log,
      witnesses,
      policy: { ...DEFAULT_POLICY, ...policy },
      at,
    },
    [root, ...beside],
  )
  const community = communityOf(genesis)
  const founder = await personOf(community, name, at)
  const entries = [genesis, founder.identity, founder.deviceAdd].map((e) => encodeEntry({ at, e: e.bytes }))
  return { community, genesis, founder, entries }
}

function byKey(a: KeyText, b: KeyText): number {
  return compareBytes(keyBytes(a), keyBytes(b))
}

/** Somebody's identity, first device and profile in a community, whether or not a ledger has them. @param keys other ones than those of the name */
export async function personOf(
  community: CommunityId,
  name: string,
  at: number,
  keys: { readonly root?: Signer; readonly device?: Signer } = {},
): Promise<Person> {
  const { root = signerOf(`${name} root`), device = signerOf(`${name} device`) } = keys
  const salt = bytesOf(`${name} salt`)
  const identity = await seal(
    IDENTITY,
    community,
    { root: root.publicKey, profile: commitProfile({ name }, salt), n: 0, at },
    [root],
  )
  const member = memberOf(identity)
  const deviceAdd = await seal(
    DEVICE_ADD,
    community,
    { m: member, device: device.publicKey, n: 1, prev: identity.id as StatementId, at },
    root === device ? [root] : [root, device],
  )
  const profile = await seal(PROFILE, community, { m: member, salt, name }, [device])
  const last = deviceAdd.id as StatementId
  return {
    name,
    community,
    member,
    root,
    device,
    identity,
    deviceAdd,
    profile,
    rootChain: { next: 2, last },
    deviceChain: { next: 0, last },
  }
}

/** The person's next invitation. @param exp ledger time after which nobody may use it */
export async function invite(sponsor: Person, slot: number, at: number, exp?: number): Promise<Invitation> {
  const { community, member, device, deviceChain: chain } = sponsor
  const seed = bytesOf(`${member} slot ${slot} n ${chain.next}`).slice(0, 16)
  const signer = invitationSigner(seed, community)
  const envelope = await seal(
    INVITE,
    community,
    {
      m: member,
      n: chain.next,
      prev: chain.last,
      slot,
      key: signer.publicKey,
      at,
      ...(exp === undefined ? {} : { exp }),
    },
    [device],
  )
  const id = envelope.id as StatementId
  sponsor.deviceChain = { next: chain.next + 1, last: id }
  return { envelope, id, community, seed, signer }
}

/** Somebody new and the statement that makes them a member. */
export async function join(
  invitation: Invitation,
  name: string,
  at: number,
  keys: { readonly root?: Signer; readonly device?: Signer } = {},
): Promise<{ readonly person: Person; readonly envelope: Envelope<Join> }> {
  const person = await personOf(invitation.community, name, at, keys)
  const envelope = await seal(
    JOIN,
    invitation.community,
    {
      invite: invitation.id,
      identity: person.identity.bytes,
      device: person.deviceAdd.bytes,
      n: 0,
      prev: person.deviceAdd.id as StatementId,
      at,
    },
    [person.device, invitation.signer],
  )
  person.deviceChain = { next: 1, last: envelope.id as StatementId }
  return { person, envelope }
}

/** A further device of somebody; its signer is that of the label. */
export async function addDevice(person: Person, label: string, at: number): Promise<Envelope<DeviceAdd>> {
  const { community, member, root, rootChain: chain } = person
  const device = signerOf(label)
  const envelope = await seal(
    DEVICE_ADD,
    community,
    { m: member, device: device.publicKey, n: chain.next, prev: chain.last, at },
    [root, device],
  )
  person.rootChain = { next: chain.next + 1, last: envelope.id as StatementId }
  return envelope
}

/** Binds a session to somebody. @param at seconds @param lifetime seconds */
export function presence(
  person: Person,
  session: Signer,
  at: number,
  lifetime = 600,
): Promise<Envelope<Presence>> {
  const payload = {
    m: person.member,
    device: person.device.publicKey,
    peer: session.publicKey,
    addrs: [],
    at,
    exp: at + lifetime,
  }
  return seal(PRESENCE, person.community, payload, [person.device, session])
}

/** Lets a newcomer's session knock at a relay. @param at seconds @param lifetime seconds */
export function inviteProof(
  invitation: Invitation,
  session: KeyText,
  relay: KeyText,
  at: number,
  lifetime = 300,
): Promise<Envelope<InviteProof>> {
  const payload = { key: invitation.signer.publicKey, peer: session, relay, at, exp: at + lifetime }
  return seal(INVITE_PROOF, invitation.community, payload, [invitation.signer])
}
