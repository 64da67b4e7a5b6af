import { describe, expect, it } from 'vitest'
import { PacketMerger } from '../../../node/headless/packet-merger.ts'
import { opusDuration } from '../../../protocol/audio/opus.ts'
import { decoded, opusPackets } from '../../support/ogg-opus.ts'
import { ALICE } from '../../support/recordings/recordings.ts'

function merged(packets: readonly Uint8Array[], wanted: number): readonly Uint8Array[] {
  const merger = new PacketMerger()
  return [...packets.flatMap((packet) => merger.take(packet, wanted)), ...merger.flush()]
}

describe('RFC 6716 §3.2 packets that are put together', () => {
  const spoken = opusPackets(ALICE)

  it.each([60, 120])('hold %i ms each, and sound as before', (wanted) => {
    const long = merged(spoken, wanted)
    const whole = long.slice(0, -1).map(opusDuration)
    // Where the encoder changes its ways a packet ends early; the sound is the same.
    expect(whole.filter((ms) => ms === wanted).length).toBeGreaterThan(whole.length / 2)
    expect(long.reduce((sum, packet) => sum + (opusDuration(packet) ?? 0), 0)).toBe(20 * spoken.length)
    const [before, after] = [decoded(spoken).samples, decoded(long, wanted).samples]
    const both = Math.min(before.length, after.length)
    expect(both / 16_000).toBeGreaterThan(ALICE.seconds - 0.2)
    expect(after.subarray(0, both)).toEqual(before.subarray(0, both))
  })

  it('go out as they are where that is long enough, or they hold several frames', () => {
    expect(merged(spoken, 20)).toEqual(spoken)
    const several = Uint8Array.of(0x4b, 2, 7, 7)
    expect(merged([several, several], 60)).toEqual([several, several])
  })

  it('never mix what two encoders made, and lose nothing of what is held', () => {
    const [one, other] = [Uint8Array.of(0x48, 1), Uint8Array.of(0x68, 2)]
    expect(merged([one, other], 60)).toEqual([one, other])
    expect(merged([one, one, other], 60)).toEqual([Uint8Array.of(0x4b, 0x82, 1, 1, 1), other])
    const large = Uint8Array.from({ length: 700 }, (_, i) => (i === 0 ? 0x48 : 3))
    expect(merged([large, large], 60)).toEqual([large, large])
    expect(merged([Uint8Array.of()], 60)).toEqual([])
    const frame = Uint8Array.from({ length: 301 }, (_, i) => (i === 0 ? 0x48 : 5))
    const [packet] = merged([frame, frame], 40)
    expect(packet?.subarray(0, 4)).toEqual(Uint8Array.of(0x4b, 0x82, 252, 12))
    expect(packet).toHaveLength(604)
  })
})
