import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readOggPackets } from '../../../node/headless/ogg.ts'
import { readOpusFile } from '../../../node/headless/opus-file.ts'
import { opusDuration } from '../../../protocol/audio/opus.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { writeOgg } from '../../support/ogg-opus.ts'
import { ALICE } from '../../support/recordings/recordings.ts'

const PACKET = Uint8Array.of(0x48, 1, 2, 3)
const reasonOf = (bytes: Uint8Array) => {
  const read = readOpusFile(bytes)
  return read.ok ? 'good' : read.reason
}

/** Alice's voice, as somebody encodes it. */
function encoded(...options: readonly string[]): Buffer {
  const file = join(temporaryFolder(), 'alice.opus')
  execFileSync('opusenc', ['--quiet', ...options, ALICE.path, file])
  return readFileSync(file)
}

/** The file with one byte of it changed. */
const changed = (file: Buffer, at: number) => {
  const copy = Buffer.from(file)
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

describe('RFC 7845 a file of Opus', () => {
  it('is read whole: every packet, and how long all are', () => {
    for (const [options, length] of [
      [['--framesize', '20'], 20],
      [['--framesize', '40'], 40],
      [['--framesize', '60', '--speech'], 60],
    ] as const) {
      const read = readOpusFile(encoded('--bitrate', '24', ...options))
      if (!read.ok) throw new Error(read.reason)
      const { packets, milliseconds } = read.value
      const lengths = packets.map((packet) => opusDuration(packet) ?? 0)
      // The encoder ends with what is left.
      expect(new Set(lengths.slice(0, -1))).toEqual(new Set([length]))
      expect(milliseconds).toBe(lengths.reduce((sum, each) => sum + each, 0))
      expect(milliseconds / 1000 - ALICE.seconds).toBeGreaterThanOrEqual(0)
      expect(milliseconds / 1000 - ALICE.seconds).toBeLessThan(0.1)
    }
  })

  it('goes over pages that end in the middle of a packet', () => {
    const long = Uint8Array.from({ length: 1_000 }, (_, i) => (i === 0 ? 0x48 : i))
    const read = readOggPackets(encoded('--bitrate', '44', '--max-delay', '0'))
    expect(read.ok && read.value.length).toBe(359)
    const whole = readOggPackets(writeOgg([long], 960))
    expect(whole.ok && whole.value[2]).toEqual(long)
  })

  it('is refused where it is something else', () => {
    expect(reasonOf(new Uint8Array())).toBe('opus-foreign')
    expect(reasonOf(readFileSync(ALICE.path))).toBe('opus-foreign')
    const good = writeOgg([PACKET], 960)
    expect(reasonOf(good)).toBe('good')
    // A second stream after its end (chained), or beside it.
    expect(reasonOf(Buffer.concat([good, good]))).toBe('opus-foreign')
    expect(reasonOf(writeOgg([], 960))).toBe('opus-empty')
    expect(reasonOf(writeOgg([PACKET], 960, (head) => head.write('OpusTail')))).toBe('opus-foreign')
    expect(reasonOf(writeOgg([PACKET], 960, (head) => head.writeUInt8(16, 8)))).toBe('opus-foreign')
  })

  it('is refused where it is damaged: at every byte, and cut off at every byte', () => {
    const good = writeOgg([PACKET, PACKET], 960)
    const outcomes = new Set<string>()
    for (let at = 0; at < good.length; at++) {
      outcomes.add(reasonOf(changed(good, at)))
      const cut = reasonOf(good.subarray(0, at))
      // Between two pages it is a shorter file, and may be whole.
      outcomes.add(cut === 'good' ? 'opus-damaged' : cut)
    }
    expect(outcomes).toEqual(new Set(['opus-damaged', 'opus-foreign', 'opus-empty']))
    const pages = [...good.toString('latin1').matchAll(/OggS/g)].map(({ index }) => index)
    const [, , third = 0, fourth = 0] = pages
    // A page is missing.
    expect(reasonOf(Buffer.concat([good.subarray(0, third), good.subarray(fourth)]))).toBe('opus-damaged')
    expect(reasonOf(writeOgg([PACKET, Uint8Array.of(0x4b)], 960))).toBe('opus-damaged')
  })

  it('is refused where a relay would not carry it', () => {
    expect(reasonOf(encoded('--framesize', '10'))).toBe('opus-packets')
    expect(reasonOf(encoded('--bitrate', '64', '--hard-cbr'))).toBe('opus-bitrate')
    expect(reasonOf(encoded('--bitrate', '32'))).toBe('good')
    const short = Uint8Array.of(0x80, 1)
    expect(reasonOf(writeOgg([PACKET, short], 960))).toBe('good')
    expect(reasonOf(writeOgg([short, PACKET], 960))).toBe('opus-packets')
    expect(reasonOf(writeOgg([PACKET], 960, (head) => head.writeUInt8(1, 18)))).toBe('opus-channels')
    expect(reasonOf(writeOgg([PACKET], 960, (head) => head.writeUInt8(3, 9)))).toBe('opus-channels')
  })
})
