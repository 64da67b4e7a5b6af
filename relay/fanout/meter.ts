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

  /** How many packets were above the limits so far. */
  get surplus(): number {
    return this.#surplus
  }

  /** False for a packet that is too much. */
  take(bytes: number, now: number): boolean {
    const passed = Math.max(0, now - this.#at) / 1000
    this.#at = now
    this.#packets = Math.min(VOICE_PACKETS_PER_SECOND, this.#packets + passed * VOICE_PACKETS_PER_SECOND)
    this.#bytes = Math.min(VOICE_BYTES_PER_SECOND, this.#bytes + passed * VOICE_BYTES_PER_SECOND)
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
