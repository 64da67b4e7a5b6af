import { timingSafeEqual } from 'node:crypto'
import type { VoicePacket } from '../../node/audience/rtp.ts'
import type { VoiceId } from './selection.ts'

/**
 * A packet of a voice on its way from the process that receives it to another one of the same relay, over the loopback:
 *
 * ```
 * secret (16) | voice u32 | sequence u16 | timestamp u32 | level u8 (255: unknown) | payload
 * ```
 */
const SECRET = 16
const HEAD = SECRET + 11
const NO_LEVEL = 255

export interface Hop {
  readonly voice: VoiceId
  readonly packet: VoicePacket
}

/** @param secret 16 bytes */
export function encodeHop(secret: Uint8Array, voice: VoiceId, packet: VoicePacket): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD + packet.payload.length)
  bytes.set(secret)
  bytes.writeUInt32BE(voice, SECRET)
  bytes.writeUInt16BE(packet.sequence, SECRET + 4)
  bytes.writeUInt32BE(packet.timestamp, SECRET + 6)
  bytes[SECRET + 10] = packet.level ?? NO_LEVEL
  bytes.set(packet.payload, HEAD)
  return bytes
}

/** Undefined for what no process of this relay sent. */
export function decodeHop(bytes: Buffer, secret: Uint8Array): Hop | undefined {
  if (bytes.length <= HEAD || !timingSafeEqual(bytes.subarray(0, SECRET), secret)) return undefined
  const level = bytes[SECRET + 10] as number
  return {
    voice: bytes.readUInt32BE(SECRET) as VoiceId,
    packet: {
      sequence: bytes.readUInt16BE(SECRET + 4),
      timestamp: bytes.readUInt32BE(SECRET + 6),
      level: level === NO_LEVEL ? undefined : level,
      payload: bytes.subarray(HEAD),
    },
  }
}
