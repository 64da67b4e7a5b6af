import type { PeerIdString } from '../../node/network/network.ts'
import type { Clock } from '../../node/ports/clock.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { DOUBT_MS, SILENT_DOUBLINGS, SILENT_REPORTS } from './limits.ts'

/**
 * Other relays that said that they have a voice and did not bring it while its speaker spoke (CASCADE-7). This relay is deaf: what came may be anything.
 */
export class Doubts {
  readonly #clock: Clock
  /** Until when each is doubted for a voice, in milliseconds. */
  readonly #until = new Map<KeyText, Map<PeerIdString, number>>()
  /** How many more reports there were without a voice than with it. */
  readonly #silence = new Map<KeyText, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(voice: KeyText, relay: PeerIdString): boolean {
    return this.until(voice, relay) > 0
  }

  /** Until when; 0 when it is not doubted. */
  until(voice: KeyText, relay: PeerIdString): number {
    const until = this.#until.get(voice)?.get(relay) ?? 0
    return until > this.#clock.now() ? until : 0
  }

  /**
   * A report of the relay that a voice is taken from.
   * @param isMissing nothing came while its speaker spoke
   * @param hasCome something did
   * @returns whether it is doubted now and was not before, or the other way round
   */
  judge(voice: KeyText, relay: PeerIdString, isMissing: boolean, hasCome: boolean): boolean {
    const silence = Math.max(0, (this.#silence.get(voice) ?? 0) + (isMissing ? 1 : -1))
    this.#silence.set(voice, silence)
    const relays = this.#until.get(voice) ?? new Map<PeerIdString, number>()
    if (hasCome) return relays.delete(relay)
    // Where another's doubt has ended, fewer would do; but nothing is missing now.
    if (!isMissing) return false
    const doubted = [...relays.keys()].filter((each) => this.has(voice, each)).length
    if (silence < SILENT_REPORTS * 2 ** Math.min(doubted, SILENT_DOUBLINGS)) return false
    this.#silence.set(voice, 0)
    this.#until.set(voice, relays.set(relay, this.#clock.now() + DOUBT_MS))
    return true
  }

  /** Only these voices are anywhere. */
  keep(voices: ReadonlySet<KeyText>): void {
    for (const known of [this.#until, this.#silence])
      for (const voice of known.keys()) if (!voices.has(voice)) known.delete(voice)
  }
}
