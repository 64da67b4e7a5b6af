import { BAN } from '../../protocol/community/ban.ts'
import { INVITE } from '../../protocol/community/invite.ts'
import { JOIN } from '../../protocol/community/join.ts'
import type { Device } from '../../protocol/community/membership.ts'
import { REPORT } from '../../protocol/community/report.ts'
import { type Envelope, type PayloadType, seal } from '../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../protocol/identity/device.ts'
import { IDENTITY, memberOf as memberIdOf } from '../../protocol/identity/identity.ts'
import { type CommunityId, idOf, type StatementId } from '../../protocol/ids.ts'
import type { EnvelopeReason, LedgerReason, SignatureReason } from '../../protocol/reasons.ts'
import type { Signer } from '../../protocol/signature.ts'
import { anybody, freshName, type Person, type World } from './world.ts'
import { byCouncil, deviceOf, publicKey } from './write.ts'

/** A statement that breaks a rule, and the reason for which it is void. */
export interface Wrong {
  readonly envelope: Uint8Array
  readonly reason: LedgerReason | SignatureReason | EnvelopeReason
  /** Its signature is no signature. */
  readonly forged?: boolean
}

/** Statements that an honest log would not have taken. `undefined` when there is no occasion. */
export const WRONGS = {
  async 'bad-signature'(world) {
    const { person, signer } = someone(world)
    const { bytes } = await reportOf(world, person, signer)
    // The last byte of the only signature, whose highest bits S < L does not need.
    const envelope = bytes.with(bytes.length - 2, (bytes.at(-2) as number) ^ 1)
    return { envelope, reason: 'signature-wrong', forged: true }
  },
  async 'wrong-slot'(world) {
    const { person, signer } = someone(world)
    const { slots } = world.chronicle.state.members.get(person.id) ?? { slots: 0 }
    return { envelope: (await inviteOf(world, person, signer, slots)).bytes, reason: 'slot-not-entitled' }
  },
  async 'spent-slot'(world) {
    const invitation = [...world.chronicle.state.invitations.values()].find(
      ({ guest, sponsor }) =>
        guest !== undefined &&
        world.chronicle.state.members.get(guest)?.standing === 'active' &&
        world.chronicle.state.members.get(sponsor)?.charges.length === 0 &&
        isActive(world, sponsor),
    )
    const person = invitation && world.byId.get(invitation.sponsor)
    const signer = person && deviceOf(world, person)
    if (invitation === undefined || person === undefined || signer === undefined) return undefined
    return { envelope: (await inviteOf(world, person, signer, invitation.slot)).bytes, reason: 'slot-spent' }
  },
  async 'used-invitation'(world) {
    const invitation = [...world.chronicle.state.invitations.values()].find(
      ({ guest }) => guest !== undefined,
    )
    if (invitation === undefined) return undefined
    return { envelope: (await joinOf(world, invitation.id)).bytes, reason: 'invitation-used' }
  },
  async 'unknown-invitation'(world) {
    const nowhere = idOf<StatementId>(world.keys.seed(freshName(world, 'nothing')))
    return { envelope: (await joinOf(world, nowhere)).bytes, reason: 'invitation-unknown' }
  },
  async 'foreign-community'(world) {
    const { person, signer } = someone(world)
    const elsewhere = { ...world, community: idOf<CommunityId>(world.keys.seed('another community')) }
    return { envelope: (await reportOf(elsewhere, person, signer)).bytes, reason: 'foreign-community' }
  },
  async 'unknown-type'(world) {
    const { person, signer } = someone(world)
    const kind: PayloadType<never> = { type: 'coronation', fields: REPORT.fields as never }
    return { envelope: (await reportOf(world, person, signer, kind)).bytes, reason: 'unknown-type' }
  },
  async 'left-out-number'(world) {
    const { person, signer } = someone(world)
    return { envelope: (await reportOf(world, person, signer, REPORT, 1)).bytes, reason: 'sequence-wrong' }
  },
  async twin(world) {
    const { person, signer } = someone(world, 1)
    return { envelope: (await reportOf(world, person, signer, REPORT, -1)).bytes, reason: 'equivocation' }
  },
  async 'banned-member'(world) {
    const person = anybody(world, ({ founder }) => !founder)
    const signer = person && deviceOf(world, person)
    if (person === undefined || signer === undefined) return undefined
    await byCouncil(world, BAN, { m: person.id, why: 'other' })
    return { envelope: (await reportOf(world, person, signer)).bytes, reason: 'member-banned' }
  },
  async 'council-minority'(world) {
    const person = anybody(world, ({ founder }) => !founder) ?? world.people[0]
    const { v, keys } = world.chronicle.state.council
    const signer = world.keys.signer(world.founders.get(keys[0] as never) as string)
    const payload = { v, m: (person as Person).id, why: 'other' as const, at: world.now }
    return {
      envelope: (await seal(BAN, world.community, payload, [signer])).bytes,
      reason: 'council-minority',
    }
  },
} satisfies Record<string, (world: World) => Promise<Wrong | undefined>>

export type WrongKind = keyof typeof WRONGS

export function isWrongKind(kind: string): kind is WrongKind {
  return Object.hasOwn(WRONGS, kind)
}

function someone(world: World, said = 0): { readonly person: Person; readonly signer: Signer } {
  for (const person of world.people) {
    const signer = isActive(world, person.id) ? deviceOf(world, person) : undefined
    const { next = 0 } = (signer && world.chronicle.state.devices.get(signer.publicKey)?.chain) ?? {}
    if (signer !== undefined && next >= said) return { person, signer }
  }
  throw new RangeError('nobody is here who could do wrong')
}

function isActive(world: World, id: Person['id']): boolean {
  return world.chronicle.state.members.get(id)?.standing === 'active'
}

/** @param off how far its number is from the next one of the chain */
function reportOf<T>(
  world: World,
  person: Person,
  signer: Signer,
  kind: PayloadType<T> = REPORT as never,
  off = 0,
): Promise<Envelope<T>> {
  const { chain } = world.chronicle.state.devices.get(signer.publicKey) as Device
  const sealed = world.keys.seed(freshName(world, 'report'))
  const payload = { m: person.id, sealed, n: chain.next + off, prev: chain.last, at: world.now }
  return seal(kind, world.community, payload as T, [signer])
}

function inviteOf(world: World, person: Person, signer: Signer, slot: number): Promise<Envelope<unknown>> {
  const { chain } = world.chronicle.state.devices.get(signer.publicKey) as Device
  const key = publicKey(world, freshName(world, 'invitation'))
  const payload = { m: person.id, n: chain.next, prev: chain.last, slot, key, at: world.now }
  return seal(INVITE, world.community, payload, [signer])
}

async function joinOf(world: World, invite: StatementId): Promise<Envelope<unknown>> {
  const { keys, community, now: at } = world
  const name = freshName(world, 'stranger')
  const [root, device, key] = ['root', 'device', 'key'].map((what) => keys.signer(`${what} of ${name}`)) as [
    Signer,
    Signer,
    Signer,
  ]
  const profile = keys.seed(`profile of ${name}`)
  const identity = await seal(IDENTITY, community, { root: root.publicKey, profile, n: 0, at }, [root])
  const added = await seal(
    DEVICE_ADD,
    community,
    { m: memberIdOf(identity), device: device.publicKey, n: 1, prev: identity.id as StatementId, at },
    [root, device],
  )
  const prev = added.id as StatementId
  const payload = { invite, identity: identity.bytes, device: added.bytes, n: 0, prev, at }
  return seal(JOIN, community, payload, [device, key])
}
