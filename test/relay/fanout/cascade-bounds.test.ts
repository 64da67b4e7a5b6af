import { randomBytes } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Channel, PeerIdString } from '../../../node/network/network.ts'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import { idOf, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import { MAX_CASCADE_VOICES, MAX_HEARING } from '../../../protocol/limits.ts'
import { CASCADE, CASCADE_PROTOCOL, type CascadeMessage } from '../../../protocol/wire/cascade.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { Cascade } from '../../../relay/fanout/cascade.ts'
import { Crew } from '../../../relay/fanout/crew.ts'
import { HEARING_EVERY_MS } from '../../../relay/fanout/limits.ts'
import type { VoiceId } from '../../../relay/fanout/selection.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { MemoryHub, type MemoryNetwork } from '../../support/memory-network.ts'

const ROOM: RoomId = idOf(bytesOf('the room'))
const ALICE: MemberId = idOf(bytesOf('Alice'))
const BOB: MemberId = idOf(bytesOf('Bob'))
const keyOf = (name: string) => signerOf(name).publicKey
const voice = (n: number) => n as VoiceId

interface Relay {
  readonly network: MemoryNetwork
  readonly cascade: Cascade
  readonly crew: Crew
  readonly clock: TurnedClock
  readonly fellows: Set<PeerIdString>
}

/** A relay, mostly without media processes: what it says and keeps, not what it sends. */
async function relayOf(hub: MemoryHub, name: string, processes = 0): Promise<Relay> {
  const network = hub.add(keyOf(name))
  const clock = turnedClock(NOON * 1000)
  const fellows = new Set<PeerIdString>()
  const crew = new Crew({
    processes,
    ports: [],
    bind: undefined,
    announce: [],
    secret: randomBytes(16),
    clock,
    report() {},
  })
  const cascade = await Cascade.start({
    network,
    fellows: {
      has: (peer) => fellows.has(peer),
      linked: () => [...fellows].filter((peer) => hub.isLinked(network.peer, peer)),
      onChange: (listener) => network.on('connect', listener),
    },
    gate: {
      mayForward: () => 'speaker',
      speaks: () => false,
      isOpen: () => true,
      meet() {},
      async learn() {},
      onChange: () => () => {},
    },
    crew,
    clock,
    others: () => [],
  })
  onTestFinished(() => cascade.stop())
  return { network, cascade, crew, clock, fellows }
}

/** A relay of the community that says what it likes, on a stream that it opened. */
async function rogueAt(hub: MemoryHub, { network, fellows }: Relay): Promise<Channel> {
  const rogue = hub.add(keyOf('a rogue'))
  fellows.add(rogue.peer)
  hub.link(rogue.peer, network.peer)
  return await rogue.openChannel(network.peer, CASCADE_PROTOCOL, {
    signal: new AbortController().signal,
    maxBytes: CASCADE.maxBytes,
  })
}

const say = (channel: Channel, message: CascadeMessage) => channel.send(encodeFrame(CASCADE, message))

async function heardOn(
  channel: Channel,
  condition: (message: CascadeMessage) => boolean,
): Promise<CascadeMessage> {
  for await (const bytes of channel.messages) {
    const read = decodeFrame(CASCADE, bytes)
    if (!read.ok) throw new Error(read.reason)
    if (condition(read.value)) return read.value
  }
  throw new Error('the stream ended')
}

/** What was sent has arrived. */
const arrived = () => new Promise((resolve) => setImmediate(resolve))

describe('what a relay tells others of a room', () => {
  it('CASCADE-1 is never more voices than a message holds, and of one member the two that came last', async () => {
    const hub = new MemoryHub()
    const relay = await relayOf(hub, 'a relay')
    relay.cascade.setListeners(ROOM, 40)
    relay.cascade.enter(ROOM, keyOf('Bob session'), BOB, voice(1))
    for (let i = 0; i <= MAX_CASCADE_VOICES; i++)
      relay.cascade.enter(ROOM, keyOf(`Alice ${i}`), ALICE, voice(i + 2))
    const rogue = await rogueAt(hub, relay)
    await say(rogue, { r: ROOM })
    const { voices } = await heardOn(rogue, (message) => message.voices !== undefined)
    expect(voices).toEqual([
      { from: keyOf(`Alice ${MAX_CASCADE_VOICES}`), m: ALICE, hop: 0 },
      { from: keyOf(`Alice ${MAX_CASCADE_VOICES - 1}`), m: ALICE, hop: 0 },
      { from: keyOf('Bob session'), m: BOB, hop: 0 },
    ])
  })

  it('CASCADE-6 is never more listeners than FANOUT-5 can say, whatever others claim', async () => {
    const hub = new MemoryHub()
    const relay = await relayOf(hub, 'a relay')
    relay.cascade.setListeners(ROOM, 1)
    const rogue = await rogueAt(hub, relay)
    await say(rogue, { r: ROOM })
    await say(rogue, { ears: [{ relay: keyOf('nobody'), n: MAX_HEARING, at: 1, age: 0 }] })
    await arrived()
    expect(relay.cascade.hearing(ROOM)).toBe(MAX_HEARING)
  })
  it('CASCADE-1 is said by a relay that carries nothing without a process that could', async () => {
    const hub = new MemoryHub()
    const relay = await relayOf(hub, 'a relay', 1)
    onTestFinished(() => relay.crew.stop())
    const rogue = await rogueAt(hub, relay)
    await say(rogue, { r: ROOM })
    const said = await heardOn(rogue, (message) => message.voices !== undefined)
    expect([said, relay.crew.pids]).toEqual([{ voices: [], load: 0 }, []])
  })

  it('CASCADE-2 is not said any more to one that is no relay of the community any more', async () => {
    const hub = new MemoryHub()
    const relay = await relayOf(hub, 'a relay')
    const rogue = await rogueAt(hub, relay)
    await say(rogue, { r: ROOM })
    await heardOn(rogue, (message) => message.voices !== undefined)
    relay.fellows.clear()
    relay.clock.turn(HEARING_EVERY_MS)
    expect(await heardOn(rogue, ({ error }) => error !== undefined)).toEqual({
      error: 'not-admitted',
      others: [],
    })
  })
})
