/** RTP (RFC 3550 §5.1), as far as anybody reads it who is no browser. */

/** Bytes of a packet before everything that it may or may not have. */
export const RTP_HEADER_BYTES = 12
/** RFC 8285 §4.2: extensions of one byte each. */
export const ONE_BYTE_PROFILE = 0xbede

/** A packet of a voice; `payload` is a view of what was received. */
export interface VoicePacket {
  readonly sequence: number
  readonly timestamp: number
  /** RFC 6464, 0 (loudest) to 127; undefined where the sender does not say it. */
  readonly level: number | undefined
  readonly payload: Uint8Array
}

/** Says what a packet is, or `undefined` for what is no voice: no RTP, another payload type, padding alone. */
export function readVoicePacket(
  bytes: Buffer,
  payloadType: number,
  levelId: number | undefined,
): VoicePacket | undefined {
  if (bytes.length < RTP_HEADER_BYTES) return undefined
  const first = bytes[0] as number
  if (first >> 6 !== 2 || ((bytes[1] as number) & 0x7f) !== payloadType) return undefined
  let at = RTP_HEADER_BYTES + 4 * (first & 0x0f)
  let level: number | undefined
  if ((first & 0x10) !== 0) {
    if (bytes.length < at + 4) return undefined
    const profile = bytes.readUInt16BE(at)
    const end = at + 4 + 4 * bytes.readUInt16BE(at + 2)
    if (bytes.length < end) return undefined
    if (profile === ONE_BYTE_PROFILE && levelId !== undefined) level = levelIn(bytes, at + 4, end, levelId)
    at = end
  }
  let end = bytes.length
  if ((first & 0x20) !== 0) end -= bytes[bytes.length - 1] as number
  if (end <= at) return undefined
  return {
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    level,
    payload: bytes.subarray(at, end),
  }
}

function levelIn(bytes: Buffer, from: number, to: number, id: number): number | undefined {
  let at = from
  while (at < to) {
    const head = bytes[at] as number
    if (head === 0) {
      at += 1
      continue
    }
    const length = (head & 0x0f) + 1
    if (head >> 4 === 15 || at + 1 + length > to) return undefined
    if (head >> 4 === id) return (bytes[at + 1] as number) & 0x7f
    at += 1 + length
  }
  return undefined
}
