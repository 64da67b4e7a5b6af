import { MemoryMedia } from '../../../node/mesh/memory-connections.ts'
import { type LinkView, type Mesh, startMesh, type WantedLink } from '../../../node/mesh/mesh.ts'
import { Voucher } from '../../../node/mesh/voucher.ts'
import type { Observable } from '../../../node/observed.ts'
import type { PeerConnections } from '../../../node/ports/connections.ts'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import type { VoiceKeys } from '../../../node/voice/keys.ts'
import type { Device, Member, Membership } from '../../../protocol/community/membership.ts'
import { beginLedger } from '../../../protocol/community/replay.ts'
import { idOf, type KeyText, type RoomId } from '../../../protocol/ids.ts'
import { createVerifier, type Signer } from '../../../protocol/signature.ts'
import { bytesOf, foundCommunity, NOON, type Person, personOf, signerOf } from '../../support/community.ts'
import { MemoryHub, type MemoryNetwork } from '../../support/memory-network.ts'

/** A room in memory: people who are all linked, whose clocks stand still until they are turned. */

export const ROOM: RoomId = idOf(bytesOf('the room'))
export const OTHER_ROOM: RoomId = idOf(bytesOf('another room'))

/** A session in the scene that follows no rule but those of its test. */
export interface Session {
  readonly name: string
  readonly person: Person
  readonly key: KeyText
  readonly network: MemoryNetwork
  /** Heard while `enabled`. */
  readonly microphone: MediaStreamTrack
  /** Vouches for this session in the scene's room. */
  readonly voucher: Voucher
}

export interface Participant extends Session {
  readonly mesh: Mesh
  /** Why attempts at a link ended. */
  readonly reports: string[]
}

export interface Scene {
  readonly clock: TurnedClock
  readonly media: MemoryMedia
  readonly hub: MemoryHub
  readonly membership: () => Membership
  /** @param own the name of the session, where a person has several */
  session(name: string, own?: string): Promise<Session>
  /** A session whose mesh runs. */
  participant(name: string): Promise<Participant>
  /**
   * Two participants, the one with the lower PeerId first: it opens the channel.
   * @param higher other connections for the second, in place of the scene's
   * @param lower the same for the first
   */
  pair(higher?: PeerConnections, lower?: PeerConnections): Promise<readonly [Participant, Participant]>
  /** A participant, and a lawless session that must open the channel to them. */
  besieged(): Promise<readonly [Participant, Session]>
}

export const verifier = createVerifier()

const SECRET = { epoch: 1, generation: 0, secret: bytesOf('secret 1') }
/** What everybody in the scene seals and opens with. */
export const KEYS: VoiceKeys = { held: [SECRET], speak: SECRET }

export async function createScene(): Promise<Scene> {
  const founded = await foundCommunity(signerOf('log').publicKey)
  const [genesis] = founded.entries
  const begun = await beginLedger(verifier, genesis as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  let membership: Membership = begun.value
  const clock = turnedClock(NOON * 1000)
  const media = new MemoryMedia()
  const hub = new MemoryHub()

  async function session(name: string, own = name): Promise<Session> {
    const person = await personOf(membership.community, name, NOON)
    if (!membership.members.has(person.member)) membership = withMember(membership, person)
    const { publicKey: key }: Signer = signerOf(`${own} session`)
    const network = hub.add(key)
    for (const other of hub.peers.keys()) if (other !== network.peer) hub.link(network.peer, other)
    const me = { member: person.member, device: person.device, peer: key }
    const voucher = new Voucher({ room: ROOM, me, clock, verifier, membership: () => membership })
    const microphone = { kind: 'audio', enabled: true } as MediaStreamTrack
    return { name, person, key, network, microphone, voucher }
  }

  async function start(each: Session, connections: PeerConnections = media.session()): Promise<Participant> {
    const { person, key, network, microphone } = each
    const reports: string[] = []
    const mesh = await startMesh(ROOM, {
      network,
      connections,
      clock,
      verifier,
      membership: () => membership,
      me: { member: person.member, device: person.device, peer: key },
      report: (_where, error) => reports.push((error as Error).message),
    })
    mesh.use(KEYS)
    mesh.setMicrophone(microphone)
    return { ...each, mesh, reports }
  }

  async function ordered(): Promise<readonly [Session, Session]> {
    const [a, b] = [await session('Alice'), await session('Bob')]
    return a.network.peer < b.network.peer ? [a, b] : [b, a]
  }

  return {
    clock,
    media,
    hub,
    membership: () => membership,
    session,
    participant: async (name) => start(await session(name)),
    async pair(higher, lower) {
      const [low, high] = await ordered()
      return [await start(low, lower), await start(high, higher)]
    },
    async besieged() {
      const [low, high] = await ordered()
      return [await start(high), low]
    },
  }
}

/** A membership in which somebody is, with one device. */
export function withMember(
  membership: Membership,
  { member: id, root, identity, device, rootChain: chain }: Person,
) {
  const member: Member = {
    id,
    root: root.publicKey,
    profile: idOf(identity.payload.profile),
    index: membership.size,
    since: NOON,
    founder: false,
    sponsor: undefined,
    invitation: undefined,
    branch: id,
    slots: 0,
    chain,
    standing: 'active',
    by: undefined,
    erased: false,
    frozen: false,
    certified: false,
    attested: undefined,
    claimed: undefined,
    appealed: undefined,
    charges: [],
    vouches: [],
    guardians: undefined,
    recovery: undefined,
    notice: undefined,
    lastGuest: undefined,
    previousGuest: undefined,
  }
  const key = device.publicKey
  const known: Device = { key, member: id, chain, removed: false, frozen: false }
  return {
    ...membership,
    members: membership.members.draft().set(id, member).done(),
    devices: membership.devices.draft().set(key, known).done(),
  } satisfies Membership
}

export type Part = 'both' | 'send' | 'receive' | 'none'

/** How a participant sees another: whether they speak to them, and whether they play them. */
export function wanted(far: Session, part: Part): WantedLink {
  return {
    peer: far.network.peer,
    key: far.key,
    member: far.person.member,
    send: part === 'both' || part === 'send',
    receive: part === 'both' || part === 'receive',
  }
}

/** The link of one to another, as the one sees it. */
export function linkOf(one: Participant, other: Session): LinkView | undefined {
  return one.mesh.links.value.find(({ peer }) => peer === other.network.peer)
}

/** Waits until one has this link to another. */
export async function linked(
  one: Participant,
  other: Session,
  holds: (link: LinkView) => boolean = ({ state }) => state === 'connected',
): Promise<void> {
  await until(one.mesh.links, () => {
    const link = linkOf(one, other)
    return link !== undefined && holds(link)
  })
}

/** Does one hear the other? */
export async function hears(one: Participant, other: Session): Promise<boolean> {
  const level = (await one.mesh.levels()).get(other.network.peer)
  return linkOf(one, other)?.stream !== undefined && level === 1
}

export function until<T>(observable: Observable<T>, holds: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    if (holds(observable.value)) return resolve(observable.value)
    const stop = observable.subscribe((value) => {
      if (!holds(value)) return
      stop()
      resolve(value)
    })
  })
}

/** Everything in memory is microtasks: when the next task comes, nothing is under way any more. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
