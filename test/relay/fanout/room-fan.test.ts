import { describe, expect, it } from 'vitest'
import { readVoicePacket, type VoicePacket } from '../../../node/audience/rtp.ts'
import { SLOT_HOLD_MS } from '../../../relay/fanout/limits.ts'
import { type Branch, CASCADE_SOURCES, RoomFan } from '../../../relay/fanout/room-fan.ts'
import { RELAY_LEVEL_ID, sourceOf } from '../../../relay/fanout/rtp.ts'
import type { VoiceId } from '../../../relay/fanout/selection.ts'

const [ALICE, BOB, CAROL, DAVID] = [1, 2, 3, 4] as unknown as [VoiceId, VoiceId, VoiceId, VoiceId]
const SPEECH = 20
const SILENCE = 127

interface Passed {
  readonly source: number | undefined
  readonly packet: VoicePacket | undefined
}

function branchOf(fan: RoomFan, given: ReadonlyMap<VoiceId, number>): Passed[] {
  const passed: Passed[] = []
  const branch: Branch = {
    payloadType: 111,
    given,
    pass: (bytes) =>
      passed.push({ source: sourceOf(bytes), packet: readVoicePacket(bytes, 111, RELAY_LEVEL_ID) }),
  }
  fan.branches.add(branch)
  return passed
}

const packet = (sequence: number, level: number | undefined = SPEECH): VoicePacket => ({
  sequence,
  timestamp: sequence * 960,
  level,
  payload: Buffer.from(`packet ${sequence}`),
})

describe('what another relay is given', () => {
  it('CASCADE-4 is the speaker’s packet, with its loudness, in the slot that was asked for', () => {
    const fan = new RoomFan()
    const passed = branchOf(fan, new Map([[ALICE, 7]]))
    fan.take(ALICE, packet(65_535, 33), 0)
    fan.take(ALICE, { ...packet(0), level: undefined }, 20)
    expect(passed).toEqual([
      { source: CASCADE_SOURCES[7], packet: packet(65_535, 33) },
      { source: CASCADE_SOURCES[7], packet: { ...packet(0), level: undefined } },
    ])
  })

  it('CASCADE-3 is nothing that it was not given', () => {
    const fan = new RoomFan()
    const passed = branchOf(fan, new Map([[ALICE, 0]]))
    expect(fan.take(BOB, packet(1), 0)).toBe(0)
    expect(passed).toEqual([])
  })

  it('CASCADE-4 is a fourth voice too: each relay chooses for its own listeners', () => {
    const fan = new RoomFan()
    const all = [ALICE, BOB, CAROL, DAVID]
    const passed = branchOf(fan, new Map(all.map((voice, slot) => [voice, slot])))
    for (const voice of all) fan.take(voice, packet(1), 0)
    expect(passed.map(({ source }) => source)).toEqual(CASCADE_SOURCES.slice(0, 4))
  })

  it('CASCADE-4 goes on for a second after the last word, and again with the next', () => {
    const fan = new RoomFan()
    const passed = branchOf(fan, new Map([[ALICE, 0]]))
    fan.take(ALICE, packet(1, SILENCE), 0)
    expect(passed).toHaveLength(0)
    fan.take(ALICE, packet(2), 20)
    fan.take(ALICE, packet(3, SILENCE), 20 + SLOT_HOLD_MS)
    expect(passed).toHaveLength(2)
    fan.take(ALICE, packet(4, SILENCE), 40 + SLOT_HOLD_MS)
    expect(passed).toHaveLength(2)
    fan.take(ALICE, packet(5), 60 + SLOT_HOLD_MS)
    expect(passed.map((each) => each.packet?.sequence)).toEqual([2, 3, 5])
  })
})
