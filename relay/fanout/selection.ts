import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { SLOT_HOLD_MS, SLOT_YIELD_MS, SPEECH_LEVEL } from './limits.ts'

/** A voice of this relay, by number. */
export type VoiceId = number & { readonly __kind: 'voice' }

/** Where a packet goes. */
export interface Placed {
  readonly slot: number
  /** The voice has just come into the slot. */
  readonly fresh: boolean
}

/**
 * Which voices of a room are heard: those that speak, three at most (FANOUT-3). A voice keeps its slot through its pauses, and its packets go
 * nowhere while it is silent, so how many packets a listener gets does not grow with the stage. After a long silence it comes back to the same slot,
 * unless somebody needed it meanwhile: a listener's slots change hands as seldom as can be.
 */
export class Selection {
  readonly #slots: (Holder | undefined)[] = Array(MAX_VOICE_SLOTS).fill(undefined)

  /** @param level RFC 6464; undefined counts as speech @param now milliseconds */
  place(voice: VoiceId, level: number | undefined, now: number): Placed | undefined {
    const speaks = level === undefined || level <= SPEECH_LEVEL
    const held = this.#slots.findIndex((holder) => holder?.voice === voice)
    if (held >= 0) {
      const holder = this.#slots[held] as Holder
      const paused = now - holder.spoke > SLOT_HOLD_MS
      if (paused && !speaks) return undefined
      if (speaks) holder.spoke = now
      return { slot: held, fresh: paused }
    }
    if (!speaks) return undefined
    const slot = this.#free(now)
    if (slot === undefined) return undefined
    this.#slots[slot] = { voice, spoke: now }
    return { slot, fresh: true }
  }

  /** The voice is gone. */
  leave(voice: VoiceId): void {
    const held = this.#slots.findIndex((holder) => holder?.voice === voice)
    if (held >= 0) this.#slots[held] = undefined
  }

  /** An empty slot, or the one of whoever has been silent longest, if that is long enough. */
  #free(now: number): number | undefined {
    const empty = this.#slots.indexOf(undefined)
    if (empty >= 0) return empty
    const since = this.#slots.map((holder) => holder?.spoke ?? 0)
    const longest = Math.min(...since)
    return now - longest > SLOT_YIELD_MS ? since.indexOf(longest) : undefined
  }
}

interface Holder {
  readonly voice: VoiceId
  /** When it was last loud, in milliseconds. */
  spoke: number
}
