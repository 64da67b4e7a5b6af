import type { VoicePacket } from '../../node/audience/rtp.ts'
import { MAX_CASCADE_VOICES, MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { writePacket, writeRelayPacket } from './rtp.ts'
import { Selection, type VoiceId } from './selection.ts'
import { SlotStream } from './slot-stream.ts'
import { Speech } from './speech.ts'

/** One who listens: where packets for each of its slots go. */
export interface Ear {
  readonly payloadType: number
  readonly slots: number
  /** Its own voice, which it does not get back. */
  readonly voice: VoiceId | undefined
  /** At once or never: what cannot be sent now is lost for this listener alone. */
  send(slot: number, packet: Buffer): void
}

/** Another relay: which voices it is given, and in which of its slots. */
export interface Branch {
  readonly payloadType: number
  readonly given: ReadonlyMap<VoiceId, number>
  /** As of an ear. */
  pass(packet: Buffer): void
}

/** SSRCs of the voices that one relay gives another, by slot. */
export const CASCADE_SOURCES: readonly number[] = Array.from(
  { length: MAX_CASCADE_VOICES },
  (_, i) => 0x72656c00 + i,
)

/** SSRCs of the slots, the same for everybody: they say where a packet goes, not whose it is. */
export const SLOT_SOURCES: readonly number[] = Array.from(
  { length: MAX_VOICE_SLOTS },
  (_, i) => 0x70616c00 + i,
)

/**
 * The voices of one room in one process, from whoever speaks to all who listen. What goes into a slot is the same for everybody but for the
 * payload type, so it is written once for each of those and sent many times.
 */
export class RoomFan {
  readonly ears = new Set<Ear>()
  readonly branches = new Set<Branch>()
  readonly #selection = new Selection()
  readonly #speech = new Speech()
  readonly #streams = SLOT_SOURCES.map((source) => new SlotStream(source))

  /** @returns to how many it was sent @param now milliseconds */
  take(voice: VoiceId, packet: VoicePacket, now: number): number {
    return this.#pass(voice, packet, now) + this.#play(voice, packet, now)
  }

  /** The voice is gone: its slot is free at once. */
  silence(voice: VoiceId): void {
    this.#selection.leave(voice)
    this.#speech.leave(voice)
  }

  /** To other relays: whoever speaks, also of more than three. Each relay chooses for its own listeners, among voices that come over several roads. */
  #pass(voice: VoiceId, packet: VoicePacket, now: number): number {
    if (this.branches.size === 0 || !this.#speech.goesOn(voice, packet.level, now)) return 0
    let sent = 0
    for (const branch of this.branches) {
      const slot = branch.given.get(voice)
      const source = slot === undefined ? undefined : CASCADE_SOURCES[slot]
      if (source === undefined) continue
      branch.pass(writeRelayPacket(source, packet, branch.payloadType))
      sent += 1
    }
    return sent
  }

  #play(voice: VoiceId, packet: VoicePacket, now: number): number {
    const placed = this.#selection.place(voice, packet.level, now)
    if (placed === undefined) return 0
    const { slot, fresh } = placed
    const header = this.#streams[slot]?.next(packet, fresh, now)
    if (header === undefined) return 0
    const written = new Map<number, Buffer>()
    let sent = 0
    for (const ear of this.ears) {
      if (slot >= ear.slots || ear.voice === voice) continue
      let bytes = written.get(ear.payloadType)
      if (bytes === undefined) {
        bytes = writePacket(header, ear.payloadType, packet.payload)
        written.set(ear.payloadType, bytes)
      }
      ear.send(slot, bytes)
      sent += 1
    }
    return sent
  }
}
