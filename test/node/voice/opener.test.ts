import { describe, expect, test } from 'vitest'
import { frameDigest, signBlock } from '../../../protocol/audio/block.ts'
import { type EpochSecret, ratchet } from '../../../protocol/audio/epoch.ts'
import { FIRST_STREAM } from '../../../protocol/audio/voice.ts'
import { MAX_OPUS_BYTES, REPLAY_WINDOW } from '../../../protocol/limits.ts'
import { bytesOf } from '../../support/community.ts'
import { losses } from '../../support/losses.ts'
import { ALICE, MALLORY, packet, ROOM, Road, SECRET } from './scene.ts'

const second = (ms: number) => Math.floor(1000 / ms)

describe.each([20, 60, 120])('a voice in packets of %i ms', (ms) => {
  test('BLOCK-7 is heard at once, whole, and verified from its second packet on', async () => {
    const road = new Road(ms)
    expect(await road.arrives(await road.says('one'))).toEqual(['one'])
    expect(road.check).toBeUndefined()
    expect(await road.arrives(await road.says('two'))).toEqual(['two'])
    expect(road.check).toBe('verified')
    await road.speaks('more', 10 * second(ms))
    expect(road.heardOf('more')).toBe(10 * second(ms) * ms)
    expect(road.checks).toEqual(['verified'])
    expect(road.refusals).toEqual([])
  })

  test('BLOCK-4 a lost block makes no packet wait for more than the next one', async () => {
    const road = new Road(ms)
    const arrived: string[] = []
    let [blocks, lost] = [0, 0]
    for (let i = 0; i < 20 * second(ms); i++) {
      const frame = await road.says(`word ${i}`)
      // A frame with a block is longer by a signature.
      if (frame.length > 100) blocks += 1
      if (frame.length > 100 && blocks % 3 === 0) lost += 1
      else {
        await road.arrives(frame)
        arrived.push(`word ${i}`)
        expect(arrived.length - road.heard.length).toBeLessThanOrEqual(1)
      }
    }
    expect(lost).toBeGreaterThan(5)
    expect(road.heard).toEqual(arrived.slice(0, road.heard.length))
    expect(road.checks).toEqual(['verified'])
  })

  test('BLOCK-5 a listener in the middle hears at once', async () => {
    const road = new Road(ms)
    await road.speaks('early', second(ms), () => true)
    await road.speaks('late', second(ms))
    expect(road.heardOf('late')).toBe(second(ms) * ms)
    expect(road.check).toBe('verified')
  })

  test('BLOCK-5 after seconds without any packet the next ones are heard, a block later at most', async () => {
    const road = new Road(ms)
    await road.speaks('before', second(ms))
    await road.speaks('lost', 5 * second(ms), () => true)
    await road.speaks('after', second(ms))
    expect(road.heardOf('after')).toBe(second(ms) * ms)
    expect(road.check).toBe('verified')
  })
})

test.each([
  { ms: 20, share: 0.1, burst: undefined },
  { ms: 20, share: 0.05, burst: 3 },
  { ms: 60, share: 0.1, burst: undefined },
  { ms: 60, share: 0.05, burst: 3 },
  { ms: 120, share: 0.1, burst: undefined },
])(
  'BLOCK-4 a minute over a road that loses packets is heard whole, and at once: %o',
  async ({ ms, share, burst }) => {
    const road = new Road(ms)
    // One that loses about as much as it is said to within a minute.
    const isLost = losses(share, burst, 9)
    let [said, arrived, late] = [0, 0, 0]
    for (; said < 60 * second(ms); said++) {
      const frame = await road.says(`word ${said}`)
      if (isLost()) continue
      arrived += 1
      if (!(await road.arrives(frame)).includes(`word ${said}`)) late += 1
    }
    expect(Math.abs(1 - arrived / said - share)).toBeLessThan(0.2 * share)
    expect(road.heard).toHaveLength(arrived)
    expect(late / arrived).toBeLessThan(0.01)
  },
)

test('BLOCK-5 silence that is not sent changes nothing', async () => {
  const road = new Road()
  for (let spurt = 0; spurt < 10; spurt++) {
    await road.speaks(`spurt ${spurt}`, 50)
    // Comfort noise, every 400 ms.
    for (let i = 0; i < 5; i++) {
      road.now += 380
      await road.arrives(await road.says('noise'))
    }
  }
  expect(road.heardOf('spurt')).toBe(10_000)
  expect(road.checks).toEqual(['verified'])
})

describe('BLOCK-5 what no block has signed for', () => {
  test('waits far ahead, and beside a stream that was signed for lately', async () => {
    const road = new Road()
    await road.speaks('honest', 50)
    expect(await road.arrives(await road.forgeText(50 + REPLAY_WINDOW, 'ahead'))).toEqual([])
    expect(await road.arrives(await road.forgeText(0, 'beside', FIRST_STREAM + 1))).toEqual([])
    expect(await road.arrives(await road.forgeText(50, 'near'))).toEqual(['near'])
    road.now += 2_100
    expect(await road.arrives(await road.forgeText(1, 'alone', FIRST_STREAM + 1))).toEqual(['alone'])
  })

  test('sounds for 400 ms in any minute', async () => {
    const road = new Road()
    await road.speaks('honest', 50)
    let ctr = 50
    const more = async () => {
      for (let i = 0; i < 10; i++) await road.arrives(await road.forgeText(ctr++, 'forged'))
      return road.heardOf('forged')
    }
    for (let round = 0; round < 3; round++) await more()
    const heard = road.heardOf('forged')
    expect(heard).toBeGreaterThan(0)
    road.now += 50_000
    expect(await more()).toBe(heard)
    road.now += 11_000
    expect(await more()).toBe(heard + 200)
  })

  test('waits for a second at most', async () => {
    const road = new Road()
    await road.speaks('honest', 50)
    const frame = await road.says('true')
    await road.arrives(await road.forgeText(50, 'forged'))
    await road.arrives(frame)
    expect(await road.arrives(await road.says('late'))).toEqual([])
    road.now += 900
    // This one carries a block.
    expect(await road.arrives(await road.says('in time'))).toEqual(['late'])
    expect(await road.arrives(await road.says('too late'))).toEqual([])
    road.now += 1_100
    expect(await road.arrives(await road.says('next'))).not.toContain('too late')
  })
})

test('BLOCK-6 two frames with one counter tell on the forger, and are never both heard', async () => {
  const road = new Road()
  await road.speaks('honest', 50)
  const frame = await road.says('true')
  expect(await road.arrives(await road.forgeText(50, 'forged'))).toEqual(['forged'])
  expect(road.check).toBe('verified')
  expect(await road.arrives(frame)).toEqual([])
  expect(road.check).toBe('forged')
  expect(road.refusals).toEqual(['frame-forged'])
  expect(await road.arrives(await road.says('after'))).toEqual([])
  await road.speaks('honest', 50)
  expect(road.heard).toContain('after')
  expect(road.heard).not.toContain('true')
})

describe('CARRY-3 whose voice may come', () => {
  test('is found out by the key that opens it, whoever else may', async () => {
    const road = new Road(60, 'relay')
    road.speakers = [MALLORY.publicKey, ALICE.publicKey]
    await road.speaks('word', 5)
    expect(road.heard).toContain('word 4')
    expect(road.from).toEqual(new Set([ALICE.publicKey]))
  })

  test('is not said by the number of a stream, which another on the stage can take before Alice comes to it', async () => {
    const road = new Road(60, 'relay')
    road.speakers = [MALLORY.publicKey, ALICE.publicKey]
    const mallory = road.sealer(FIRST_STREAM, MALLORY, MALLORY.publicKey)
    const says = async (text: string) => (await mallory.seal(packet(text, 60))) as Uint8Array
    expect(await road.arrives(await says('mine'))).toEqual(['mine'])
    await road.speaks('word', 5)
    expect(road.heardOf('word')).toBe(5 * 60)
    expect(road.from).toEqual(new Set([MALLORY.publicKey, ALICE.publicKey]))
    // And Alice's does not keep her from being heard.
    expect(await road.arrives(await says('mine too'))).toEqual(['mine too'])
  })

  test('is said by our own state of the room: nobody else sounds, from the next frame on', async () => {
    const road = new Road(60, 'relay')
    road.speakers = [MALLORY.publicKey]
    await road.speaks('before', 5)
    expect([road.heard, new Set(road.refusals)]).toEqual([[], new Set(['frame-wrong'])])
    road.speakers = [ALICE.publicKey]
    const frames = await road.speaks('on stage', 5)
    expect(road.heard).toContain('on stage 4')
    road.speakers = []
    const heard = road.heard.length
    await road.speaks('after', 5)
    expect(road.heard).toHaveLength(heard)

    // And what was said before is not played back to us when they are on stage again.
    road.speakers = [ALICE.publicKey]
    for (const frame of frames) expect(await road.arrives(frame)).toEqual([])
  })
})

test('FRAME-2 the secrets of two epochs with one number, made while a room was parted, are told apart', async () => {
  const road = new Road()
  const other: EpochSecret = { ...SECRET, secret: bytesOf('secret 1 of another') }
  await road.speaks('under one', 20)
  road.keyring.set({ held: [other, SECRET], speak: undefined })
  await road.speaks('still under it', 20)
  road.secret = other
  await road.speaks('under the other', 20)
  road.keyring.set({ held: [other], speak: undefined })
  await road.speaks('and on', 20)
  expect(road.heard).toHaveLength(80)
  expect(road.check).toBe('verified')
  expect(road.refusals).toEqual([])
})

describe('what is not let through', () => {
  test('FRAME-2 a frame of a secret that we do not hold, and the voice is shown as locked', async () => {
    const road = new Road()
    road.keyring.set({ held: [], speak: undefined })
    await road.speaks('secret', 50)
    expect(road.heard).toEqual([])
    expect(road.check).toBe('locked')
    expect(new Set(road.refusals)).toEqual(new Set(['frame-locked']))
  })

  test('FRAME-2 a frame of a generation before ours; those after it open', async () => {
    const road = new Road()
    road.keyring.set({ held: [ratchet(ROOM, SECRET, 2)], speak: undefined })
    await road.speaks('before we came', 5)
    road.secret = ratchet(ROOM, SECRET, 3)
    await road.speaks('after', 5)
    expect(road.heardOf('before')).toBe(0)
    expect(road.heardOf('after')).toBe(100)
  })

  test('FRAME-4 the same frame again', async () => {
    const road = new Road()
    const frames = await road.speaks('word', 200)
    road.refusals.length = 0
    for (const frame of frames) expect(await road.arrives(frame)).toEqual([])
    expect(road.refusals).toEqual(frames.map(() => 'frame-replayed'))
    expect(road.check).toBe('verified')
  })

  test('FRAME-3 Opus in the clear, a frame cut short, and a changed one', async () => {
    const road = new Road()
    await road.speaks('word', 20)
    const frame = await road.says('changed')
    expect(await road.arrives(packet('in the clear', 20))).toEqual([])
    expect(await road.arrives(frame.subarray(0, -1))).toEqual([])
    const changed = frame.slice()
    changed[12] = (changed[12] as number) ^ 1
    expect(await road.arrives(changed)).toEqual([])
    expect(await road.arrives(frame)).toEqual(['changed'])
    expect(road.check).toBe('verified')
  })

  test('FRAME-5 a packet of more bytes than Opus has is not sealed, and those after it are', async () => {
    const road = new Road()
    const sealer = road.sealer(FIRST_STREAM)
    expect(await sealer.seal(packet('x'.repeat(MAX_OPUS_BYTES), 20))).toBeUndefined()
    expect(await road.arrives((await sealer.seal(packet('next', 20))) as Uint8Array)).toEqual(['next'])
  })

  test('VOICE-3 a counter that begins anew, and one beyond the last', async () => {
    const road = new Road()
    await road.speaks('word', 200)
    expect(await road.arrives(await road.forgeText(0, 'wrapped'))).toEqual([])
    expect(road.refusals.at(-1)).toBe('frame-replayed')
    expect(await road.arrives(await road.forgeText(2 ** 32, 'beyond'))).toEqual([])
    expect(road.refusals.at(-1)).toBe('frame-malformed')
  })
})

/**
 * Mallory holds the keys and the road: she is a member, and the links' other ends or the relay are hers. 400 ms is what may be heard of her, however she
 * goes about it; Alice is heard on.
 */
describe.each([
  [20, 'mesh'],
  [20, 'relay'],
  [60, 'relay'],
  [120, 'relay'],
] as const)('BLOCK-6 a forger, packets of %i ms over the %s', (ms, kind) => {
  const loud = second(ms) * 5

  async function afterwards(road: Road): Promise<void> {
    expect(road.heardOf('forged')).toBeLessThanOrEqual(400)
    const before = road.heardOf('honest')
    await road.speaks('honest', loud)
    // All but what waits for the block after the last packet, and those whose numbers the forger was heard with.
    expect(road.heardOf('honest') - before).toBeGreaterThanOrEqual(loud * ms - 300 - road.heardOf('forged'))
    expect(road.heardOf('forged')).toBeLessThanOrEqual(400)
  }

  test('who speaks ahead of Alice, with the counters that she comes to', async () => {
    const road = new Road(ms, kind)
    await road.speaks('honest', second(ms))
    for (let i = 0; i < 300; i++) await road.arrives(await road.forgeText(second(ms) + i, `forged ${i}`))
    await road.speaks('late', second(ms))
    expect(road.check).toBe('forged')
    await road.speaks('late', 300)
    await afterwards(road)
  })

  test('who speaks in place of Alice, packet by packet', async () => {
    const road = new Road(ms, kind)
    await road.speaks('honest', second(ms))
    for (let i = 0; i < loud; i++) {
      const frame = await road.says('silenced')
      await road.arrives(await road.forgeText(second(ms) + i, `forged ${i}`))
      await road.arrives(frame)
    }
    expect(road.check).toBe('forged')
    await afterwards(road)
  })

  test('who keeps the blocks that tell on her from us', async () => {
    const road = new Road(ms, kind)
    await road.speaks('honest', second(ms))
    let ctr = second(ms)
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < second(ms) / 5; i++) {
        await road.says('silenced')
        await road.arrives(await road.forgeText(ctr++, `forged ${round} ${i}`))
      }
      await road.speaks('honest', second(ms))
      ctr += second(ms)
    }
    await afterwards(road)
  })

  test('who speaks while Alice is silent', async () => {
    const road = new Road(ms, kind)
    await road.speaks('honest', second(ms))
    for (let i = 0; i < loud; i++) {
      road.now += ms
      await road.arrives(await road.forgeText(second(ms) + i, `forged ${i}`))
    }
    expect(road.check).toBe('unverified')
    await afterwards(road)
  })

  test('who opens stream after stream', async () => {
    const road = new Road(ms, kind)
    await road.speaks('honest', second(ms))
    for (let stream = 1; stream < 50; stream++) {
      road.now += 3_000 / 50
      for (let i = 0; i < 5; i++)
        await road.arrives(await road.forgeText(i, `forged ${stream}`, FIRST_STREAM + stream))
    }
    await afterwards(road)
  })

  test('who signs herself, or takes a block of Alice to another frame', async () => {
    const road = new Road(ms, kind)
    await road.speaks('honest', second(ms))
    const ctr = second(ms)
    const voice = { room: ROOM, speaker: ALICE.publicKey, kind, stream: FIRST_STREAM } as const
    let before = bytesOf('x')
    for (let i = 0; i < loud; i++) {
      // What she says in it is true: it names the frame that she made before.
      const digests = [frameDigest(before)]
      const block = await signBlock(i % 2 ? MALLORY : ALICE, voice, i % 2 ? ctr + i : 3, digests)
      const opus = packet(`forged ${i}`, ms)
      before = await road.forge(FIRST_STREAM, ctr + i, { opus, block })
      await road.arrives(before)
    }
    expect(road.check).toBe('forged')
    await road.speaks('late', loud)
    await afterwards(road)
  })

  test('who was first: the voice that never signs is silent after 400 ms', async () => {
    const road = new Road(ms, kind)
    for (let i = 0; i < loud; i++) await road.arrives(await road.forgeText(i, `forged ${i}`))
    expect(road.check).toBe('unverified')
    road.begin(FIRST_STREAM + 7)
    await afterwards(road)
  })

  test('who says again what Alice said, in the clear, cut short, and with counters that begin anew', async () => {
    const road = new Road(ms, kind)
    const count = loud + 2 * REPLAY_WINDOW
    const said = await road.speaks('honest', count)
    const heard = road.heard.length
    for (let i = 0; i < count; i++) {
      road.now += ms
      const frame = said[i] as Uint8Array
      await road.arrives(frame)
      await road.arrives(frame.subarray(0, frame.length - 1 - (i % frame.length)))
      await road.arrives(packet(`forged ${i}`, ms))
      await road.arrives(await road.forgeText(2 ** 32 + i, `forged ${i}`))
      // Those that the window has left behind; the newest counters are no use to her either (see above), but tell on her.
      if (i < count - 2 * REPLAY_WINDOW) await road.arrives(await road.forgeText(i, `forged ${i}`))
    }
    expect(road.heard.length).toBe(heard)
    expect(road.check).toBe('verified')
    await road.speaks('honest', loud)
    expect(road.heardOf('honest')).toBe((count + loud) * ms)
  })
})

test('VOICE-1 a voice for a relay does not open on a link to a session', async () => {
  const [mesh, relay] = [new Road(20, 'mesh'), new Road(20, 'relay')]
  await mesh.arrives(await relay.says('word'))
  expect(mesh.refusals).toEqual(['frame-wrong'])
  expect(await relay.arrives(await relay.says('word'))).toEqual(['word'])
})
