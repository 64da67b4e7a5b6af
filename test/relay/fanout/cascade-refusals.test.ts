import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Channel } from '../../../node/network/network.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import type { KeyText, MemberId } from '../../../protocol/ids.ts'
import { EARS_EXPIRY_MS, MAX_CASCADE_VOICES } from '../../../protocol/limits.ts'
import { CASCADE, CASCADE_PROTOCOL, type CascadeMessage } from '../../../protocol/wire/cascade.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { MAX_BRANCHES } from '../../../relay/fanout/limits.ts'
import { NOON, signerOf } from '../../support/community.ts'
import type { MemoryNetwork } from '../../support/memory-network.ts'
import { PATIENCE } from '../../support/patience.ts'
import { connected, createScene, ROOM, type Scene, type SceneRelay, type Seat } from './scene.ts'

/** The other end of a stream between relays, which says what it likes. */
interface Other {
  readonly channel: Channel
  readonly said: CascadeMessage[]
  say(message: CascadeMessage): void
  /** Resolves with the first that this is true of, of those that came or come; fails when the stream ends without. */
  hear(condition: (message: CascadeMessage) => boolean): Promise<CascadeMessage>
}

function otherOn(channel: Channel): Other {
  const said: CascadeMessage[] = []
  const waiting = new Set<() => void>()
  let isOver = false
  const look = () => {
    for (const each of [...waiting]) each()
  }
  void (async () => {
    for await (const bytes of channel.messages) {
      const read = decodeFrame(CASCADE, bytes)
      if (!read.ok) throw new Error(read.reason)
      said.push(read.value)
      look()
    }
    isOver = true
    look()
  })()
  return {
    channel,
    said,
    say: (message) => void channel.send(encodeFrame(CASCADE, message)),
    hear: (condition) =>
      new Promise((resolve, reject) => {
        const each = () => {
          const found = said.find(condition)
          if (found === undefined && !isOver) return
          waiting.delete(each)
          if (found === undefined) reject(new Error(`it ended after ${JSON.stringify(said)}`))
          else resolve(found)
        }
        waiting.add(each)
        each()
      }),
  }
}

/** A relay of the community with a will of its own. */
function rogue(scene: Scene, name: string, at: Pick<SceneRelay, 'relay'>): MemoryNetwork {
  const relay = scene.hub.add(signerOf(name).publicKey)
  scene.join({ relay }, at)
  return relay
}

async function takesFrom(at: Pick<SceneRelay, 'relay'>, rogue: MemoryNetwork): Promise<Other> {
  const channel = await rogue.openChannel(at.relay.peer, CASCADE_PROTOCOL, {
    signal: new AbortController().signal,
    maxBytes: CASCADE.maxBytes,
  })
  return otherOn(channel)
}

/** Streams that others open to it, one after the other. */
async function gives(rogue: MemoryNetwork): Promise<AsyncIterator<Other>> {
  const waiting: ((other: Other) => void)[] = []
  const there: Other[] = []
  await rogue.handleChannel(
    CASCADE_PROTOCOL,
    { maxBytes: CASCADE.maxBytes, maxConcurrentPerPeer: 8 },
    (_, channel) => {
      const other = otherOn(channel)
      const next = waiting.shift()
      if (next) next(other)
      else there.push(other)
    },
  )
  return {
    async next() {
      const ready = there.shift()
      return { done: false, value: ready ?? (await new Promise<Other>((resolve) => waiting.push(resolve))) }
    },
  }
}

const nextOf = async (streams: AsyncIterator<Other>): Promise<Other> => (await streams.next()).value

async function speakerAt(scene: Scene, name: string, at?: SceneRelay): Promise<Seat> {
  const guest = await scene.guest(name, at)
  scene.stage.add(guest.person.member)
  const seat = guest.sit({ speaks: true })
  await seat.until(connected)
  return seat
}

async function earAt(scene: Scene, name: string, at?: SceneRelay): Promise<Seat> {
  const seat = (await scene.guest(name, at)).sit()
  await seat.until(connected)
  return seat
}

function speak(seat: Seat): void {
  const timer = setInterval(() => seat.link.connection.send(Buffer.alloc(40, 1), 20, 20), 20)
  onTestFinished(() => clearInterval(timer))
}

const keyOfSession = (name: string): KeyText => signerOf(`${name} session`).publicKey
const memberOf = ({ stage }: Scene) => [...stage][0] as MemberId

/** Of a relay that never comes. */
const OFFER = [
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:voices',
  'a=recvonly',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n')

describe('a relay that takes', () => {
  it('CASCADE-3 is not given a voice that has come as far as it says that it will have there', async () => {
    const scene = await createScene()
    const second = await scene.another('the second relay')
    scene.join(scene, second)
    await speakerAt(scene, 'Alice')
    await earAt(scene, 'Bob', second)
    const given = vi.spyOn(second.crew, 'setGiven')
    const from = keyOfSession('Alice')
    const taker = await takesFrom(second, rogue(scene, 'a rogue', second))
    taker.say({ r: ROOM })
    const { voices } = await taker.hear((message) => (message.voices?.length ?? 0) > 0)
    expect(voices).toEqual([{ from, m: memberOf(scene), hop: 1 }])
    taker.say({ offer: OFFER })
    await taker.hear(({ answer }) => answer !== undefined)
    taker.say({ want: [{ from, slot: 0, hop: 1 }] })
    taker.say({ want: [{ from, slot: 3, hop: 2 }] })
    await vi.waitUntil(() => given.mock.calls.length > 0, PATIENCE)
    expect(given.mock.calls.map(([, each]) => each.map(({ slot }) => slot))).toEqual([[3]])
  })

  it.each<[string, CascadeMessage[], string]>([
    ['wants something before it says of which room', [{ want: [] }], 'field-missing'],
    ['asks about a second room', [{ r: ROOM }, { r: ROOM }], 'field-unknown'],
    ['says what only a relay that gives says', [{ r: ROOM }, { voices: [], load: 0 }], 'field-unknown'],
    ['offers twice', [{ r: ROOM }, { offer: OFFER }, { offer: OFFER }], 'stale'],
    [
      'offers nothing that receives',
      [{ r: ROOM }, { offer: OFFER.replace('recvonly', 'sendonly') }],
      'wrong-description',
    ],
  ])('CASCADE-1 is refused when it %s', async (_what, messages, reason) => {
    const scene = await createScene()
    const taker = await takesFrom(scene, rogue(scene, 'a rogue', scene))
    for (const message of messages) taker.say(message)
    expect(await taker.hear(({ error }) => error !== undefined)).toEqual({ error: reason, others: [] })
  })

  it('CASCADE-5 is refused by a relay that feeds as many as it does', async () => {
    const others = ['/dns4/other.example/tcp/443/tls/ws/p2p/12D3KooWOther']
    const scene = await createScene({ others })
    const takers: Other[] = []
    for (let i = 0; i <= MAX_BRANCHES; i++) {
      const taker = await takesFrom(scene, rogue(scene, `rogue ${i}`, scene))
      takers.push(taker)
      taker.say({ r: ROOM })
      taker.say({ offer: OFFER })
      const answered = await taker.hear(({ answer, error }) => answer !== undefined || error !== undefined)
      expect(answered.error).toBe(i < MAX_BRANCHES ? undefined : 'relay-full')
    }
    expect(await takers.at(-1)?.hear(({ error }) => error !== undefined)).toEqual({
      error: 'relay-full',
      others,
    })
    // A place that was left is free.
    takers[0]?.say({ bye: true })
    const late = await takesFrom(scene, rogue(scene, 'a late one', scene))
    late.say({ r: ROOM })
    late.say({ offer: OFFER })
    await late.hear(({ answer }) => answer !== undefined)
  })

  it('CASCADE-1 is told of no voice when its speaker is gone, and nothing goes round among those who had it', async () => {
    const scene = await createScene()
    const [second, third] = [
      await scene.another('the second relay'),
      await scene.another('the third relay'),
    ] as const
    scene.join(scene, second)
    scene.join(scene, third)
    scene.join(second, third)
    const alice = await speakerAt(scene, 'Alice')
    const ears = [await earAt(scene, 'Bob', second), await earAt(scene, 'Carol', third)]
    speak(alice)
    for (const ear of ears) await ear.until(({ heard }) => heard.length >= 20)
    const taker = await takesFrom(second, rogue(scene, 'a rogue', second))
    taker.say({ r: ROOM })
    await taker.hear(({ voices }) => voices?.length === 1)
    await alice.link.close()
    await taker.hear(({ voices }) => voices?.length === 0)
    expect(taker.said.flatMap(({ voices }) => (voices ? [voices.length] : []))).toEqual([1, 0])
  })
})

describe('a relay that gives', () => {
  it('CASCADE-5 is not asked for voices of people who may not speak, nor for those that are here', async () => {
    const scene = await createScene()
    const giver = rogue(scene, 'a rogue', scene)
    const streams = await gives(giver)
    await speakerAt(scene, 'Alice')
    const bob = await scene.guest('Bob')
    const other = await nextOf(streams)
    expect(await other.hear(() => true)).toEqual({ r: ROOM })
    other.say({
      voices: [
        { from: keyOfSession('Alice'), m: memberOf(scene), hop: 0 },
        { from: keyOfSession('Bob'), m: bob.person.member, hop: 0 },
      ],
      load: 0,
    })
    // What was said before that was read by then.
    other.say({ ears: [{ relay: signerOf('a rogue').publicKey, n: 7, at: 1, age: 0 }] })
    await vi.waitUntil(() => scene.fanout.hearing(ROOM) === 8, PATIENCE)
    expect(other.said.filter(({ offer, want }) => offer !== undefined || want !== undefined)).toEqual([])
  })

  it('CASCADE-5 and is full is asked again later, and another one is taken from meanwhile', async () => {
    const scene = await createScene()
    const [second, last] = [
      await scene.another('the second relay'),
      await scene.another('the last relay'),
    ] as const
    scene.join(scene, second)
    scene.join(second, last)
    const streams = await gives(rogue(scene, 'a rogue', last))
    const alice = await speakerAt(scene, 'Alice')
    await earAt(scene, 'Bob', second)
    scene.hub.cut(second.relay.peer, last.relay.peer)
    const carol = await earAt(scene, 'Carol', last)
    const other = await nextOf(streams)
    other.say({ voices: [{ from: keyOfSession('Alice'), m: memberOf(scene), hop: 0 }], load: 0 })
    await other.hear(({ offer }) => offer !== undefined)
    scene.hub.link(second.relay.peer, last.relay.peer)
    other.say({ error: 'relay-full', others: [] })
    void other.channel.close()
    speak(alice)
    await carol.until(({ heard }) => heard.length >= 20)
    // It is asked again, but not for what comes from another now.
    const again = await nextOf(streams)
    again.say({ voices: [{ from: keyOfSession('Alice'), m: memberOf(scene), hop: 0 }], load: 0 })
    const before = carol.heard.length
    await carol.until(({ heard }) => heard.length >= before + 20)
    expect(again.said.some(({ offer }) => offer !== undefined)).toBe(false)
  })

  it.each<[string, Uint8Array]>([
    ['more voices than there may be', tooMany()],
    ['what is no message', Uint8Array.of(0xff)],
  ])('CASCADE-1 that says %s is hung up on', async (_what, bytes) => {
    const scene = await createScene()
    const streams = await gives(rogue(scene, 'a rogue', scene))
    await earAt(scene, 'Bob')
    const other = await nextOf(streams)
    await other.channel.send(bytes)
    await other.channel.closed
    expect(scene.failures).toEqual([])
  })

  it('CASCADE-5 and says nothing any more is given up, before its connection is', async () => {
    const clock = turnedClock(NOON * 1000)
    const scene = await createScene({ clock })
    const streams = await gives(rogue(scene, 'a rogue', scene))
    const still = { clock: turnedClock(NOON * 1000) }
    const bob = (await scene.guest('Bob')).sit(still)
    await bob.until(connected)
    const other = await nextOf(streams)
    other.say({ ears: [{ relay: signerOf('a rogue').publicKey, n: 7, at: 1, age: 0 }] })
    await vi.waitUntil(() => scene.fanout.hearing(ROOM) === 8, PATIENCE)
    let isOver = false
    void other.channel.closed.then(() => {
      isOver = true
    })
    clock.turn(EARS_EXPIRY_MS - 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    clock.turn(1)
    await other.channel.closed
  })
})

/** A message of 33 voices, as no encoder of ours makes it. */
function tooMany(): Uint8Array {
  const voice = { from: keyOfSession('Alice'), m: keyOfSession('Alice') as string as MemberId, hop: 0 }
  const whole = encodeFrame(CASCADE, { voices: Array(MAX_CASCADE_VOICES).fill(voice), load: 0 })
  // An array of so many items, in CBOR.
  const at = whole.findIndex((byte, i) => byte === 0x98 && whole[i + 1] === MAX_CASCADE_VOICES)
  const one = (whole.length - encodeFrame(CASCADE, { voices: [], load: 0 }).length - 1) / MAX_CASCADE_VOICES
  const items = whole.subarray(at + 2)
  return Uint8Array.from([
    ...whole.subarray(0, at + 1),
    MAX_CASCADE_VOICES + 1,
    ...items.subarray(0, one),
    ...items,
  ])
}
