import type { VoicePacket } from '../../node/audience/rtp.ts'
import type { SlotHeader } from './rtp.ts'

/** Opus in RTP counts 48 to the millisecond, whatever is inside (RFC 7587 §4.1). */
const TICKS_PER_MS = 48
/** Packets further apart than this are not of one flow: a sender began anew. */
const MAX_GAP = 512

/** Where the packets of one voice came to stand in the slot. */
interface Spurt {
  readonly sequenceOffset: number
  readonly timestampOffset: number
  /** Of the voice: the first that may go out. What is older came too late. */
  readonly first: number
}

/**
 * What the listeners of one slot see: a single source without an end, whoever speaks. What was lost on the way to us stays a gap, so that it can be
 * concealed; what we did not send is none.
 */
export class SlotStream {
  readonly source: number
  #spurt: Spurt | undefined
  /** The newest that went out. */
  #sequence = 0
  #timestamp = 0
  /** Of the voice, the newest that went out. */
  #newest = 0
  #at = 0

  constructor(source: number) {
    this.source = source
  }

  /** @param fresh another voice than before, or the same after a pause @param now milliseconds; undefined for a packet that is too late or came twice */
  next(packet: VoicePacket, fresh: boolean, now: number): SlotHeader | undefined {
    let spurt = this.#spurt
    const ahead = spurt === undefined ? 0 : difference(packet.sequence, this.#newest)
    const isNew = fresh || spurt === undefined || Math.abs(ahead) > MAX_GAP
    if (isNew || spurt === undefined) {
      const sequence = (this.#sequence + 1) & 0xffff
      const timestamp = (this.#timestamp + Math.max(1, now - this.#at) * TICKS_PER_MS) >>> 0
      spurt = {
        sequenceOffset: (sequence - packet.sequence) & 0xffff,
        timestampOffset: (timestamp - packet.timestamp) >>> 0,
        first: packet.sequence,
      }
      this.#spurt = spurt
    } else if (ahead === 0 || difference(packet.sequence, spurt.first) < 0) {
      return undefined
    }
    const sequence = (packet.sequence + spurt.sequenceOffset) & 0xffff
    const timestamp = (packet.timestamp + spurt.timestampOffset) >>> 0
    if (isNew || ahead > 0) {
      this.#sequence = sequence
      this.#timestamp = timestamp
      this.#newest = packet.sequence
      this.#at = now
      // Numbers are compared within half of all of them: the first must not stay behind for longer, or all that comes is older than it.
      if (difference(packet.sequence, spurt.first) > MAX_GAP)
        this.#spurt = { ...spurt, first: (packet.sequence - MAX_GAP) & 0xffff }
    }
    return { source: this.source, sequence, timestamp, marker: isNew }
  }
}

/** How far `a` is ahead of `b`, of two sequence numbers that wrap. */
function difference(a: number, b: number): number {
  const ahead = (a - b) & 0xffff
  return ahead < 0x8000 ? ahead : ahead - 0x10000
}
