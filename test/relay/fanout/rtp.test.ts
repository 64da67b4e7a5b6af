import { describe, expect, it } from 'vitest'
import { readVoicePacket } from '../../../node/audience/rtp.ts'
import { writePacket } from '../../../relay/fanout/rtp.ts'

const PAYLOAD = [1, 2, 3]
const HEAD = [0x80, 111, 0x12, 0x34, 0, 0, 3, 192, 0, 0, 0, 7]
const read = (bytes: readonly number[], levelId: number | undefined = 1) =>
  readVoicePacket(Buffer.from(bytes), 111, levelId)
/** With these flags, and this between header and payload. */
const packet = (flags: number, between: readonly number[], after: readonly number[] = []) =>
  read([0x80 | flags, ...HEAD.slice(1), ...between, ...PAYLOAD, ...after])

describe('FANOUT-3 a packet of a voice', () => {
  it('is read', () => {
    expect(read([...HEAD, ...PAYLOAD])).toEqual({
      sequence: 0x1234,
      timestamp: 960,
      level: undefined,
      payload: Buffer.from(PAYLOAD),
    })
  })

  it.each([
    ['behind a marker', [0x80, 0xef, ...HEAD.slice(2), ...PAYLOAD]],
    ['behind two other sources', [0x82, ...HEAD.slice(1), ...Array(8).fill(9), ...PAYLOAD]],
    ['before padding', [0xa0, ...HEAD.slice(1), ...PAYLOAD, 0, 2]],
    ['behind an extension of another kind', [0x90, ...HEAD.slice(1), 0x10, 0, 0, 1, 9, 9, 9, 9, ...PAYLOAD]],
  ])('gives its payload: %s', (_name, bytes) => {
    expect(read(bytes)?.payload).toEqual(Buffer.from(PAYLOAD))
  })

  it('says how loud it is, wherever that stands among its extensions', () => {
    expect(packet(0x10, [0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0])?.level).toBe(5)
    expect(packet(0x10, [0xbe, 0xde, 0, 2, 0, 0x31, 9, 9, 0x10, 0x7f, 0, 0])?.level).toBe(127)
    expect(packet(0x10, [0xbe, 0xde, 0, 1, 0x20, 5, 0, 0])?.level).toBeUndefined()
    expect(packet(0x10, [0xbe, 0xde, 0, 1, 0xf0, 0x10, 5, 0])?.level).toBeUndefined()
    expect(packet(0x10, [0xbe, 0xde, 0, 1, 0, 0, 0, 0x10])?.level).toBeUndefined()
  })

  it.each([
    ['nothing', []],
    ['eleven bytes', HEAD.slice(1)],
    ['another version', [0x40, ...HEAD.slice(1), ...PAYLOAD]],
    ['another payload type', [0x80, 112, ...HEAD.slice(2), ...PAYLOAD]],
    ['no payload', HEAD],
    ['padding alone', [0xa0, ...HEAD.slice(1), 0, 0, 0, 4]],
    ['more padding than there is', [0xa0, ...HEAD.slice(1), 1, 2, 255]],
    ['sources cut short', [0x8f, ...HEAD.slice(1), ...PAYLOAD]],
    ['an extension cut short', [0x90, ...HEAD.slice(1), 0xbe]],
    ['an extension longer than the packet', [0x90, ...HEAD.slice(1), 0xbe, 0xde, 0, 99, 1, 2, 3, 4]],
  ])('is not: %s', (_name, bytes) => {
    expect(read(bytes)).toBeUndefined()
  })

  it('is written with nothing but its payload', () => {
    const header = { source: 7, sequence: 0x1234, timestamp: 960, marker: false }
    expect([...writePacket(header, 111, Uint8Array.from(PAYLOAD))]).toEqual([...HEAD, ...PAYLOAD])
    expect(writePacket({ ...header, marker: true }, 109, Uint8Array.from(PAYLOAD))[1]).toBe(0x80 | 109)
  })
})
