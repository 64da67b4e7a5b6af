import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Channel, PeerIdString, PeerNetwork } from '../../../node/network/network.ts'
import { PATIENCE } from '../../support/patience.ts'
import {
  accept,
  link,
  linkDirectly,
  patience,
  relayState,
  startPeer,
  startRelay,
  type TestRelay,
} from './relayed.ts'

const ROOM = `palabre/1/${'c'.repeat(43)}/${'r'.repeat(43)}`
const handling = { maxBytes: 1000, maxConcurrentPerPeer: 2 }

describe('two peers behind one relay', () => {
  let relay: TestRelay
  let alice: PeerNetwork
  let bob: PeerNetwork

  beforeAll(async () => {
    relay = await startRelay()
    ;[alice, bob] = await Promise.all([startPeer(relay), startPeer(relay)])
    await linkDirectly(alice, bob)
  })

  afterAll(async () => {
    await Promise.all([alice.stop(), bob.stop()])
    await relay.stop()
  })

  const ask = (protocol: string, body: Uint8Array, maxBytes = 1000, signal = patience()) =>
    alice.request(bob.peer, protocol, body, { signal, maxBytes })

  test('are linked directly, once, and the relayed connection is gone', async () => {
    await vi.waitFor(() => expect(alice.connections()).toHaveLength(2), PATIENCE)
    expect(alice.connections()).toContainEqual({ peer: bob.peer, direct: true })
    expect(bob.connections()).toContainEqual({ peer: alice.peer, direct: true })
    await link(alice, bob)
    expect(alice.connections()).toHaveLength(2)
  })

  test('reach nobody who is at no relay that they know', async () => {
    const elsewhere = alice.addresses().map((address) => address.replace(relay.network.peer, bob.peer))
    const [low, high] = alice.peer < bob.peer ? [alice, bob] : [bob, alice]
    const gone = new Promise((resolve) => high.on('disconnect', resolve))
    await low.disconnect(high.peer)
    expect(await gone).toBe(low.peer)
    await expect(low.connect(high.peer, elsewhere, patience())).rejects.toMatchObject({ code: 'unreachable' })
    await expect(high.connect(low.peer, low.addresses(), AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'timeout',
    })
    await linkDirectly(alice, bob)
  })

  test('ask and answer', async () => {
    await bob.handle('/test/echo', handling, async (from, body) => {
      expect(from).toBe(alice.peer)
      return body.toReversed()
    })
    expect(await ask('/test/echo', Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(3, 2, 1))
    expect(await ask('/test/echo', new Uint8Array())).toEqual(new Uint8Array())
  })

  test('are told why there is no answer', async () => {
    const report: unknown[] = []
    await bob.handle('/test/throws', handling, async () => {
      throw new Error('no')
    })
    await bob.handle('/test/long', { ...handling, maxBytes: 3000 }, async () => new Uint8Array(2000))
    const late = new AbortController()
    await bob.handle('/test/never', handling, (_from, _body, signal) => {
      signal.addEventListener('abort', () => report.push('the asker is gone'))
      // Not before he has heard the question: else he would never hear that it is given up.
      late.abort(new DOMException('too late', 'TimeoutError'))
      return new Promise(() => {})
    })
    await expect(ask('/test/unknown', Uint8Array.of(1))).rejects.toMatchObject({ code: 'refused' })
    await expect(ask('/test/throws', Uint8Array.of(1))).rejects.toMatchObject({ code: 'refused' })
    await expect(ask('/test/echo', new Uint8Array(1001))).rejects.toMatchObject({ code: 'too-large' })
    await expect(ask('/test/echo', new Uint8Array(1500), 2000)).rejects.toMatchObject({ code: 'refused' })
    await expect(ask('/test/long', Uint8Array.of(1))).rejects.toMatchObject({ code: 'too-large' })
    await expect(ask('/test/never', Uint8Array.of(1), 1000, late.signal)).rejects.toMatchObject({
      code: 'timeout',
    })
    await expect(ask('/test/never', Uint8Array.of(1), 1000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'aborted',
    })
    await vi.waitFor(() => expect(report).toEqual(['the asker is gone']), PATIENCE)
  })

  test('answer no more at a time than they said', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await bob.handle('/test/slow', handling, async (_from, body) => {
      await released
      return body
    })
    const asked = [1, 2, 3].map((n) => ask('/test/slow', Uint8Array.of(n)))
    const refused = await Promise.any(
      asked.map((answer) =>
        answer.then(
          () => Promise.reject(),
          (error) => error,
        ),
      ),
    )
    expect(refused).toMatchObject({ code: 'refused' })
    release()
    const settled = await Promise.allSettled(asked)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  })

  test('talk over a channel, in order, both ways, until one closes it', async () => {
    const heard: number[] = []
    const served = new Promise<void>((resolve, reject) => {
      const serve = async (channel: Channel) => {
        for await (const message of channel.messages) {
          heard.push(message.length)
          await channel.send(message)
        }
        await channel.closed
      }
      void bob.handleChannel('/test/channel', handling, (from, channel) => {
        expect(from).toBe(alice.peer)
        serve(channel).then(resolve, reject)
      })
    })
    const channel = await alice.openChannel(bob.peer, '/test/channel', { signal: patience(), maxBytes: 1000 })
    const lengths = Array.from({ length: 50 }, (_, n) => n * 20)
    await Promise.all(lengths.map((length) => channel.send(new Uint8Array(length).fill(7))))
    const echoed: number[] = []
    for await (const message of channel.messages) {
      echoed.push(message.length)
      if (echoed.length === lengths.length) break
    }
    expect(echoed).toEqual(lengths)
    expect(heard).toEqual(lengths)
    await expect(channel.send(new Uint8Array(1001))).rejects.toMatchObject({ code: 'too-large' })
    await channel.close()
    await channel.close()
    await served
    await expect(channel.send(Uint8Array.of(1))).rejects.toMatchObject({ code: 'closed' })
  })

  test('cut a channel on which a message is too large', async () => {
    const failed = new Promise<unknown>((resolve) => {
      void bob.handleChannel('/test/small', { ...handling, maxBytes: 10 }, async (_from, channel) => {
        try {
          for await (const message of channel.messages) resolve(message)
          resolve('ended')
        } catch (error) {
          resolve(error)
        }
      })
    })
    const channel = await alice.openChannel(bob.peer, '/test/small', { signal: patience(), maxBytes: 1000 })
    await channel.send(new Uint8Array(11))
    expect(await failed).toMatchObject({ name: 'NetworkError', code: 'too-large' })
    await channel.closed
  })

  test('cut a channel on which messages arrive that nobody reads', async () => {
    const unread = new Promise<Channel>((resolve) => {
      void bob.handleChannel('/test/unread', handling, (_from, channel) => resolve(channel))
    })
    const channel = await alice.openChannel(bob.peer, '/test/unread', { signal: patience(), maxBytes: 1000 })
    const flood = async () => {
      for (;;) {
        await channel.send(new Uint8Array(1000))
        // Both ends live in this process: the other one gets its turn.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await expect(flood()).rejects.toMatchObject({ code: 'closed' })
    await (await unread).closed
  })

  test('hear what the other publishes in a room, each message once, after it was validated', async () => {
    const heard: number[] = []
    const seen: number[] = []
    const stop = bob.subscribe(
      ROOM,
      (_from, data) => {
        seen.push(data[0] ?? -1)
        return data[0] === 13 ? 'ignore' : 'accept'
      },
      (data) => heard.push(data[0] ?? -1),
    )
    expect(() => bob.subscribe(ROOM, accept, () => {})).toThrow()
    const stopAlice = alice.subscribe(ROOM, accept, () => {})
    await vi.waitFor(() => expect(alice.subscribers(ROOM)).toContain(bob.peer), PATIENCE)
    for (const n of [1, 13, 2, 1]) await alice.publish(ROOM, Uint8Array.of(n))
    await vi.waitFor(() => expect(heard).toEqual([1, 2]), PATIENCE)
    expect(seen).toEqual([1, 13, 2])
    await expect(alice.publish(ROOM, new Uint8Array(16 * 1024 + 1))).rejects.toMatchObject({
      code: 'too-large',
    })
    stop()
    stop()
    stopAlice()
    await vi.waitFor(() => expect(alice.subscribers(ROOM)).not.toContain(bob.peer), PATIENCE)
    await alice.publish(ROOM, Uint8Array.of(3))
  })

  test('learn that the other is gone, and stop without a trace', async () => {
    const carol = await startPeer(relay)
    await link(carol, bob)
    const channel = await bob
      .handleChannel('/test/open', handling, () => {})
      .then(() => carol.openChannel(bob.peer, '/test/open', { signal: patience(), maxBytes: 10 }))
    const gone = new Promise((resolve) => bob.on('disconnect', resolve))
    const pending = carol.request(bob.peer, '/test/never', Uint8Array.of(1), {
      signal: patience(),
      maxBytes: 10,
    })
    // A connection that is closed properly ends its streams first, which by itself looks like a refusal.
    const ended = expect(pending).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:closed|refused)$/),
    })
    await bob.disconnect(carol.peer)
    expect(await gone).toBe(carol.peer)
    await ended
    await channel.closed
    await carol.stop()
    await carol.stop()
    await expect(carol.publish(ROOM, Uint8Array.of(1))).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a peer and two relays', () => {
  test('joins the one that the other names, once, and knows how far it is', async () => {
    const [first, second] = await Promise.all([startRelay(), startRelay()])
    const alice = await startPeer(first)
    try {
      for (let i = 0; i < 2; i++) alice.joinMore(second.addresses())
      await vi.waitUntil(() => alice.relays().length === 2, PATIENCE)
      expect(second.helloes).toEqual([alice.peer])
      expect(() => alice.joinMore(['/dns/nobody.example/tcp/443/tls/ws'])).toThrow('/p2p/')
      await vi.waitUntil(() => alice.roundTrip(second.network.peer) !== undefined, PATIENCE)
      expect(alice.roundTrip(second.network.peer)).toBeGreaterThanOrEqual(0)
      const left: PeerIdString[] = []
      alice.on('disconnect', (peer) => left.push(peer))
      await first.stop()
      await vi.waitUntil(() => alice.relays().length === 1, PATIENCE)
      expect(alice.relays()).toEqual([second.network.peer])
      // And can be reached through it, to which she was connected all the time.
      await relayState(alice, 'connected')
      expect(left).toEqual([first.network.peer])
    } finally {
      await alice.stop()
      await Promise.all([first.stop(), second.stop()])
    }
  })

  test('does not join more than eight at the word of another', async () => {
    const relay = await startRelay()
    const alice = await startPeer(relay)
    try {
      const elsewhere = await Promise.all(Array.from({ length: 9 }, () => startRelay()))
      alice.joinMore(elsewhere.flatMap((each) => each.addresses().slice(0, 1)))
      await vi.waitUntil(() => alice.relays().length === 9, PATIENCE)
      expect(elsewhere.filter(({ helloes }) => helloes.length > 0)).toHaveLength(8)
      await Promise.all(elsewhere.map((each) => each.stop()))
    } finally {
      await alice.stop()
      await relay.stop()
    }
  })
})
