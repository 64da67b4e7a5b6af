import { afterEach, describe, expect, test, vi } from 'vitest'
import type { PeerNetwork } from '../../../node/network/network.ts'
import { startPeerNetwork } from '../../../node/network/peer-network.ts'
import { systemTimer } from '../../../node/network/timer.ts'
import { until } from '../../../node/network/until.ts'
import {
  accept,
  join,
  link,
  linkDirectly,
  patience,
  relayState,
  seed,
  startPeer,
  startRelay,
} from '../../node/network/relayed.ts'
import { PATIENCE } from '../../support/patience.ts'

const COMMUNITY = `palabre/1/${'c'.repeat(43)}`
const ROOM = `${COMMUNITY}/${'r'.repeat(43)}`

const running: { stop(): Promise<void> }[] = []
const keep = <T extends { stop(): Promise<void> }>(thing: T): T => {
  running.unshift(thing)
  return thing
}
afterEach(async () => {
  for (const thing of running.splice(0)) await thing.stop()
})

/** Resolves when the first signal aborts, and rejects when the other one does before. */
async function over(due: AbortSignal, given: AbortSignal): Promise<void> {
  await until(
    () => due.aborted,
    (changed) => {
      due.addEventListener('abort', changed)
      return () => due.removeEventListener('abort', changed)
    },
    given,
  )
}

describe('admission', () => {
  test('a peer that proves nothing gets no reservation, no protocol and no gossip, and is cut off', async () => {
    const overdue = new AbortController()
    const timer = {
      ...systemTimer,
      delay: (_ms: number, signal: AbortSignal) => over(overdue.signal, signal),
    }
    const relay = keep(await startRelay({ timer }))
    await relay.network.handle('/test/members', { maxBytes: 10, maxConcurrentPerPeer: 1 }, async () =>
      Uint8Array.of(1),
    )
    const member = keep(await startPeer(relay))
    member.subscribe(COMMUNITY, accept, () => {})
    await vi.waitFor(() => expect(relay.figures().topics).toBe(1), PATIENCE)

    const heard: Uint8Array[] = []
    const stranger = keep(await startPeerNetwork({ sessionSeed: seed(), iceServers: [] }))
    stranger.subscribe(COMMUNITY, accept, (data) => heard.push(data))
    const refused: unknown[] = []
    stranger.join(relay.addresses(), async (at, signal) => {
      const request = { signal, maxBytes: 10 }
      await stranger
        .request(at, '/test/members', Uint8Array.of(1), request)
        .catch((error) => refused.push(error))
      // Never gives a proof, and waits to be cut off.
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await vi.waitFor(() => expect(refused).toMatchObject([{ code: 'refused' }]), PATIENCE)
    await member.publish(COMMUNITY, Uint8Array.of(1))
    expect(relay.network.connections().map(({ peer }) => peer)).toContain(stranger.peer)
    overdue.abort()
    await vi.waitFor(
      () => expect(relay.network.connections().map(({ peer }) => peer)).toEqual([member.peer]),
      PATIENCE,
    )
    expect(relay.network.subscribers(COMMUNITY)).toEqual([member.peer])
    expect(relay.figures()).toMatchObject({ reservations: 1, admitted: 1 })
    expect(stranger.addresses()).toEqual([])
    expect(stranger.relays()).toEqual([])
    expect(heard).toEqual([])
  })

  test('a newcomer may ask, but hears no gossip and reaches nobody, until they are a member', async () => {
    const newcomers = new Set<string>()
    const relay = keep(await startRelay({ isMember: (peer) => !newcomers.has(peer) }))
    await relay.network.handle(
      '/test/open',
      { maxBytes: 10, maxConcurrentPerPeer: 1 },
      async (_from, body) => body,
    )
    const member = keep(await startPeer(relay))
    member.subscribe(COMMUNITY, accept, () => {})
    const newcomer = keep(await startPeerNetwork({ sessionSeed: seed(), iceServers: [] }))
    newcomers.add(newcomer.peer)
    const heard: number[] = []
    newcomer.subscribe(COMMUNITY, accept, ([first]) => heard.push(first ?? 0))
    join(newcomer, relay)
    await relayState(newcomer, 'connected')
    const request = { signal: patience(), maxBytes: 10 }
    const [at] = newcomer.relays()
    if (at === undefined) throw new Error('the relay let the newcomer in')
    expect(await newcomer.request(at, '/test/open', Uint8Array.of(7), request)).toEqual(Uint8Array.of(7))
    await vi.waitFor(() => expect(relay.network.subscribers(COMMUNITY)).toEqual([member.peer]), PATIENCE)
    await member.publish(COMMUNITY, Uint8Array.of(1))
    // Only the lower PeerId dials.
    const [dialler, dialled] = [newcomer, member].toSorted((a, b) => (a.peer < b.peer ? -1 : 1)) as [
      PeerNetwork,
      PeerNetwork,
    ]
    const dialling = dialler.connect(dialled.peer, dialled.addresses(), AbortSignal.timeout(PATIENCE))
    await expect(dialling).rejects.toMatchObject({ name: 'NetworkError' })

    relay.members.admit(newcomer.peer)
    await vi.waitFor(() => expect(relay.network.subscribers(COMMUNITY)).toHaveLength(2), PATIENCE)
    await link(member, newcomer)
    await member.publish(COMMUNITY, Uint8Array.of(2))
    await vi.waitFor(() => expect(heard).toEqual([2]), PATIENCE)
  })

  test('a reservation waits for a proof that takes its time', async () => {
    let decide = (_isMember: boolean) => {}
    const decided = new Promise<boolean>((resolve) => {
      decide = resolve
    })
    const relay = keep(await startRelay({ decide: () => decided }))
    const peer = keep(await startPeerNetwork({ sessionSeed: seed(), iceServers: [] }))
    join(peer, relay)
    await vi.waitFor(() => expect(relay.helloes).toEqual([peer.peer]), PATIENCE)
    expect(relay.figures()).toMatchObject({ reservations: 0, admitted: 0 })
    decide(true)
    await relayState(peer, 'connected')
    expect(relay.figures()).toMatchObject({ reservations: 1, admitted: 1 })
    expect(relay.helloes).toHaveLength(1)
  })

  test('a peer whose proof is refused tries again', async () => {
    let isMember = false
    const relay = keep(await startRelay({ decide: async () => isMember }))
    const peer = keep(await startPeerNetwork({ sessionSeed: seed(), iceServers: [] }))
    join(peer, relay)
    await vi.waitFor(() => expect(relay.helloes).toHaveLength(1), PATIENCE)
    isMember = true
    await relayState(peer, 'connected')
    expect(relay.helloes).toHaveLength(2)
  })

  test('a revoked peer is disconnected and its reservation freed', async () => {
    const relay = keep(await startRelay({ maxima: { reservations: 1 } }))
    const alice = keep(await startPeer(relay))
    relay.admissions.revoke(alice.peer)
    await relayState(alice, 'reconnecting')
    await alice.stop()
    expect(relay.figures()).toMatchObject({ reservations: 0, admitted: 0 })
    keep(await startPeer(relay))
    expect(relay.figures().reservations).toBe(1)
  })

  test('only so many connections may be unadmitted', async () => {
    const relay = keep(
      await startRelay({
        maxima: { unadmitted: 1, admissionMs: 60_000 },
        decide: () => new Promise(() => {}),
      }),
    )
    const first = keep(await startPeerNetwork({ sessionSeed: seed(), iceServers: [] }))
    join(first, relay)
    await vi.waitFor(() => expect(relay.helloes).toEqual([first.peer]), PATIENCE)
    const failures: string[] = []
    const second = keep(
      await startPeerNetwork({
        sessionSeed: seed(),
        iceServers: [],
        report: (_where, error) => failures.push((error as Error).message),
      }),
    )
    join(second, relay)
    await vi.waitFor(() => expect(failures).toContain('no connection'), PATIENCE)
    expect(relay.helloes).toEqual([first.peer])
  })
})

describe('a relay that goes and comes back', () => {
  test('leaves direct links and gossip alone, and is found again by everybody', async () => {
    const privateSeed = seed()
    const relay = await startRelay({ privateSeed })
    const [alice, bob] = [keep(await startPeer(relay)), keep(await startPeer(relay))]
    await linkDirectly(alice, bob)
    const heard: number[] = []
    alice.subscribe(ROOM, accept, () => {})
    bob.subscribe(ROOM, accept, (data) => heard.push(data[0] ?? -1))
    await vi.waitFor(() => expect(alice.subscribers(ROOM)).toContain(bob.peer), PATIENCE)

    await relay.stop()
    await relay.stop()
    await Promise.all([relayState(alice, 'reconnecting'), relayState(bob, 'reconnecting')])
    expect(alice.addresses()).toEqual([])
    expect(alice.relays()).toEqual([])
    await alice.publish(ROOM, Uint8Array.of(1))
    await vi.waitFor(() => expect(heard).toEqual([1]), PATIENCE)
    expect(alice.connections()).toEqual([{ peer: bob.peer, direct: true }])

    const again = keep(await startRelay({ privateSeed, listen: { host: '127.0.0.1', port: relay.port } }))
    expect(again.network.peer).toBe(relay.network.peer)
    await Promise.all([relayState(alice, 'connected'), relayState(bob, 'connected')])
    const carol = keep(await startPeer(again))
    await link(carol, alice)
    carol.subscribe(ROOM, accept, () => {})
    await vi.waitFor(() => expect(carol.subscribers(ROOM)).toContain(alice.peer), PATIENCE)
    await carol.publish(ROOM, Uint8Array.of(2))
    await vi.waitFor(() => expect(heard).toEqual([1, 2]), PATIENCE)
  })
})

describe('topics', () => {
  const subscribe = (peer: PeerNetwork, topics: readonly string[]) =>
    topics.map((topic) => peer.subscribe(topic, accept, () => {}))
  const rooms = (n: number) =>
    Array.from({ length: n }, (_, i) => `${COMMUNITY}/${String(i).padStart(43, '0')}`)

  test('a room is carried between peers that have no link, while somebody is in it', async () => {
    const relay = keep(await startRelay())
    const [alice, bob] = [keep(await startPeer(relay)), keep(await startPeer(relay))]
    const heard: number[] = []
    const leave = [
      alice.subscribe(ROOM, accept, () => {}),
      bob.subscribe(ROOM, accept, (data) => heard.push(data[0] ?? -1)),
    ]
    await vi.waitFor(() => {
      expect(alice.subscribers(ROOM)).toEqual([relay.network.peer])
      expect(relay.network.subscribers(ROOM)).toHaveLength(2)
    }, PATIENCE)
    await alice.publish(ROOM, Uint8Array.of(5))
    await vi.waitFor(() => expect(heard).toEqual([5]), PATIENCE)
    for (const stop of leave) stop()
    await vi.waitFor(() => expect(relay.figures().topics).toBe(0), PATIENCE)
  })

  test('nothing else is carried, and no more than so many', async () => {
    const relay = keep(
      await startRelay({
        maxima: { topics: 5, topicsPerPeer: 4 },
        validatorFor: (topic) => (topic === ROOM ? undefined : accept),
      }),
    )
    const [greedy, other] = [keep(await startPeer(relay)), keep(await startPeer(relay))]
    subscribe(greedy, ['palabre/1/short', 'chat', `${COMMUNITY}/`, `x${COMMUNITY}`, ...rooms(20)])
    subscribe(other, [ROOM, ...rooms(40).slice(30)])
    await vi.waitFor(() => {
      expect(relay.network.subscribers(rooms(40)[30] ?? '')).toEqual([other.peer])
      expect(relay.figures().topics).toBeGreaterThan(0)
    }, PATIENCE)
    expect(relay.figures().topics).toBeLessThanOrEqual(5)
    const remembered = rooms(20).filter((topic) => relay.network.subscribers(topic).length > 0)
    expect(remembered.length).toBeLessThanOrEqual(4)
  })

  test('a forwarder of rejected messages is heard no more, and an honest one still is', async () => {
    const relay = keep(
      await startRelay({ validatorFor: () => (_from, data) => (data[0] === 0 ? 'reject' : 'accept') }),
    )
    const heard: number[] = []
    const [liar, honest, listener] = [
      keep(await startPeer(relay)),
      keep(await startPeer(relay)),
      keep(await startPeer(relay)),
    ]
    for (const peer of [liar, honest]) peer.subscribe(ROOM, accept, () => {})
    listener.subscribe(ROOM, accept, (data) => heard.push(data[0] ?? -1))
    await vi.waitFor(() => expect(relay.network.subscribers(ROOM)).toHaveLength(3), PATIENCE)
    // What is published before the relay is known to listen goes nowhere.
    for (const peer of [liar, honest])
      await vi.waitFor(() => expect(peer.subscribers(ROOM)).toHaveLength(1), PATIENCE)
    await liar.publish(ROOM, Uint8Array.of(1))
    await vi.waitFor(() => expect(heard).toEqual([1]), PATIENCE)
    for (let i = 0; i < 12; i += 1) await liar.publish(ROOM, Uint8Array.of(0, i))

    let round = 0
    const isLiarHeard = async () => {
      round += 1
      await liar.publish(ROOM, Uint8Array.of(100 + round))
      await honest.publish(ROOM, Uint8Array.of(10 + round))
      await vi.waitFor(() => expect(heard).toContain(10 + round), PATIENCE)
      return heard.includes(100 + round)
    }
    // gossipsub looks at the score once in a heartbeat.
    await vi.waitFor(async () => expect(await isLiarHeard()).toBe(false), PATIENCE)
    const silencedAt = 100 + round
    for (let i = 0; i < 3; i += 1) await isLiarHeard()
    expect(heard.filter((n) => n >= silencedAt)).toEqual([])
  })
})

test('an admitted peer is answered by the relay itself', async () => {
  const relay = keep(await startRelay())
  const alice = keep(await startPeer(relay))
  await relay.network.handle(
    '/test/echo',
    { maxBytes: 10, maxConcurrentPerPeer: 1 },
    async (_from, body) => body,
  )
  expect(
    await alice.request(relay.network.peer, '/test/echo', Uint8Array.of(4), {
      signal: patience(),
      maxBytes: 10,
    }),
  ).toEqual(Uint8Array.of(4))
})

test('an announced address takes the place of the one listened on', async () => {
  const announced = '/dns4/relay.example.org/tcp/443/tls/ws'
  const relay = keep(await startRelay({ announce: [announced] }))
  expect(relay.addresses()).toEqual([`${announced}/p2p/${relay.network.peer}`])
})

test('a relay that cannot start says so and leaves the port free', async () => {
  const relay = await startRelay()
  const listen = { host: '127.0.0.1', port: relay.port }
  await expect(startRelay({ listen })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await relay.stop()
  await expect(startRelay({ listen, announce: ['relay.example.org'] })).rejects.toThrow(/multiaddr/)
  await expect(startRelay({ listen, privateSeed: new Uint8Array(5) })).rejects.toThrow()
  expect(keep(await startRelay({ listen })).port).toBe(listen.port)
})
