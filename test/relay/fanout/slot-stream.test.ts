import { expect, it } from 'vitest'
import { SlotStream } from '../../../relay/fanout/slot-stream.ts'

/** RTP counts with 16 bits. */
const NUMBERS = 0x10000

it('FANOUT-3 a voice that never pauses goes on and on, whatever its numbers come to', () => {
  const stream = new SlotStream(1)
  const sequences: (number | undefined)[] = []
  for (let i = 0; i < 3 * NUMBERS; i++) {
    const packet = { sequence: i % NUMBERS, timestamp: i * 960, level: 20, payload: new Uint8Array(1) }
    sequences.push(stream.next(packet, i === 0, i * 20)?.sequence)
  }
  const lost = sequences.findIndex((sequence, i) => sequence !== (1 + i) % NUMBERS)
  expect(lost).toBe(-1)
})

it('FANOUT-3 what came before the first of a voice is never played, however long that goes on', () => {
  const stream = new SlotStream(1)
  const at = (sequence: number) => ({
    sequence,
    timestamp: sequence * 960,
    level: 20,
    payload: new Uint8Array(1),
  })
  for (let i = 100; i < 103; i++) expect(stream.next(at(i), i === 100, i * 20)).toBeDefined()
  expect(stream.next(at(99), false, 2_080)).toBeUndefined()
  for (let i = 103; i < 1_000; i++) expect(stream.next(at(i), false, i * 20)).toBeDefined()
  expect(stream.next(at(998), false, 20_000)?.sequence).toBe(1 + 898)
})
