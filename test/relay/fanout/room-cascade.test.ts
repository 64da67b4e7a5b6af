import { expect, it, onTestFinished } from 'vitest'
import { MessageQueue } from '../../../node/network/message-queue.ts'
import type { Channel, PeerIdString } from '../../../node/network/network.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import { idOf, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import { CASCADE, CASCADE_PROTOCOL, type CascadeMessage } from '../../../protocol/wire/cascade.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { Cascade } from '../../../relay/fanout/cascade.ts'
import { Crew, type PullEvents } from '../../../relay/fanout/crew.ts'
import { DOUBT_MS, PULL_AGAIN_MIN_MS, SILENT_REPORTS } from '../../../relay/fanout/limits.ts'
import type { LinkId, PlacedVoice } from '../../../relay/fanout/messages.ts'
import type { VoiceId } from '../../../relay/fanout/selection.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { MemoryHub } from '../../support/memory-network.ts'

/** What one relay asks of others and says to them, where both sides of every stream can be seen, and no packet flows. */

const ROOM: RoomId = idOf(bytesOf('the room'))
const ALICE: MemberId = idOf(bytesOf('Alice'))
const keyOf = (name: string) => signerOf(name).publicKey
const FROM = keyOf('Alice session')
const OFFER = 'v=0\r\ns=an offer\r\n'
const ANSWER = [
  'v=0',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=candidate:1 1 UDP 1 127.0.0.1 9 typ host',
  '',
].join('\r\n')

/** Its links stand as soon as they are answered. */
class QuickCrew extends Crew {
  readonly #links: PullEvents[] = []
  readonly #taken = new Map<LinkId, readonly VoiceId[]>()

  /** Half a second has passed on each link on which a voice is taken. @param came to whom something came, by the order of their links */
  report(...came: readonly boolean[]): void {
    for (const [id, events] of this.#links.entries()) {
      const voices = this.#taken.get(id as LinkId) ?? []
      if (voices.length > 0) events.arrived(came[id] === true ? voices : [])
    }
  }

  override setTaken(id: LinkId, voices: readonly PlacedVoice[]): void {
    const numbers = voices.map(({ voice }) => voice)
    this.#taken.set(id, numbers)
  }

  override async pull(_room: RoomId, events: PullEvents): Promise<LinkId> {
    setImmediate(() => events.offered(OFFER))
    return (this.#links.push(events) - 1) as LinkId
  }

  override accept(id: LinkId): void {
    this.#links[id]?.connected()
  }
}

/** A stream between the relay and another one, which says what it likes. */
class Stream {
  readonly #channel: Channel
  readonly #said: AsyncIterator<Uint8Array>

  constructor(channel: Channel) {
    this.#channel = channel
    this.#said = channel.messages[Symbol.asyncIterator]()
  }

  say(message: CascadeMessage): void {
    void this.#channel.send(encodeFrame(CASCADE, message))
  }

  /** The next of these that the relay says. */
  async hear<K extends keyof CascadeMessage>(kind: K): Promise<CascadeMessage[K]> {
    for (;;) {
      const { value, done } = await this.#said.next()
      const read = done === true ? undefined : decodeFrame(CASCADE, value)
      if (read?.ok !== true) throw new Error(`it ended before ${kind}`)
      if (read.value[kind] !== undefined) return read.value[kind]
    }
  }
}

interface Scene {
  readonly cascade: Cascade
  readonly clock: TurnedClock
  /** Whether Alice may speak, as the relay knows it. */
  setMay(may: boolean): void
  /** Whether she says that she speaks. */
  setSpeaks(speaks: boolean): void
  readonly crew: QuickCrew
  /** Another relay, and the streams that it is asked on. */
  giver(name: string): Promise<{ readonly next: () => Promise<Stream>; readonly asked: () => number }>
  /** A stream that another relay opens. */
  taker(name: string): Promise<Stream>
}

async function createScene(): Promise<Scene> {
  const hub = new MemoryHub()
  const network = hub.add(keyOf('the relay'))
  const clock = turnedClock(NOON * 1000)
  const fellows = new Set<PeerIdString>()
  let may = true
  let speaks = false
  let changed: (room: RoomId) => void = () => {}
  const options = { processes: 0, ports: [], bind: undefined, announce: [], secret: new Uint8Array(16) }
  const crew = new QuickCrew({ ...options, clock, report() {} })
  const cascade = await Cascade.start({
    network,
    fellows: {
      has: (peer) => fellows.has(peer),
      linked: () => [...fellows].filter((peer) => hub.isLinked(network.peer, peer)),
      onChange: (listener) => network.on('connect', listener),
    },
    gate: {
      mayForward: () => (may ? 'speaker' : 'listener'),
      speaks: () => speaks,
      isOpen: () => true,
      meet() {},
      async learn() {},
      onChange(listener) {
        changed = listener
        return () => {}
      },
    },
    crew,
    clock,
    others: () => [],
  })
  onTestFinished(() => cascade.stop())
  return {
    cascade,
    clock,
    crew,
    setSpeaks(now) {
      speaks = now
    },
    setMay(now) {
      may = now
      changed(ROOM)
    },
    async giver(name) {
      const other = hub.add(keyOf(name))
      const streams = new MessageQueue<Stream>(16)
      let asked = 0
      await other.handleChannel(
        CASCADE_PROTOCOL,
        { maxBytes: CASCADE.maxBytes, maxConcurrentPerPeer: 8 },
        (_, channel) => {
          asked += 1
          streams.push(new Stream(channel))
        },
      )
      fellows.add(other.peer)
      hub.link(other.peer, network.peer)
      const next = streams[Symbol.asyncIterator]()
      return { next: async () => (await next.next()).value as Stream, asked: () => asked }
    },
    async taker(name) {
      const other = hub.peers.get(peerIdOf(keyOf(name))) ?? hub.add(keyOf(name))
      fellows.add(other.peer)
      hub.link(other.peer, network.peer)
      const signal = new AbortController().signal
      return new Stream(
        await other.openChannel(network.peer, CASCADE_PROTOCOL, { signal, maxBytes: CASCADE.maxBytes }),
      )
    },
  }
}

const voices = (hop: number, load = 0): CascadeMessage => ({ voices: [{ from: FROM, m: ALICE, hop }], load })
/** What was sent has arrived, and what it calls for was done. */
const arrived = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

it('CASCADE-3 a voice is said to be here once its connection stands, with the number of relays that it came through', async () => {
  const scene = await createScene()
  scene.cascade.setListeners(ROOM, 1)
  const giver = await (await scene.giver('a giver')).next()
  giver.say(voices(1))
  expect(await giver.hear('offer')).toBe(OFFER)
  expect(await giver.hear('want')).toMatchObject([{ from: FROM, hop: 2 }])
  const taker = await scene.taker('a taker')
  taker.say({ r: ROOM })
  expect(await taker.hear('voices')).toEqual([])
  giver.say({ answer: ANSWER })
  expect(await taker.hear('voices')).toEqual([{ from: FROM, m: ALICE, hop: 2 }])
})

it('CASCADE-3 a voice that came further is taken anew with a higher number, in another slot, and from the third relay on goes nowhere', async () => {
  const scene = await createScene()
  scene.cascade.setListeners(ROOM, 1)
  const giver = await (await scene.giver('a giver')).next()
  giver.say(voices(0))
  await giver.hear('offer')
  const [before] = (await giver.hear('want')) ?? []
  expect(before).toMatchObject({ from: FROM, hop: 1 })
  giver.say({ answer: ANSWER })
  const taker = await scene.taker('a taker')
  await arrived()
  taker.say({ r: ROOM })
  expect(await taker.hear('voices')).toHaveLength(1)
  giver.say(voices(2))
  const [after] = (await giver.hear('want')) ?? []
  expect(after).toMatchObject({ from: FROM, hop: 3 })
  expect(after?.slot).not.toBe(before?.slot)
  expect(await taker.hear('voices')).toEqual([])
})

it.each([
  ['which it came through fewer relays to, however busy that is', voices(1, 0), voices(0, 90)],
  ['which has least to do, of two that it is as far to', voices(0, 90), voices(0, 10)],
])('CASCADE-5 a voice is taken from the one %s', async (_which, worse, better) => {
  const scene = await createScene()
  scene.setMay(false)
  scene.cascade.setListeners(ROOM, 1)
  const givers = [
    await (await scene.giver('one')).next(),
    await (await scene.giver('another')).next(),
  ] as const
  givers[0].say(worse)
  givers[1].say(better)
  await arrived()
  scene.setMay(true)
  expect(await givers[1].hear('want')).toMatchObject([{ from: FROM }])
  givers[0].say({ bye: true })
  await expect(givers[0].hear('offer')).rejects.toThrow()
})

it('CASCADE-5 who may not speak any more is let go of at once, and who may again is taken', async () => {
  const scene = await createScene()
  scene.cascade.setListeners(ROOM, 1)
  const giver = await (await scene.giver('a giver')).next()
  giver.say(voices(0))
  expect(await giver.hear('want')).toHaveLength(1)
  scene.setMay(false)
  expect(await giver.hear('want')).toEqual([])
  scene.setMay(true)
  expect(await giver.hear('want')).toHaveLength(1)
})

it('CASCADE-5 nobody is asked about a room that nobody listens to here', async () => {
  const scene = await createScene()
  const taker = await scene.taker('a taker')
  taker.say({ r: ROOM })
  expect(await taker.hear('voices')).toEqual([])
  const giver = await scene.giver('a giver')
  await arrived()
  expect(giver.asked()).toBe(0)
  scene.cascade.setListeners(ROOM, 1)
  await giver.next()
  expect(giver.asked()).toBe(1)
})

it('CASCADE-5 one that refuses is asked again later and later', async () => {
  const scene = await createScene()
  scene.cascade.setListeners(ROOM, 1)
  const giver = await scene.giver('a giver')
  for (const wait of [1, 2, 4, 8].map((times) => times * PULL_AGAIN_MIN_MS)) {
    const stream = await giver.next()
    stream.say({ error: 'relay-full', others: [] })
    await arrived()
    const before = giver.asked()
    scene.clock.turn(wait - 1)
    await arrived()
    expect(giver.asked()).toBe(before)
    scene.clock.turn(1)
  }
  await giver.next()
})

it('CASCADE-1 a relay that asks about a room again is done with its stream before', async () => {
  const scene = await createScene()
  const first = await scene.taker('a taker')
  first.say({ r: ROOM })
  await first.hear('voices')
  const second = await scene.taker('a taker')
  second.say({ r: ROOM })
  expect(await first.hear('bye')).toBe(true)
  expect(await second.hear('voices')).toEqual([])
})

/** Two relays that have Alice's voice, of which the first is taken, and a relay that takes it from here. */
async function twoGivers() {
  const scene = await createScene()
  scene.cascade.setListeners(ROOM, 1)
  const first = await (await scene.giver('one')).next()
  first.say(voices(0))
  await first.hear('want')
  first.say({ answer: ANSWER })
  const second = await (await scene.giver('another')).next()
  second.say(voices(1))
  const taker = await scene.taker('a taker')
  await arrived()
  taker.say({ r: ROOM })
  expect(await taker.hear('voices')).toHaveLength(1)
  return { ...scene, first, second, taker }
}

it('CASCADE-7 a relay that says that it has a voice, and brings nothing of it while it speaks, is left for another one', async () => {
  const { crew, setSpeaks, first, second, taker } = await twoGivers()
  setSpeaks(true)
  for (let i = 1; i < SILENT_REPORTS; i++) crew.report(false)
  await arrived()
  // A pause counts against it.
  setSpeaks(false)
  crew.report(false)
  setSpeaks(true)
  crew.report(false)
  crew.report(false)
  expect(await first.hear('want')).toEqual([])
  expect(await second.hear('want')).toMatchObject([{ from: FROM, hop: 2 }])
  second.say({ answer: ANSWER })
  await arrived()
  // Until the other one's connection stands there is nothing to give.
  expect(await taker.hear('voices')).toEqual([])
  expect(await taker.hear('voices')).toEqual([{ from: FROM, m: ALICE, hop: 2 }])
})

it('CASCADE-7 nothing is missing of who is silent, nor of who comes, nor of who comes half of the time', async () => {
  const { crew, setSpeaks, first } = await twoGivers()
  for (let i = 0; i < 100; i++) crew.report(false)
  setSpeaks(true)
  for (let i = 0; i < 100; i++) crew.report(true)
  for (let i = 0; i < 100; i++) crew.report(i % 2 === 0)
  await arrived()
  first.say({ bye: true })
  await expect(first.hear('want')).rejects.toThrow()
})

it('CASCADE-7 the one that was left is not turned to again, however near it says that it is; in five minutes it is as good as any', async () => {
  const { crew, setSpeaks, first, second, clock } = await twoGivers()
  setSpeaks(true)
  for (let i = 0; i < SILENT_REPORTS; i++) crew.report(false)
  expect(await first.hear('want')).toEqual([])
  await second.hear('want')
  second.say({ answer: ANSWER })
  await arrived()
  for (let passed = 0; passed < DOUBT_MS; passed += 5_000) {
    first.say(voices(0))
    second.say(voices(1))
    crew.report(false, true)
    await arrived()
    clock.turn(5_000)
  }
  // One that is doubted for the voice would make it take twice as long.
  for (let i = 0; i < SILENT_REPORTS; i++) crew.report(false, false)
  expect(await second.hear('want')).toEqual([])
  expect(await first.hear('want')).toMatchObject([{ from: FROM, hop: 1 }])
})

it('CASCADE-7 where all that have it bring nothing they are tried in turn, later and later, and what comes is believed', async () => {
  const { crew, setSpeaks, first, second, taker } = await twoGivers()
  setSpeaks(true)
  for (let i = 0; i < SILENT_REPORTS; i++) crew.report(false)
  expect(await first.hear('want')).toEqual([])
  await second.hear('want')
  second.say({ answer: ANSWER })
  expect(await taker.hear('voices')).toEqual([])
  expect(await taker.hear('voices')).toHaveLength(1)
  for (let i = 0; i < 2 * SILENT_REPORTS; i++) crew.report(false, false)
  expect(await second.hear('want')).toEqual([])
  expect(await first.hear('want')).toHaveLength(1)
  // It is not said to be here while it is not.
  expect(await taker.hear('voices')).toEqual([])
  crew.report(true)
  expect(await taker.hear('voices')).toEqual([{ from: FROM, m: ALICE, hop: 1 }])
})

it('CASCADE-7 the only one that has a voice is kept', async () => {
  const scene = await createScene()
  scene.cascade.setListeners(ROOM, 1)
  scene.setSpeaks(true)
  const giver = await (await scene.giver('a giver')).next()
  giver.say(voices(0))
  await giver.hear('want')
  giver.say({ answer: ANSWER })
  await arrived()
  for (let i = 0; i < 200; i++) scene.crew.report(false)
  await arrived()
  giver.say({ bye: true })
  await expect(giver.hear('want')).rejects.toThrow()
})
