/** RTP (RFC 3550 §5.1), as a relay writes it. */

import { ONE_BYTE_PROFILE, RTP_HEADER_BYTES, type VoicePacket } from '../../node/audience/rtp.ts'

/** What the relay writes in front of a payload. */
export interface SlotHeader {
  readonly source: number
  readonly sequence: number
  readonly timestamp: number
  /** The first packet after a pause. */
  readonly marker: boolean
}

/** A whole packet: no extension, no padding, the payload byte for byte. */
export function writePacket(
  { source, sequence, timestamp, marker }: SlotHeader,
  payloadType: number,
  payload: Uint8Array,
): Buffer {
  const bytes = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length)
  bytes[0] = 0x80
  bytes[1] = (marker ? 0x80 : 0) | payloadType
  bytes.writeUInt16BE(sequence, 2)
  bytes.writeUInt32BE(timestamp, 4)
  bytes.writeUInt32BE(source, 8)
  bytes.set(payload, RTP_HEADER_BYTES)
  return bytes
}

/** Id of the loudness in packets from one relay to another. */
export const RELAY_LEVEL_ID = 1

/** A packet for another relay: as it came from the speaker but for its source, with its loudness, by which the other one chooses. */
export function writeRelayPacket(
  source: number,
  { sequence, timestamp, level, payload }: VoicePacket,
  payloadType: number,
): Buffer {
  if (level === undefined)
    return writePacket({ source, sequence, timestamp, marker: false }, payloadType, payload)
  const bytes = Buffer.allocUnsafe(RTP_HEADER_BYTES + 8 + payload.length)
  bytes[0] = 0x90
  bytes[1] = payloadType
  bytes.writeUInt16BE(sequence, 2)
  bytes.writeUInt32BE(timestamp, 4)
  bytes.writeUInt32BE(source, 8)
  bytes.writeUInt16BE(ONE_BYTE_PROFILE, RTP_HEADER_BYTES)
  bytes.writeUInt16BE(1, RTP_HEADER_BYTES + 2)
  bytes.writeUInt32BE(((RELAY_LEVEL_ID << 28) | (level << 16)) >>> 0, RTP_HEADER_BYTES + 4)
  bytes.set(payload, RTP_HEADER_BYTES + 8)
  return bytes
}

/** Whose packet it is (SSRC); undefined for less than a header. */
export function sourceOf(bytes: Buffer): number | undefined {
  return bytes.length < RTP_HEADER_BYTES ? undefined : bytes.readUInt32BE(8)
}
