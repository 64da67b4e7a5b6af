import { opusDuration } from '../../protocol/audio/opus.ts'
import { MAX_OPUS_BYTES } from '../../protocol/limits.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { readOggPackets } from './ogg.ts'

/** Why a file is none that can be spoken. The codes are stable. */
export type OpusFileReason =
  /** No Ogg file, or one that holds something else than one stream of Opus. */
  | 'opus-foreign'
  /** A page or a packet of it is broken, or missing. */
  | 'opus-damaged'
  /** More than two channels: rooms are mono, and a browser plays stereo. */
  | 'opus-channels'
  /** Packets shorter than 20 ms: more of them than a relay forwards. */
  | 'opus-packets'
  /** More bits a second than a relay forwards. */
  | 'opus-bitrate'
  /** No sound in it. */
  | 'opus-empty'

/** A file of Opus: its packets as they go out, and how much sound they are, in milliseconds. */
export interface OpusFile {
  readonly packets: readonly Uint8Array[]
  readonly milliseconds: number
}

/** Three hours at 24 kbit/s. Bytes. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024
/** FANOUT-3: 60 packets of one voice in a second. */
const SHORTEST_MS = 20
/**
 * FANOUT-3: 64 kbit/s of one voice, a second of them at once. Of each 20 ms 30 bytes are the seal's (§8.5), of each 200 ms some 190 the signature's (§8.6).
 * Bytes a second.
 */
const MOST_BYTES = 8_000 - 50 * 30 - 5 * 190

/** RFC 7845 §5.1: what stands before the first packet of sound. */
const HEAD = 'OpusHead'
const TAGS = 'OpusTags'
const HEAD_BYTES = 19

/** Reads an Ogg file of Opus (RFC 3533, RFC 7845). */
export function readOpusFile(bytes: Uint8Array): Result<OpusFile, OpusFileReason> {
  const read = readOggPackets(bytes)
  if (!read.ok) return bad(read.reason === 'ogg-damaged' ? 'opus-damaged' : 'opus-foreign')
  const [head, tags, ...packets] = read.value
  if (head === undefined || !beginsWith(head, HEAD) || head.length < HEAD_BYTES) return bad('opus-foreign')
  // RFC 7845 §5.1.1: another major version is another format.
  if ((head[8] as number) >> 4 !== 0) return bad('opus-foreign')
  const [channels, family] = [head[9], head[18]]
  if (family !== 0 || channels === undefined || channels < 1 || channels > 2) return bad('opus-channels')
  if (tags === undefined || !beginsWith(tags, TAGS)) return bad('opus-damaged')
  if (packets.length === 0) return bad('opus-empty')
  return measured(packets)
}

function measured(packets: readonly Uint8Array[]): Result<OpusFile, OpusFileReason> {
  let milliseconds = 0
  let left = MOST_BYTES
  for (const [i, packet] of packets.entries()) {
    const duration = opusDuration(packet)
    if (duration === undefined || packet.length > MAX_OPUS_BYTES) return bad('opus-damaged')
    // Encoders end with what is left.
    if (duration < SHORTEST_MS && i < packets.length - 1) return bad('opus-packets')
    milliseconds += duration
    left = Math.min(MOST_BYTES, left + (MOST_BYTES * duration) / 1000) - packet.length
    if (left < 0) return bad('opus-bitrate')
  }
  return good({ packets, milliseconds })
}

function beginsWith(packet: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => packet[i] === letter.charCodeAt(0))
}
