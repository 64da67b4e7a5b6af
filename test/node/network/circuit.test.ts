import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { DIRECT_AGAIN_MS, DIRECT_MS } from '../../../node/network/limits.ts'
import type { PeerNetwork } from '../../../node/network/network.ts'
import { systemTimer, type Timer } from '../../../node/network/timer.ts'
import { link, patience, relayState, startPeer, startRelay, type TestRelay } from './relayed.ts'

/** Two who can reach the relay, and not each other while the roads are cut. */

/** No candidate leads anywhere, and that shows after seconds. */
const cutRoads = () => vi.spyOn(RTCPeerConnection.prototype, 'addIceCandidate').mockResolvedValue()
/** None is even looked for. */
const refuseRoads = () =>
  vi.spyOn(RTCPeerConnection.prototype, 'createOffer').mockRejectedValue(new Error('no'))

const handling = { maxBytes: 1000, maxConcurrentPerPeer: 2 }

describe('WIRE-4', () => {
  let relay: TestRelay
  let alice: PeerNetwork
  let bob: PeerNetwork
  /** How long a direct link was waited for, each time. */
  const waits: number[] = []
  /** What stands for both. */
  let patienceMs = 300
  const timer: Timer = {
    ...systemTimer,
    delay(milliseconds, signal) {
      if (milliseconds !== DIRECT_MS && milliseconds !== DIRECT_AGAIN_MS)
        return systemTimer.delay(milliseconds, signal)
      waits.push(milliseconds)
      return systemTimer.delay(patienceMs, signal)
    },
  }

  beforeAll(async () => {
    relay = await startRelay()
    ;[alice, bob] = await Promise.all([startPeer(relay, { timer }), startPeer(relay, { timer })])
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  afterAll(async () => {
    await Promise.all([alice.stop(), bob.stop()])
    await relay.stop()
  })

  const between = () => [
    alice.connections().filter(({ peer }) => peer === bob.peer),
    bob.connections().filter(({ peer }) => peer === alice.peer),
  ]
  const directly = (direct: boolean) => [[{ peer: bob.peer, direct }], [{ peer: alice.peer, direct }]]
  const asked = async (one: PeerNetwork, other: PeerNetwork) => {
    await other.handle('/test/echo', handling, async (_from, body) => body.toReversed())
    const body = await one.request(other.peer, '/test/echo', Uint8Array.of(1, 2), {
      signal: patience(),
      maxBytes: 10,
    })
    await other.unhandle('/test/echo')
    return body
  }

  /** Who of the two misses the other, from now on. */
  function missed(): unknown[] {
    const lost: unknown[] = []
    for (const peer of [alice, bob]) peer.on('disconnect', (gone) => lost.push(gone))
    return lost
  }
  const endLink = () => Promise.all([alice.disconnect(bob.peer), bob.disconnect(alice.peer)])

  test('who cannot be linked directly in time is linked over the circuit, and both know', async () => {
    cutRoads()
    const met = [alice, bob].map((peer) => new Promise((resolve) => peer.on('connect', resolve)))
    await link(alice, bob)
    expect(await Promise.all(met)).toEqual([bob.peer, alice.peer])
    expect(waits).toEqual([DIRECT_MS])
    expect(between()).toEqual(directly(false))
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const)
      expect(await asked(one, other)).toEqual(Uint8Array.of(2, 1))
  })

  test('a direct link that is there later takes its place, after an attempt that failed, and nobody misses the other', {
    timeout: 30_000,
  }, async () => {
    const lost = missed()
    await vi.waitFor(() => expect(between()).toEqual(directly(true)), { timeout: 20_000, interval: 100 })
    expect(lost).toEqual([])
  })

  test('who cannot be linked directly at all is linked over the circuit at once, and at once again when that ends', async () => {
    refuseRoads()
    patienceMs = 60_000
    await endLink()
    await link(alice, bob)
    expect(between()).toEqual(directly(false))
    await endLink()
    waits.length = 0
    await link(alice, bob)
    expect([waits, between()]).toEqual([[], directly(false)])
  })

  test('whoever came to another network is linked directly again', { timeout: 30_000 }, async () => {
    const reconnecting = [alice, bob].map((peer) => relayState(peer, 'reconnecting'))
    await Promise.all([alice, bob].map((peer) => peer.disconnect(relay.network.peer)))
    await Promise.all(reconnecting)
    await Promise.all([alice, bob].map((peer) => relayState(peer, 'connected')))
    await endLink()
    await link(alice, bob)
    await vi.waitFor(() => expect(between()).toEqual(directly(true)), { timeout: 20_000, interval: 100 })
  })

  test('whose patience ends in the moment in which the direct link is there stays linked directly', async () => {
    let up: Promise<unknown> = Promise.resolve()
    const impatient: Timer = {
      ...systemTimer,
      delay: (milliseconds, signal) =>
        milliseconds === DIRECT_MS || milliseconds === DIRECT_AGAIN_MS
          ? up.then(() => {})
          : systemTimer.delay(milliseconds, signal),
    }
    const options = { timer: impatient }
    const [carol, dave] = await Promise.all([startPeer(relay, options), startPeer(relay, options)])
    const [first, second] = carol.peer < dave.peer ? [carol, dave] : [dave, carol]
    const lost: unknown[] = []
    for (const peer of [carol, dave]) peer.on('disconnect', (gone) => lost.push(gone))
    up = new Promise<void>((resolve) => first.on('connect', (peer) => peer === second.peer && resolve()))
    await link(first, second)
    // What was asked for over the circuit is answered long before these are.
    for (let asking = 0; asking < 50; asking++)
      expect(await asked(first, second)).toEqual(Uint8Array.of(2, 1))
    expect(first.connections().filter(({ peer }) => peer === second.peer)).toEqual([
      { peer: second.peer, direct: true },
    ])
    expect(lost).toEqual([])
    await Promise.all([carol.stop(), dave.stop()])
  })
})
