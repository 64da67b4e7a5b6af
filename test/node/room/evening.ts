import type { PeerIdString } from '../../../node/network/network.ts'
import { NetworkError } from '../../../node/network/network-error.ts'
import { createScene, settled } from '../mesh/scene.ts'
import { rig } from './rig.ts'

export type Peer = Awaited<ReturnType<typeof rig>>

/** Alice's room with Bob and Carol, who moderate, and Dave and Erin, who are on the stage. */
export async function evening() {
  const scene = await createScene()
  const peers: Peer[] = []
  for (const name of ['Alice', 'Bob', 'Carol', 'Dave', 'Erin']) peers.push(await rig(scene, name))
  const [alice, bob, carol, dave, erin] = peers as [Peer, Peer, Peer, Peer, Peer]
  const apart = new Set<PeerIdString>()
  for (const { network } of peers) {
    const dial = network.connect.bind(network)
    network.connect = async (peer) => {
      if (apart.has(peer) || apart.has(network.peer)) throw new NetworkError('unreachable', 'parted')
      return dial(peer)
    }
  }

  /** None of these reaches anybody, or is reached, however they try. */
  function part(whom: readonly Peer[] = peers): void {
    for (const { network } of whom) {
      apart.add(network.peer)
      for (const other of peers) scene.hub.cut(network.peer, other.network.peer)
    }
  }
  function heal(): void {
    apart.clear()
    for (const { network } of peers)
      for (const other of peers)
        if (network !== other.network) scene.hub.link(network.peer, other.network.peer)
  }
  async function turn(by: number): Promise<void> {
    for (let turned = 0; turned < by; turned += 1_000) {
      scene.clock.turn(1_000)
      await settled()
    }
  }

  const hers = await alice.rooms.open({ title: 'Evening', topics: [], language: 'en' })
  await settled()
  const { id } = hers.view.value
  for (const peer of [bob, carol, dave, erin]) {
    for (const room of alice.directory.rooms.value) await peer.directory.receive(room.announcement.bytes)
    const joining = peer.rooms.join(id)
    scene.hub.cut(alice.network.peer, peer.network.peer)
    scene.hub.link(alice.network.peer, peer.network.peer)
    await joining
  }
  await turn(2_000)
  const of = (peer: Peer) => peer.rooms.current?.session as NonNullable<typeof peer.rooms.current>['session']
  for (const [peer, level] of [
    [bob, 80],
    [carol, 80],
    [dave, 20],
    [erin, 20],
  ] as const) {
    if (level === 20) await hers.offerStage(peer.person.member)
    else await hers.offerLevel(peer.person.member, level)
    await settled()
    await of(peer).acceptOffer()
    await settled()
  }
  /** What a peer says of its state. */
  const said = (peer: Peer) => {
    const { heads, digest } = peer.rooms.current?.sync(peer.network.peer, { r: id, heads: [] }) ?? {}
    return { heads, digest }
  }
  const levelIn = (peer: Peer, whom: Peer) =>
    of(peer).view.value.people.find(({ member }) => member === whom.person.member)?.level
  return { scene, id, peers, alice, bob, carol, dave, erin, of, said, levelIn, part, heal, turn }
}
