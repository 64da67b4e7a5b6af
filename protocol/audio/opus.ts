/** Duration of one frame by the upper five bits of the first byte, in tenths of a millisecond (RFC 6716 §3.1, table 2). */
const SILK = [100, 200, 400, 600]
const HYBRID = [100, 200]
const CELT = [25, 50, 100, 200]

/** Nobody may send more in one packet (RFC 6716 §3.2.5). */
const MAX_PACKET = 1200

/**
 * The duration of an Opus packet in milliseconds, from its first byte (RFC 6716 §3.1), and from its second where the first says so; `undefined` for bytes that are
 * none.
 */
export function opusDuration(packet: Uint8Array): number | undefined {
  const [first, second] = packet
  if (first === undefined) return undefined
  const count = frameCount(first & 3, second)
  const tenths = frameTenths(first >> 3) * (count ?? 0)
  return tenths > 0 && tenths <= MAX_PACKET ? tenths / 10 : undefined
}

function frameTenths(config: number): number {
  if (config < 12) return SILK[config % 4] as number
  if (config < 16) return HYBRID[config % 2] as number
  return CELT[config % 4] as number
}

function frameCount(code: number, second: number | undefined): number | undefined {
  if (code === 0) return 1
  if (code < 3) return 2
  return second === undefined ? undefined : second & 0x3f
}
