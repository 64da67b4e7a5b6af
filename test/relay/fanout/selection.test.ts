import { describe, expect, it } from 'vitest'
import { packetTimeFor } from '../../../relay/fanout/fanout.ts'
import {
  LONG_PACKETS_LOAD,
  MAX_SURPLUS_PACKETS,
  SLOT_HOLD_MS,
  SLOT_YIELD_MS,
  SMALL_AGAIN,
  SMALL_AUDIENCE,
  VOICE_BYTES_PER_SECOND,
  VOICE_PACKETS_PER_SECOND,
} from '../../../relay/fanout/limits.ts'
import { Meter } from '../../../relay/fanout/meter.ts'
import { Selection, type VoiceId } from '../../../relay/fanout/selection.ts'
import { SlotStream } from '../../../relay/fanout/slot-stream.ts'

const [alice, bob, carol, david] = [1, 2, 3, 4] as VoiceId[] as [VoiceId, VoiceId, VoiceId, VoiceId]
const SPEECH = 30
const QUIET = 90

describe('FANOUT-3 the voices that are heard', () => {
  it('are those that speak; who is silent is not sent', () => {
    const selection = new Selection()
    expect(selection.place(alice, QUIET, 0)).toBeUndefined()
    expect(selection.place(alice, SPEECH, 20)).toEqual({ slot: 0, fresh: true })
    expect(selection.place(bob, SPEECH, 20)).toEqual({ slot: 1, fresh: true })
    expect(selection.place(alice, QUIET, 40)).toEqual({ slot: 0, fresh: false })
    expect(selection.place(alice, QUIET, 21 + SLOT_HOLD_MS)).toBeUndefined()
    expect(selection.place(alice, SPEECH, 40 + SLOT_HOLD_MS)).toEqual({ slot: 0, fresh: true })
  })

  it('are three at most; a fourth comes in when one of them pauses', () => {
    const selection = new Selection()
    for (const voice of [alice, bob, carol]) selection.place(voice, SPEECH, 0)
    expect(selection.place(david, SPEECH, 20)).toBeUndefined()
    for (const voice of [alice, carol]) selection.place(voice, SPEECH, 10 + SLOT_YIELD_MS)
    selection.place(bob, QUIET, 10 + SLOT_YIELD_MS)
    expect(selection.place(david, SPEECH, 10 + SLOT_YIELD_MS)).toEqual({ slot: 1, fresh: true })
    expect(selection.place(bob, SPEECH, 11 + SLOT_YIELD_MS)).toBeUndefined()
  })

  it('come back to their slots, which go first to whom nobody has had, then to whom has been silent longest', () => {
    const selection = new Selection()
    selection.place(alice, SPEECH, 0)
    const later = SLOT_HOLD_MS + 1
    expect(selection.place(bob, SPEECH, later)).toEqual({ slot: 1, fresh: true })
    expect(selection.place(alice, SPEECH, later + 1)).toEqual({ slot: 0, fresh: true })
    expect(selection.place(carol, SPEECH, 2 * later)).toEqual({ slot: 2, fresh: true })
    expect(selection.place(david, SPEECH, 3 * later)).toEqual({ slot: 1, fresh: true })
    expect(selection.place(alice, SPEECH, 4 * later)).toEqual({ slot: 0, fresh: true })
    expect(selection.place(bob, SPEECH, 4 * later)).toEqual({ slot: 2, fresh: true })
  })

  it('are carried on after their last word, for as long as the block that signs for it may take', () => {
    const selection = new Selection()
    for (const voice of [alice, bob, carol]) selection.place(voice, SPEECH, 0)
    for (let at = 20; at <= 500; at += 20) {
      expect(selection.place(alice, QUIET, at)).toEqual({ slot: 0, fresh: false })
      expect(selection.place(david, SPEECH, at)).toBeUndefined()
    }
  })

  it('may be of those whose browsers do not say how loud they are', () => {
    expect(new Selection().place(alice, undefined, 0)).toEqual({ slot: 0, fresh: true })
  })

  it('leave their slots when they leave the room', () => {
    const selection = new Selection()
    for (const voice of [alice, bob, carol]) selection.place(voice, SPEECH, 0)
    selection.leave(bob)
    expect(selection.place(david, SPEECH, 1)).toEqual({ slot: 1, fresh: true })
  })
})

describe('FANOUT-3 a slot is one source without an end', () => {
  const packet = (sequence: number, timestamp: number) => ({
    sequence,
    timestamp,
    level: undefined,
    payload: new Uint8Array(1),
  })

  it('goes on where it was when another voice comes, and counts the pause as time', () => {
    const stream = new SlotStream(7)
    const first = stream.next(packet(65_535, 0xffffffff), true, 1000)
    const second = stream.next(packet(0, 959), false, 1020)
    const other = stream.next(packet(500, 48_000), true, 1520)
    const sequences = [first, second, other].map((header) => (header?.sequence ?? 0) - (first?.sequence ?? 0))
    const times = [first, second, other].map((header) => (header?.timestamp ?? 0) - (first?.timestamp ?? 0))
    expect(sequences).toEqual([0, 1, 2])
    expect(times).toEqual([0, 960, 960 + 500 * 48])
    expect([first, second, other].map((header) => header?.marker)).toEqual([true, false, true])
  })

  it('keeps a gap that came about on the way, so that it can be concealed', () => {
    const stream = new SlotStream(7)
    const before = stream.next(packet(10, 0), true, 0)
    const after = stream.next(packet(13, 2880), false, 60)
    expect((after?.sequence ?? 0) - (before?.sequence ?? 0)).toBe(3)
  })

  it('takes what was overtaken, once, and nothing from before the voice came into it', () => {
    const stream = new SlotStream(7)
    const first = stream.next(packet(10, 0), true, 0)
    stream.next(packet(12, 1920), false, 40)
    expect((stream.next(packet(11, 960), false, 41)?.sequence ?? 0) - (first?.sequence ?? 0)).toBe(1)
    expect(stream.next(packet(12, 1920), false, 42)).toBeUndefined()
    expect(stream.next(packet(9, 0), false, 43)).toBeUndefined()
  })

  it('begins anew when its sender did', () => {
    const stream = new SlotStream(7)
    const first = stream.next(packet(10, 0), true, 0)
    const next = stream.next(packet(30_000, 5), false, 20)
    expect([(next?.sequence ?? 0) - (first?.sequence ?? 0), next?.marker]).toEqual([1, true])
  })
})

describe('FANOUT-3 what one voice may send', () => {
  it('is 60 packets a second', () => {
    const meter = new Meter(0)
    const taken = Array.from({ length: 1000 }, (_, i) => meter.take(1, i)).filter(Boolean).length
    // A second's worth at once, and what a second brings.
    expect(taken).toBeLessThanOrEqual(2 * VOICE_PACKETS_PER_SECOND)
    expect(taken).toBeGreaterThanOrEqual(2 * VOICE_PACKETS_PER_SECOND - 1)
    expect(meter.surplus).toBe(1000 - taken)
  })

  it('is 64 kbit/s', () => {
    const meter = new Meter(0)
    let bytes = 0
    for (let at = 0; at < 10_000; at += 20) if (meter.take(400, at)) bytes += 400
    expect(bytes).toBeLessThanOrEqual(11 * VOICE_BYTES_PER_SECOND)
    expect(bytes).toBeGreaterThan(10 * VOICE_BYTES_PER_SECOND)
  })

  it('is no more when it stands still on its way again and again, and comes all at once', () => {
    const meter = new Meter(0)
    let worst = 0
    for (let at = 0; at < 3_600_000; at += 20) {
      // Of each 20 seconds, six stand still.
      const phase = at % 20_000
      if (phase < 6_000) continue
      for (let i = phase === 6_000 ? 300 : 1; i > 0; i -= 1) meter.take(60, at)
      worst = Math.max(worst, meter.surplus)
    }
    expect(worst).toBeGreaterThan(200)
    expect(worst).toBeLessThan(MAX_SURPLUS_PACKETS / 2)
  })

  it.each([
    ['a hundred packets a second', 10, 1],
    ['one and a half times the bytes', 20, 240],
  ])('is less than %s, however long that goes on', (_what, every, bytes) => {
    const meter = new Meter(0)
    for (let at = 0; at < 120_000; at += every) meter.take(bytes, at)
    expect(meter.surplus).toBeGreaterThan(MAX_SURPLUS_PACKETS)
  })

  it('is enough for packets of 20 ms at 48 kbit/s', () => {
    const meter = new Meter(0)
    for (let at = 0; at < 60_000; at += 20) expect(meter.take(120, at)).toBe(true)
  })
})

describe('FANOUT-5 packets', () => {
  it.each([
    ['a few listen', 1, 0, 20, 20],
    ['an audience has come', SMALL_AUDIENCE, 0, 20, 60],
    ['some have left', SMALL_AUDIENCE - 1, 0, 60, 60],
    ['most have left', SMALL_AGAIN - 1, 0, 60, 20],
    ['the relay has much to do', 5000, LONG_PACKETS_LOAD + 0.01, 60, 120],
    ['it has a little less to do', 5000, LONG_PACKETS_LOAD - 0.01, 120, 120],
    ['it has little to do', 5000, 0.1, 120, 60],
  ])('when %s', (_when, listeners, load, before, after) => {
    expect(packetTimeFor(listeners, load, before)).toBe(after)
  })
})
