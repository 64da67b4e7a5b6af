import { VOICE_BYTES_PER_SECOND, VOICE_PACKETS_PER_SECOND } from './limits.ts'

/** What one voice may send: a second's worth at once, and no more than that each second (FANOUT-3). */
export class Meter {
  #packets = VOICE_PACKETS_PER_SECOND
  #bytes = VOICE_BYTES_PER_SECOND
  #at: number
  #surplus = 0

  /** @param now milliseconds */
  constructor(now: number) {
    this.#at = now
  }

  /**
   * How many packets were above the limits, less those that could have been sent since and were not: what stood still on its way comes all at once, on
   * bad roads again and again, and is no more than a voice for all that.
   */
  get surplus(): number {
    return this.#surplus
  }

  /** False for a packet that is too much. */
  take(bytes: number, now: number): boolean {
    const passed = Math.max(0, now - this.#at) / 1000
    this.#at = now
    const [packets, room] = [
      this.#packets + passed * VOICE_PACKETS_PER_SECOND,
      this.#bytes + passed * VOICE_BYTES_PER_SECOND,
    ]
    if (room > VOICE_BYTES_PER_SECOND)
      this.#surplus = Math.max(0, this.#surplus - Math.max(0, packets - VOICE_PACKETS_PER_SECOND))
    this.#packets = Math.min(VOICE_PACKETS_PER_SECOND, packets)
    this.#bytes = Math.min(VOICE_BYTES_PER_SECOND, room)
    if (this.#packets < 1 || this.#bytes < bytes) {
      this.#surplus += 1
      return false
    }
    this.#packets -= 1
    this.#bytes -= bytes
    return true
  }

  /** It was no voice at all. */
  reject(): void {
    this.#surplus += 1
  }
}
