import { type EpochSecret, ratchet } from '../../protocol/audio/epoch.ts'
import { EPOCHS_IN_A_KEY_ID } from '../../protocol/audio/voice.ts'
import type { RoomId } from '../../protocol/ids.ts'

/** The secrets of a room that a session holds now. */
export interface VoiceKeys {
  /** What is opened: the newest epoch's, and for a moment the one's before, each of the first generation that was handed to us. */
  readonly held: readonly EpochSecret[]
  /** What our own voice is sealed under; nothing is sent without one. */
  readonly speak: EpochSecret | undefined
}

export const NO_KEYS: VoiceKeys = { held: [], speak: undefined }

/** Finds the secrets that a frame may be sealed under. Later generations are computed once. */
export class Keyring {
  readonly #room: RoomId
  #keys: VoiceKeys = NO_KEYS
  #later = new Map<EpochSecret, Map<number, EpochSecret>>()

  constructor(room: RoomId) {
    this.#room = room
  }

  set(keys: VoiceKeys): void {
    this.#keys = keys
    this.#later.clear()
  }

  get speak(): EpochSecret | undefined {
    return this.#keys.speak
  }

  /**
   * The newest first. Two epochs that were made while a room was parted have the same number, and one takes the place of the other.
   * @param low the last 16 bits of the epoch's number
   */
  find(low: number, generation: number): readonly EpochSecret[] {
    return this.#keys.held
      .filter(({ epoch, generation: first }) => epoch % EPOCHS_IN_A_KEY_ID === low && generation >= first)
      .map((held) => this.#at(held, generation))
  }

  #at(held: EpochSecret, generation: number): EpochSecret {
    const known = this.#later.get(held) ?? new Map<number, EpochSecret>()
    this.#later.set(held, known)
    const secret = known.get(generation) ?? ratchet(this.#room, held, generation)
    known.set(generation, secret)
    return secret
  }
}
