import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { VoicePacket } from '../../../node/audience/rtp.ts'
import { VOICE_PACKETS_PER_SECOND } from '../../../relay/fanout/limits.ts'
import { MediaLink } from '../../../relay/fanout/media-link.ts'
import type { MediaReason } from '../../../relay/fanout/messages.ts'
import { readOffer, readTransport } from '../../../relay/fanout/offer.ts'
import { PullLink } from '../../../relay/fanout/pull-link.ts'
import { CASCADE_SOURCES } from '../../../relay/fanout/room-fan.ts'
import { writeRelayPacket } from '../../../relay/fanout/rtp.ts'
import type { VoiceId } from '../../../relay/fanout/selection.ts'
import { PATIENCE } from '../../support/patience.ts'
import { freePort } from './free-port.ts'

const [ALICE, BOB] = [11, 12] as unknown as [VoiceId, VoiceId]
const ADDRESS = '127.0.0.1'

interface Pair {
  readonly pull: PullLink
  readonly giver: MediaLink
  readonly received: { readonly voice: VoiceId; readonly packet: VoicePacket }[]
  readonly ends: MediaReason[]
}

/** Two relays' ends of one link, connected over the loopback. */
async function pairOf(): Promise<Pair> {
  const received: Pair['received'] = []
  const ends: MediaReason[] = []
  const connected = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const pull = new PullLink({
    bind: ADDRESS,
    onConnected: connected[0].resolve,
    onPacket: (voice, packet) =>
      received.push({ voice, packet: { ...packet, payload: Buffer.from(packet.payload) } }),
    onEnd: (reason) => ends.push(reason),
  })
  const offer = readOffer(pull.offer())
  if (!offer.ok) throw new Error(offer.reason)
  const giver = new MediaLink({
    offer: offer.value,
    voice: undefined,
    wish: { packetTime: 20, dtx: false },
    port: await freePort(),
    bind: ADDRESS,
    announce: [],
    onConnected: connected[1].resolve,
    onPacket() {},
    onEnd: (reason) => ends.push(reason),
  })
  onTestFinished(() => {
    pull.close()
    giver.close()
  })
  const transport = readTransport((await giver.answer()) ?? '', [])
  expect(transport && pull.accept(transport)).toBe(true)
  await Promise.all(connected.map(({ promise }) => promise))
  return { pull, giver, received, ends }
}

const packet = (sequence: number, bytes = 40): VoicePacket => ({
  sequence,
  timestamp: sequence * 960,
  level: 20,
  payload: Buffer.alloc(bytes, sequence),
})
const give = ({ giver }: Pair, slot: number, each: VoicePacket, payloadType = 111) =>
  giver.pass(writeRelayPacket(CASCADE_SOURCES[slot] ?? 0, each, payloadType))

describe('a link between two relays', () => {
  it('CASCADE-4 brings each voice under its own source, as it was, and none that was not asked for', async () => {
    const pair = await pairOf()
    pair.pull.take([
      { voice: ALICE, slot: 31 },
      { voice: BOB, slot: 0 },
    ])
    give(pair, 5, packet(1))
    give(pair, 31, packet(65_535))
    give(pair, 0, { ...packet(7), level: undefined })
    await vi.waitUntil(() => pair.received.length === 2, PATIENCE)
    expect(pair.received).toEqual([
      { voice: ALICE, packet: packet(65_535) },
      { voice: BOB, packet: { ...packet(7), level: undefined } },
    ])
    pair.pull.take([{ voice: BOB, slot: 0 }])
    give(pair, 31, packet(0))
    give(pair, 0, packet(8))
    await vi.waitUntil(() => pair.received.length === 3, PATIENCE)
    expect(pair.received.at(-1)?.voice).toBe(BOB)
  })

  it('CASCADE-4 takes of one voice what one voice may send, and ends when it is flooded', async () => {
    const pair = await pairOf()
    pair.pull.take([
      { voice: ALICE, slot: 0 },
      { voice: BOB, slot: 1 },
    ])
    let sequence = 0
    const begun = performance.now()
    const timer = setInterval(() => {
      for (let i = 0; i < 20; i++) give(pair, 0, packet(sequence++ & 0xffff))
    }, 10)
    onTestFinished(() => clearInterval(timer))
    await vi.waitUntil(() => pair.received.length >= 20, PATIENCE)
    give(pair, 1, packet(1))
    await vi.waitUntil(() => pair.received.some(({ voice }) => voice === BOB), PATIENCE)
    await vi.waitUntil(() => pair.ends.length > 0, PATIENCE)
    expect(pair.ends[0]).toBe('rate-limited')
    const seconds = (performance.now() - begun) / 1000
    const hers = pair.received.filter(({ voice }) => voice === ALICE)
    // A second of what one voice may send was saved up.
    expect(hers.length).toBeLessThanOrEqual((seconds + 1) * VOICE_PACKETS_PER_SECOND)
  })

  it('CASCADE-4 takes no packet that is larger than a voice’s, of another payload type, or empty', async () => {
    const pair = await pairOf()
    pair.pull.take([{ voice: ALICE, slot: 0 }])
    give(pair, 0, packet(1, 2000))
    give(pair, 0, packet(2), 96)
    give(pair, 0, packet(3, 0))
    give(pair, 0, packet(4))
    await vi.waitUntil(() => pair.received.length === 1, PATIENCE)
    expect(pair.received[0]?.packet.sequence).toBe(4)
  })

  it('is answered once', async () => {
    const pull = new PullLink({
      bind: ADDRESS,
      onConnected() {},
      onPacket() {},
      onEnd() {},
    })
    onTestFinished(() => pull.close())
    const transport = {
      fingerprint: new Uint8Array(32),
      ufrag: 'abcd',
      password: 'abcdefghijklmnopqrstuvwx',
      candidates: ['candidate:1 1 UDP 1 127.0.0.1 9 typ host'],
    }
    expect(pull.accept(transport)).toBe(false)
    pull.offer()
    expect(pull.accept(transport)).toBe(true)
    expect(pull.accept(transport)).toBe(false)
    expect(() => pull.offer()).toThrow()
  })
})
