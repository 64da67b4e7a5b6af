import { bad, good, type Result } from '../../protocol/result.ts'

/** `ogg-foreign`: no Ogg, or more streams than one; `ogg-damaged`: a page is broken, cut off, missing, or not where it belongs. */
export type OggReason = 'ogg-foreign' | 'ogg-damaged'

/** RFC 3533 §6: bytes of a page's header before its segment table. */
const HEADER = 27
/** A segment of so many bytes goes on in the next. */
const FULL = 255
const CONTINUED = 1
const FIRST = 2
const LAST = 4
/** RFC 3533 §6: the generator polynomial of a page's checksum, from its highest bit on. */
const POLYNOMIAL = 0x04c11db7
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24
  for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ POLYNOMIAL : sum << 1
  return sum >>> 0
})

/** The packets of an Ogg file that holds one stream (RFC 3533). */
export function readOggPackets(bytes: Uint8Array): Result<readonly Uint8Array[], OggReason> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const packets: Uint8Array[] = []
  let begun: Uint8Array[] = []
  let serial: number | undefined
  let isOver = false
  let at = 0
  for (let page = 0; at < bytes.length; page++) {
    const isPage = at + HEADER <= bytes.length && view.getUint32(at) === 0x4f676753 && bytes[at + 4] === 0
    if (!isPage) return bad(page === 0 ? 'ogg-foreign' : 'ogg-damaged')
    const flags = bytes[at + 5] as number
    const stream = view.getUint32(at + 14, true)
    serial ??= stream
    // Another stream beside this one, or after its end.
    if (stream !== serial || (page > 0 && (flags & FIRST) !== 0) || isOver) return bad('ogg-foreign')
    const segments = bytes[at + 26] as number
    const table = bytes.subarray(at + HEADER, at + HEADER + segments)
    const body = at + HEADER + segments
    const end = body + table.reduce((sum, length) => sum + length, 0)
    const isWhole = table.length === segments && end <= bytes.length
    if (!isWhole || view.getUint32(at + 22, true) !== checksum(bytes.subarray(at, end)))
      return bad('ogg-damaged')
    if (view.getUint32(at + 18, true) !== page || (flags & CONTINUED) !== (begun.length > 0 ? CONTINUED : 0))
      return bad('ogg-damaged')
    let from = body
    for (const length of table) {
      begun.push(bytes.subarray(from, from + length))
      from += length
      if (length === FULL) continue
      packets.push(new Uint8Array(Buffer.concat(begun)))
      begun = []
    }
    isOver = (flags & LAST) !== 0
    at = end
  }
  if (serial === undefined) return bad('ogg-foreign')
  return begun.length > 0 ? bad('ogg-damaged') : good(packets)
}

/** Of a whole page, its own checksum taken for zero. */
function checksum(page: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : (page[i] as number)
    sum = ((sum << 8) ^ (TABLE[(sum >>> 24) ^ byte] as number)) >>> 0
  }
  return sum
}
