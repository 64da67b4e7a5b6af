import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Channel, PeerNetwork } from '../../../node/network/network.ts'
import { link, linkDirectly, patience, startPeer, startRelay, type TestRelay } from './relayed.ts'

/** Alice hides her address, Bob does not. A relay is there. */

const handling = { maxBytes: 1000, maxConcurrentPerPeer: 2 }
/** Of each of the two who has the lower PeerId, and so dials. */
const SEEDS = { low: new Uint8Array(32).fill(1), high: new Uint8Array(32).fill(2) }

/** The libp2p node of a peer, as an enemy has it who changed the program. */
const nodeOf = (network: PeerNetwork): Libp2p => {
  const node = made.findLast(({ peerId }) => peerId.toString() === network.peer)
  if (node === undefined) throw new Error('no such node')
  return node
}
const made: Libp2p[] = []
vi.mock('libp2p', async (original) => {
  const real = await original<typeof import('libp2p')>()
  return {
    ...real,
    createLibp2p: async (...options: Parameters<typeof real.createLibp2p>) => {
      const node = await real.createLibp2p(...options)
      made.push(node as Libp2p)
      return node
    },
  }
})

describe.each([
  ['Alice', SEEDS.low, SEEDS.high],
  ['Bob', SEEDS.high, SEEDS.low],
])('WIRE-4, where seeds favour %s', (_who, ofAlice, ofBob) => {
  let relay: TestRelay
  let alice: PeerNetwork
  let bob: PeerNetwork

  beforeAll(async () => {
    relay = await startRelay()
    ;[alice, bob] = await Promise.all([
      startPeer(relay, { sessionSeed: ofAlice, hidesAddress: true }),
      startPeer(relay, { sessionSeed: ofBob }),
    ])
    await link(alice, bob)
  })

  afterAll(async () => {
    await Promise.all([alice.stop(), bob.stop()])
    await relay.stop()
  })

  test('the two are linked over the relay and in no other way', () => {
    expect([alice.hidesAddress, bob.hidesAddress]).toEqual([true, false])
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const)
      expect(one.connections()).toContainEqual({ peer: other.peer, direct: false })
  })

  test('ask and answer both ways, and keep a channel', async () => {
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await other.handle('/test/echo', handling, async (from, body) => {
        expect(from).toBe(one.peer)
        return body.toReversed()
      })
      const asked = await one.request(other.peer, '/test/echo', Uint8Array.of(1, 2), {
        signal: patience(),
        maxBytes: 1000,
      })
      expect(asked).toEqual(Uint8Array.of(2, 1))
      const came = new Promise<Channel>((resolve) => {
        void other.handleChannel('/test/channel', handling, (_from, channel) => resolve(channel))
      })
      const channel = await one.openChannel(other.peer, '/test/channel', { signal: patience(), maxBytes: 10 })
      await channel.send(Uint8Array.of(3))
      for await (const message of (await came).messages) {
        expect(message).toEqual(Uint8Array.of(3))
        break
      }
      await channel.close()
      await other.unhandle('/test/echo')
      await other.unhandle('/test/channel')
    }
  })

  test('what Alice announces leads over the relay alone, and Bob was told nothing else', async () => {
    expect(alice.addresses().length).toBeGreaterThan(0)
    const own = nodeOf(alice).getMultiaddrs().map(String)
    const known = await nodeOf(bob).peerStore.get(peerIdFromString(alice.peer))
    const told = known.addresses.map((address) => address.multiaddr.toString())
    for (const address of [...alice.addresses(), ...own, ...told])
      expect(address).toMatch(new RegExp(`/p2p/${relay.network.peer}/p2p-circuit(/p2p/${alice.peer})?$`))
    const seen = nodeOf(bob).getConnections(peerIdFromString(alice.peer))
    expect(seen.map(({ remoteAddr }) => remoteAddr.toString())).toEqual([
      expect.stringContaining(`/p2p/${relay.network.peer}/p2p-circuit`),
    ])
  })

  test('a direct connection that Bob asks for is refused before anything is described', async () => {
    const node = nodeOf(bob)
    const [connection] = node.getConnections(peerIdFromString(alice.peer))
    await expect(
      connection?.newStream('/webrtc-signaling/0.0.1', { signal: patience(), runOnLimitedConnection: true }),
    ).rejects.toThrow(/protocol/i)
    expect(nodeOf(alice).getProtocols()).not.toContain('/webrtc-signaling/0.0.1')
    // Nor has she what would follow the address of one who offers to be called.
    const offered = multiaddr(`${relay.addresses()[0]}/p2p-circuit/webrtc/p2p/${bob.peer}`)
    await expect(nodeOf(alice).dial(offered, { signal: patience() })).rejects.toThrow()
    expect(alice.connections()).toContainEqual({ peer: bob.peer, direct: false })
  })

  test('a link that ended is made again', async () => {
    const gone = new Promise((resolve) => alice.on('disconnect', resolve))
    await bob.disconnect(alice.peer)
    expect(await gone).toBe(bob.peer)
    await link(alice, bob)
    expect(bob.connections()).toContainEqual({ peer: alice.peer, direct: false })
  })
})

test('two who hide are linked over the relay too, and others directly as ever', async () => {
  const relay = await startRelay()
  const [alice, bob, carol, dave] = await Promise.all([
    startPeer(relay, { hidesAddress: true }),
    startPeer(relay, { hidesAddress: true }),
    startPeer(relay),
    startPeer(relay),
  ])
  await Promise.all([link(alice, bob), linkDirectly(carol, dave)])
  expect(alice.connections()).toContainEqual({ peer: bob.peer, direct: false })
  expect(carol.connections()).toContainEqual({ peer: dave.peer, direct: true })
  await Promise.all([alice, bob, carol, dave].map((peer) => peer.stop()))
  await relay.stop()
})
