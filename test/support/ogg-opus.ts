/** Speech as Opus packets, and Opus packets as sound: by opus-tools, which write and read Ogg (RFC 3533, RFC 7845). */

import { execFileSync } from 'node:child_process'
import { readOpusFile } from '../../node/headless/opus-file.ts'
import { type Pcm, pcmFromBytes } from './hearing-pcm.ts'
import type { Recording } from './recordings/recordings.ts'

/** Opus counts 48 to the millisecond, in Ogg as in RTP. */
const TICKS_PER_MS = 48
/** What a decoder gives here, in Hz. */
const RATE = 16_000
/** Segments of a page at most, and bytes of one. */
const SEGMENTS = 255
const SEGMENT = 255
/** RFC 3533 §6: the checksum's polynomial. */
const POLYNOMIAL = 0x04c11db7

/** The packets of a recording, as browsers encode speech. @param milliseconds of each: 20, 40 or 60 */
export function opusPackets({ path }: Recording, milliseconds = 20): readonly Uint8Array[] {
  const options = ['--quiet', '--bitrate', '24', '--speech', '--comp', '5', '--framesize', `${milliseconds}`]
  const file = execFileSync('opusenc', [...options, path, '-'], { maxBuffer: 1 << 24 })
  const read = readOpusFile(file)
  if (!read.ok) throw new Error(read.reason)
  return read.value.packets
}

/** What a decoder makes of packets of so many milliseconds each, whatever they are. Empty when it gives up at once. */
export function decoded(packets: readonly Uint8Array[], milliseconds = 20): Pcm {
  const file = writeOgg(packets, milliseconds * TICKS_PER_MS)
  const options = ['--quiet', '--rate', String(RATE), '--force-wav', '-', '-']
  const wav = execFileSync('opusdec', options, { input: file, maxBuffer: 1 << 26, stdio: 'pipe' })
  return pcmFromBytes(wav.subarray(wav.indexOf('data') + 8), RATE)
}

/** A file of Opus, each packet on a page of its own. @param change what its first header says otherwise */
export function writeOgg(
  packets: readonly Uint8Array[],
  ticks: number,
  change: (head: Buffer) => void = () => {},
): Buffer {
  const head = Buffer.alloc(19)
  head.write('OpusHead')
  head.writeUInt8(1, 8)
  head.writeUInt8(1, 9)
  head.writeUInt32LE(RATE, 12)
  change(head)
  const tags = Buffer.alloc(16)
  tags.write('OpusTags')
  const all = [head, tags, ...packets]
  return Buffer.concat(
    all.map((packet, i) => {
      const last = i === all.length - 1
      return page(packet, i, Math.max(0, i - 1) * ticks, (i === 0 ? 2 : 0) | (last ? 4 : 0))
    }),
  )
}

/** One packet on a page of its own. */
function page(packet: Uint8Array, number: number, position: number, flags: number): Buffer {
  const count = Math.floor(packet.length / SEGMENT) + 1
  if (count > SEGMENTS) throw new RangeError('a packet for one page')
  const header = Buffer.alloc(27 + count, SEGMENT)
  header.fill(0, 0, 27)
  header.write('OggS')
  header.writeUInt8(flags, 5)
  header.writeBigUInt64LE(BigInt(position), 6)
  header.writeUInt32LE(1, 14)
  header.writeUInt32LE(number, 18)
  header.writeUInt8(count, 26)
  header.writeUInt8(packet.length % SEGMENT, 26 + count)
  const bytes = Buffer.concat([header, packet])
  bytes.writeUInt32LE(checksum(bytes), 22)
  return bytes
}

function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << 24
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ POLYNOMIAL : sum << 1
  }
  return sum >>> 0
}
