import { expect, it } from 'vitest'
import { opusDuration } from '../../../protocol/audio/opus.ts'

/** The first byte of a packet: configuration, stereo, code (RFC 6716 §3.1). */
const first = (config: number, code: number) => (config << 3) | code

it.each([
  ['SILK, 10 ms', [first(0, 0)], 10],
  ['SILK wideband, 60 ms', [first(11, 0)], 60],
  ['hybrid, 20 ms', [first(13, 0)], 20],
  ['CELT, 2.5 ms', [first(16, 0)], 2.5],
  ['CELT fullband, 20 ms, which browsers send', [first(31, 0)], 20],
  ['three of 20 ms, as they send for 60', [first(31, 3), 3], 60],
  ['two of 60 ms', [first(11, 1)], 120],
  ['two of 20 ms, not alike', [first(31, 2)], 40],
  ['nothing', [], undefined],
  ['a count that is missing', [first(31, 3)], undefined],
  ['no frame at all', [first(31, 3), 0], undefined],
  ['more than 120 ms', [first(31, 3), 7], undefined],
])('RFC 6716 §3.1: %s', (_name, bytes, duration) => {
  expect(opusDuration(Uint8Array.from(bytes))).toBe(duration)
})
