import { SLOT_HOLD_MS, SPEECH_LEVEL } from './limits.ts'
import type { VoiceId } from './selection.ts'

/** Which voices speak, each until a while after its last word: what is silent is not sent to other relays either. */
export class Speech {
  readonly #spoke = new Map<VoiceId, number>()

  /** @param level RFC 6464; undefined counts as speech @param now milliseconds */
  goesOn(voice: VoiceId, level: number | undefined, now: number): boolean {
    if (level === undefined || level <= SPEECH_LEVEL) this.#spoke.set(voice, now)
    const spoke = this.#spoke.get(voice)
    return spoke !== undefined && now - spoke <= SLOT_HOLD_MS
  }

  /** The voice is gone. */
  leave(voice: VoiceId): void {
    this.#spoke.delete(voice)
  }
}
