/** RFC 7587 §4.1: Opus counts 48 to the millisecond. */
const TICKS_PER_MS = 48
/** RTP payload type of Opus in what a peer without devices offers; any dynamic one would do. */
export const OPUS = 111
/** Of the header extension that says how loud a packet is (RFC 6464). Browsers number it so too. */
const LEVEL_ID = 1
/** Who sends, in a connection that carries one voice out. */
export const SOURCE = 1
/** The line of a section in which a voice is sent. */
export const LEVEL_ROW = `a=extmap:${LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n`

/** Writes the packets of one voice (RFC 3550 §5.1), with their loudness. */
export class RtpVoice {
  #sequence = Math.floor(Math.random() * 0x10000)
  #timestamp = Math.floor(Math.random() * 0x100000000)

  /** @param milliseconds of sound in it @param level RFC 6464, 0 (loudest) to 127 */
  next(payload: Uint8Array, milliseconds: number, level: number): Buffer {
    const bytes = Buffer.allocUnsafe(20 + payload.length)
    bytes[0] = 0x90
    bytes[1] = OPUS
    bytes.writeUInt16BE(this.#sequence, 2)
    bytes.writeUInt32BE(this.#timestamp, 4)
    bytes.writeUInt32BE(SOURCE, 8)
    bytes.writeUInt32BE(0xbede0001, 12)
    bytes.writeUInt32BE(((LEVEL_ID << 28) | (level << 16)) >>> 0, 16)
    bytes.set(payload, 20)
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + milliseconds * TICKS_PER_MS) >>> 0
    return bytes
  }
}
