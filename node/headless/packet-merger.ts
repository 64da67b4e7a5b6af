import { opusDuration } from '../../protocol/audio/opus.ts'
import { MAX_OPUS_BYTES } from '../../protocol/limits.ts'

/** RFC 6716 §3.2.1: a length of a frame up to here is one byte. */
const SHORT_LENGTH = 252
/** RFC 6716 §3.2.5: frames of their own lengths. */
const VBR = 0x80
const CODE_3 = 3
/** TOC, count, and the length of each frame. */
const overhead = (frames: number) => 2 + 2 * frames

/** Packets, each of one frame, put together into longer ones without opening them (RFC 6716 §3.2): what a relay asks for is how long each is. */
export class PacketMerger {
  #frames: Uint8Array[] = []
  #toc = 0
  #bytes = 0
  #milliseconds = 0

  /**
   * @param wanted milliseconds of sound in a packet
   * @returns packets that are to go out now. What has several frames already, or cannot be put together with what is held, goes as it is.
   */
  take(packet: Uint8Array, wanted: number): readonly Uint8Array[] {
    const milliseconds = opusDuration(packet)
    if (milliseconds === undefined) return []
    const toc = packet[0] as number
    const isWhole = (toc & 3) !== 0 || milliseconds >= wanted
    if (isWhole) return [...this.flush(), packet]
    const frame = packet.subarray(1)
    const doesFit =
      toc === this.#toc && this.#bytes + frame.length + overhead(this.#frames.length + 1) <= MAX_OPUS_BYTES
    const out = doesFit ? [] : [...this.flush()]
    this.#toc = toc
    this.#frames.push(frame)
    this.#bytes += frame.length
    this.#milliseconds += milliseconds
    return this.#milliseconds < wanted ? out : [...out, ...this.flush()]
  }

  /** What is held, in one packet. */
  flush(): readonly Uint8Array[] {
    const frames = this.#frames
    const toc = this.#toc
    this.#frames = []
    this.#bytes = 0
    this.#milliseconds = 0
    const [first] = frames
    if (first === undefined) return []
    if (frames.length === 1) return [Uint8Array.of(toc, ...first)]
    const lengths = frames.slice(0, -1).flatMap(({ length }) => lengthBytes(length))
    const head = [toc | CODE_3, VBR | frames.length, ...lengths]
    const packet = new Uint8Array(head.length + frames.reduce((sum, { length }) => sum + length, 0))
    packet.set(head)
    let at = head.length
    for (const frame of frames) {
      packet.set(frame, at)
      at += frame.length
    }
    return [packet]
  }
}

function lengthBytes(length: number): readonly number[] {
  if (length < SHORT_LENGTH) return [length]
  const first = SHORT_LENGTH + (length & 3)
  return [first, (length - first) >> 2]
}
