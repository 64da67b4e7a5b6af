import { beforeEach, describe, expect, test } from 'vitest'
import {
  CHANNELS_PER_PEER,
  CONNECT_MS,
  DISCONNECTED_MS,
  FAILURES_SHOWN,
  HOLD_MS,
  RESTART_MS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from '../../../node/mesh/limits.ts'
import type { PeerConnections } from '../../../node/ports/connections.ts'
import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../../protocol/wire/signalling.ts'
import { createScene, hears, linked, linkOf, type Participant, type Scene, settled, wanted } from './scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await createScene()
})

/** Both speak and hear each other. */
async function conversation(): Promise<readonly [Participant, Participant]> {
  const [low, high] = await scene.pair()
  low.mesh.update([wanted(high, 'both')])
  high.mesh.update([wanted(low, 'both')])
  await Promise.all([linked(low, high), linked(high, low)])
  await settled()
  return [low, high]
}

describe('who hears whom', () => {
  test.each([
    ['lower', 0],
    ['higher', 1],
  ] as const)('a speaker with the %s PeerId is heard by a listener, who sends nothing', async (_which, i) => {
    const both = await scene.pair()
    const [speaker, listener] = i === 0 ? both : [both[1], both[0]]
    speaker.mesh.update([wanted(listener, 'send')])
    listener.mesh.update([wanted(speaker, 'receive')])
    await Promise.all([linked(listener, speaker), linked(speaker, listener)])
    await settled()
    expect(await hears(listener, speaker)).toBe(true)
    expect(await hears(speaker, listener)).toBe(false)
    expect(linkOf(speaker, listener)?.stream).toBeUndefined()
  })

  test('two who offer at the same moment hear each other', async () => {
    const [low, high] = await conversation()
    expect(await hears(low, high)).toBe(true)
    expect(await hears(high, low)).toBe(true)
    expect([...low.reports, ...high.reports]).toEqual([])
  })

  test('two speakers hear each other, and a listener hears both', async () => {
    const alice = await scene.participant('Alice')
    const bob = await scene.participant('Bob')
    const carol = await scene.participant('Carol')
    alice.mesh.update([wanted(bob, 'both'), wanted(carol, 'send')])
    bob.mesh.update([wanted(alice, 'both'), wanted(carol, 'send')])
    carol.mesh.update([wanted(alice, 'receive'), wanted(bob, 'receive')])
    const pairs = [alice, bob, carol].flatMap((a) => [alice, bob, carol].map((b) => [a, b] as const))
    await Promise.all(pairs.filter(([a, b]) => a !== b).map(([a, b]) => linked(a, b)))
    await settled()
    expect(await hears(alice, bob)).toBe(true)
    expect(await hears(bob, alice)).toBe(true)
    expect(await hears(carol, alice)).toBe(true)
    expect(await hears(carol, bob)).toBe(true)
    expect(await hears(alice, carol)).toBe(false)
    expect(scene.media.size, 'one connection at each end of three links').toBe(6)
  })

  test('a listener becomes a speaker, and a listener again', async () => {
    const [low, high] = await scene.pair()
    low.mesh.update([wanted(high, 'send')])
    high.mesh.update([wanted(low, 'receive')])
    await linked(high, low)

    high.mesh.update([wanted(low, 'both')])
    low.mesh.update([wanted(high, 'both')])
    await linked(low, high, ({ stream }) => stream !== undefined)
    await settled()
    expect(await hears(low, high)).toBe(true)

    high.mesh.update([wanted(low, 'receive')])
    await linked(low, high, ({ stream }) => stream === undefined)
    expect(await hears(low, high)).toBe(false)
    expect(await hears(high, low), 'the other voice goes on').toBe(true)

    high.mesh.update([wanted(low, 'both')])
    await linked(low, high, ({ stream }) => stream !== undefined)
    await settled()
    expect(await hears(low, high)).toBe(true)
  })

  test('who sends but does not hold the stage here is not exposed', async () => {
    const [low, high] = await scene.pair()
    low.mesh.update([wanted(high, 'both')])
    high.mesh.update([wanted(low, 'send')])
    await Promise.all([linked(low, high), linked(high, low)])
    await settled()
    expect(await hears(low, high)).toBe(true)
    expect(linkOf(high, low)?.stream).toBeUndefined()
    expect((await high.mesh.levels()).get(low.network.peer)).toBe(0)
  })

  test('a voice is withdrawn in the call that takes the stage away, and is the same when it comes back', async () => {
    const [low, high] = await conversation()
    const stream = linkOf(low, high)?.stream
    low.mesh.update([wanted(high, 'send')])
    expect(linkOf(low, high)?.stream).toBeUndefined()
    low.mesh.update([wanted(high, 'both')])
    expect(linkOf(low, high)?.stream).toBe(stream)
    expect(stream).toBeDefined()
  })

  test('nothing leaves from the call on that ends speaking', async () => {
    const [low, high] = await conversation()
    high.mesh.update([wanted(low, 'receive')])
    expect(await hears(low, high)).toBe(false)
  })

  test('a muted microphone is silent, and the link stays as it is', async () => {
    const [low, high] = await conversation()
    const stream = linkOf(low, high)?.stream
    high.microphone.enabled = false
    expect(await hears(low, high)).toBe(false)
    expect(linkOf(low, high)?.stream).toBe(stream)
  })

  test('another microphone takes the place of the first without a word to the other side', async () => {
    const [low, high] = await conversation()
    high.microphone.enabled = false
    high.mesh.setMicrophone({ kind: 'audio', enabled: true } as MediaStreamTrack)
    expect(await hears(low, high), 'in the same task').toBe(true)
  })

  test('who is to speak and has no microphone yet speaks as soon as there is one', async () => {
    const [low, high] = await scene.pair()
    high.mesh.setMicrophone(undefined)
    high.mesh.update([wanted(low, 'both')])
    low.mesh.update([wanted(high, 'both')])
    await Promise.all([linked(low, high), linked(high, low)])
    expect(await hears(low, high)).toBe(false)
    high.mesh.setMicrophone(high.microphone)
    await linked(low, high, ({ stream }) => stream !== undefined)
    await settled()
    expect(await hears(low, high)).toBe(true)
  })

  test('links are shown in the order in which they were asked for', async () => {
    const alice = await scene.participant('Alice')
    const bob = await scene.session('Bob')
    const carol = await scene.session('Carol')
    const peers = () => alice.mesh.links.value.map(({ peer }) => peer)
    alice.mesh.update([wanted(carol, 'both'), wanted(bob, 'both')])
    expect(peers()).toEqual([carol.network.peer, bob.network.peer])
    alice.mesh.update([wanted(bob, 'both'), wanted(carol, 'both')])
    expect(peers()).toEqual([bob.network.peer, carol.network.peer])
  })

  test('a caller that asks for itself, or for somebody twice, is wrong', async () => {
    const alice = await scene.participant('Alice')
    const bob = await scene.session('Bob')
    expect(() => alice.mesh.update([wanted(alice, 'both')])).toThrow(TypeError)
    expect(() => alice.mesh.update([wanted(bob, 'both'), wanted(bob, 'send')])).toThrow(TypeError)
  })
})

describe('coming and going', () => {
  test('who leaves says so: the other side lets go at once', async () => {
    const [low, high] = await conversation()
    await high.mesh.stop()
    await linked(low, high, ({ state, stream }) => state === 'connecting' && stream === undefined)
    expect(low.reports).toEqual(['bye'])
    expect(scene.media.size).toBe(0)
  })

  test('who is not wanted any more is left, and found again', async () => {
    const [low, high] = await conversation()
    low.mesh.update([])
    expect(low.mesh.links.value).toEqual([])
    await linked(high, low, ({ state }) => state !== 'connected')
    low.mesh.update([wanted(high, 'both')])
    await Promise.all([linked(low, high), linked(high, low)])
    await settled()
    expect(await hears(low, high)).toBe(true)
  })

  test('a hundred comings and goings leave nothing behind', async () => {
    const [low, high] = await conversation()
    const held = () => [
      scene.media.size,
      low.network.openChannels,
      high.network.openChannels,
      scene.clock.pending,
    ]
    const before = held()
    for (let i = 0; i < 100; i++) {
      const [goer, stayer] = i % 2 === 0 ? [low, high] : [high, low]
      goer.mesh.update([])
      await linked(stayer, goer, ({ state }) => state !== 'connected')
      goer.mesh.update([wanted(stayer, 'both')])
      await settled()
      // The side that opens waits after a goodbye.
      scene.clock.turn(RETRY_MAX_MS)
      await Promise.all([linked(low, high), linked(high, low)])
    }
    await settled()
    expect(held()).toEqual(before)
    await Promise.all([low.mesh.stop(), high.mesh.stop()])
    await settled()
    expect(held()).toEqual([0, 0, 0, 0])
  })

  test('stopping twice is safe, and nothing begins afterwards', async () => {
    const [low, high] = await conversation()
    await Promise.all([low.mesh.stop(), low.mesh.stop()])
    low.mesh.update([wanted(high, 'both')])
    low.mesh.setMicrophone(undefined)
    expect(low.mesh.links.value).toEqual([])
    expect(low.microphone.enabled, 'the microphone belongs to whoever opened it').toBe(true)
    await high.mesh.stop()
    expect(scene.clock.pending).toBe(0)
  })

  test('one mesh at a time: a second one does not start, and after the first has stopped it does', async () => {
    const [low] = await scene.pair()
    const again = () =>
      low.network.handleChannel(SIGNALLING_PROTOCOL, { maxBytes: 1, maxConcurrentPerPeer: 1 }, () => {})
    await expect(again()).rejects.toThrow()
    await low.mesh.stop()
    await expect(again()).resolves.toBeUndefined()
  })

  test('a channel that comes before its peer is known here waits for it', async () => {
    const [low, high] = await scene.pair()
    low.mesh.update([wanted(high, 'both')])
    await settled()
    expect(linkOf(low, high)?.state).toBe('connecting')
    scene.clock.turn(HOLD_MS - 1)
    high.mesh.update([wanted(low, 'both')])
    await Promise.all([linked(low, high), linked(high, low)])
    expect(low.reports).toEqual([])
  })

  test('a channel whose peer is not known in time is closed, with no effect', async () => {
    const [participant, stranger] = await scene.besieged()
    const { signal } = new AbortController()
    const channel = await stranger.network.openChannel(participant.network.peer, SIGNALLING_PROTOCOL, {
      signal,
      maxBytes: SIGNALLING.maxBytes,
    })
    scene.clock.turn(HOLD_MS - 1)
    await channel.send(new Uint8Array(1))
    scene.clock.turn(1)
    await channel.closed
    expect(participant.mesh.links.value).toEqual([])
    expect(scene.media.size).toBe(0)
    expect(scene.clock.pending).toBe(0)
  })
})

describe('when the world fails', () => {
  test('a road that is lost is looked for again; the voices come back on the same link', async () => {
    const [low, high] = await conversation()
    const stream = linkOf(low, high)?.stream
    scene.media.sever()
    await linked(low, high, ({ state }) => state === 'connecting')
    expect(await hears(low, high)).toBe(false)
    scene.clock.turn(DISCONNECTED_MS)
    await settled()
    scene.media.heal()
    scene.clock.turn(RESTART_MS)
    await Promise.all([linked(low, high), linked(high, low)])
    await settled()
    expect(await hears(low, high)).toBe(true)
    expect(linkOf(low, high)?.stream).toBe(stream)
    expect([...low.reports, ...high.reports]).toEqual([])
  })

  test('a link whose roads stay closed has failed, and is made anew when they open', async () => {
    const [low, high] = await conversation()
    scene.media.sever()
    for (let i = 0; i < 10 && linkOf(low, high)?.state !== 'failed'; i++) {
      scene.clock.turn(RESTART_MS)
      await settled()
    }
    expect(linkOf(low, high)).toMatchObject({ state: 'failed', reason: 'no-road', stream: undefined })
    scene.media.heal()
    scene.clock.turn(RETRY_MAX_MS)
    await Promise.all([linked(low, high), linked(high, low)])
    await settled()
    expect(await hears(low, high)).toBe(true)
    expect(linkOf(low, high)?.reason).toBeUndefined()
  })

  test('an offer that nobody answers has failed', async () => {
    const [low, silent] = await scene.pair()
    await silent.mesh.stop()
    const options = { maxBytes: SIGNALLING.maxBytes, maxConcurrentPerPeer: CHANNELS_PER_PEER }
    await silent.network.handleChannel(SIGNALLING_PROTOCOL, options, () => {})
    low.mesh.update([wanted(silent, 'both')])
    await settled()
    scene.clock.turn(CONNECT_MS - 1)
    expect(linkOf(low, silent)?.state).toBe('connecting')
    scene.clock.turn(1)
    expect(linkOf(low, silent)).toMatchObject({ state: 'failed', reason: 'no-answer' })
    expect(scene.media.size).toBe(0)
  })

  test('a peer that is not linked yet is connecting for a while, then has failed', async () => {
    const [low, high] = await scene.pair()
    scene.hub.cut(low.network.peer, high.network.peer)
    low.mesh.update([wanted(high, 'both')])
    for (let i = 1; i < FAILURES_SHOWN; i++) {
      await settled()
      expect(linkOf(low, high)).toMatchObject({ state: 'connecting', reason: undefined })
      scene.clock.turn(RETRY_MIN_MS * 2 ** (i - 1))
    }
    await settled()
    expect(linkOf(low, high)).toMatchObject({ state: 'failed', reason: 'signalling-lost' })
  })

  test('a peer that gets linked is tried at once', async () => {
    const [low, high] = await scene.pair()
    scene.hub.cut(low.network.peer, high.network.peer)
    low.mesh.update([wanted(high, 'both')])
    high.mesh.update([wanted(low, 'both')])
    await settled()
    scene.hub.link(low.network.peer, high.network.peer)
    await Promise.all([linked(low, high), linked(high, low)])
  })

  test('a link whose signalling is cut ends, and begins anew when its peer is back', async () => {
    const [low, high] = await conversation()
    scene.hub.cut(low.network.peer, high.network.peer)
    await linked(low, high, ({ state, stream }) => state === 'connecting' && stream === undefined)
    scene.hub.link(low.network.peer, high.network.peer)
    await Promise.all([linked(low, high), linked(high, low)])
    await settled()
    expect(await hears(high, low)).toBe(true)
  })

  describe('where the platform makes no connection more', () => {
    /** As many as it makes. */
    let most: number

    beforeEach(() => {
      most = 0
    })

    function bounded(): PeerConnections {
      const real = scene.media.session()
      return {
        ...real,
        open(listener, speaker) {
          if (scene.media.size >= most)
            throw new DOMException('Cannot create so many PeerConnections', 'UnknownError')
          return real.open(listener, speaker)
        },
      }
    }

    test('whoever begins has failed, holds no channel open, and tries again', async () => {
      const [low, high] = await scene.pair(undefined, bounded())
      low.mesh.update([wanted(high, 'both')])
      high.mesh.update([wanted(low, 'both')])
      await settled()
      expect(linkOf(low, high)).toMatchObject({ state: 'failed', reason: 'platform' })
      expect([low.reports, low.network.openChannels, scene.media.size]).toEqual([['platform'], 0, 0])
      most = Number.POSITIVE_INFINITY
      scene.clock.turn(RETRY_MAX_MS)
      await Promise.all([linked(low, high), linked(high, low)])
    })

    test('whoever is called goes on with everything else, and is linked later', async () => {
      const [low, high] = await scene.pair(bounded())
      low.mesh.update([wanted(high, 'both')])
      await settled()
      // Its channel waits here.
      high.mesh.update([wanted(low, 'both')])
      expect(linkOf(high, low)).toMatchObject({ state: 'failed', reason: 'platform' })
      await settled()
      expect([high.reports, high.network.openChannels, scene.media.size]).toEqual([['platform'], 0, 0])
      most = Number.POSITIVE_INFINITY
      scene.clock.turn(RETRY_MAX_MS)
      await Promise.all([linked(low, high), linked(high, low)])
      await settled()
      expect([await hears(low, high), await hears(high, low)]).toEqual([true, true])
    })

    test('a newer channel takes the place of an older one, whose connection is given back first', async () => {
      most = 1
      const [low, high] = await scene.pair(bounded())
      high.mesh.update([wanted(low, 'both')])
      const { signal } = new AbortController()
      const options = { signal, maxBytes: SIGNALLING.maxBytes }
      const open = () => low.network.openChannel(high.network.peer, SIGNALLING_PROTOCOL, options)
      const [older] = [await open(), await open()]
      await older.closed
      expect([high.reports, high.network.openChannels, scene.media.size]).toEqual([[], 1, 1])
    })
  })
})
