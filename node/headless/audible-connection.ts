import { opusDuration } from '../../protocol/audio/opus.ts'
import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import type { AudibleConnection, AudienceListener, AudienceSlot } from '../ports/audience.ts'
import type { Traffic } from '../ports/traffic.ts'
import { HeadlessConnection, type HeardPacket } from './audience-connections.ts'
import { Outlet } from './outlet.ts'
import { type Arrival, PacketStream } from './packet-stream.ts'
import { packetTrackOf } from './packet-track.ts'
import { Reception, trafficOf } from './reception.ts'
import type { Sound } from './sound.ts'

/** A slot from which nothing came for so long is silent: five packets. Milliseconds. */
const SILENT_AFTER_MS = 200

/** A packet as it came, until it may be heard. */
interface Waiting {
  readonly slot: number
  readonly arrival: Arrival
}

/** One place in which voices come, one after the other. */
class Slot implements AudienceSlot {
  readonly sound = new PacketStream('relay')
  readonly stream = this.sound.asMediaStream()
  readonly reception = new Reception()
  speaker: AudienceSlot['speaker']
  heardAt = Number.NEGATIVE_INFINITY
}

/** A connection with a relay over which a peer without devices hears, and speaks. */
export class AudibleHeadlessConnection implements AudibleConnection {
  readonly #real: HeadlessConnection
  readonly #listener: AudienceListener
  readonly #slots = Array.from({ length: MAX_VOICE_SLOTS }, () => new Slot())
  readonly #opener
  readonly #outlet: Outlet | undefined
  #shown: readonly AudienceSlot[] = this.#slots.map(({ stream }) => ({ stream, speaker: undefined }))
  #isClosed = false

  constructor(speaks: boolean, listener: AudienceListener, sound: Sound) {
    const { bind, report } = sound
    this.#listener = listener
    this.#opener = sound.opener<Waiting>('relay')
    this.#real = new HeadlessConnection(speaks, listener, {
      bind,
      onPacket: (packet) => void this.#take(packet).catch((error: unknown) => report('a voice', error)),
    })
    if (!speaks) return
    this.#outlet = new Outlet({
      sound,
      sealer: sound.sealer('relay'),
      packetTime: () => this.#real.packetTime,
      send: (sealed, milliseconds, level) => {
        if (this.state === 'connected') sound.went()
        this.#real.send(sealed, milliseconds, level)
      },
    })
  }

  get state() {
    return this.#real.state
  }

  /** Another list whenever another speaks in one of them. */
  get slots(): readonly AudienceSlot[] {
    return this.#shown
  }

  /** A relay forwards no loudness, and nobody's silence: what comes is speech. */
  levels(): readonly number[] {
    const recent = performance.now() - SILENT_AFTER_MS
    return this.#slots.map(({ heardAt }) => (heardAt >= recent && !this.#isClosed ? 1 : 0))
  }

  async send(track: MediaStreamTrack | undefined): Promise<void> {
    this.#outlet?.use(track && packetTrackOf(track))
  }

  offer() {
    return this.#real.offer()
  }

  accept(answer: string) {
    return this.#real.accept(answer)
  }

  setPacketTime(milliseconds: number) {
    return this.#real.setPacketTime(milliseconds)
  }

  remoteFingerprint() {
    return this.#real.remoteFingerprint()
  }

  async traffic(): Promise<Traffic> {
    return trafficOf(this.#slots.map(({ reception }) => reception))
  }

  close(): void {
    this.#isClosed = true
    this.#outlet?.close()
    this.#real.close()
  }

  async #take({ slot, sequence, timestamp, payload }: HeardPacket): Promise<void> {
    const came = this.#slots[slot]
    if (came === undefined) return
    const arrival = came.reception.take(sequence, timestamp, performance.now())
    // The library takes its memory back.
    const heard = await this.#opener.open({ slot, arrival }, payload.slice())
    for (const { frame, speaker, opus } of heard) {
      const into = this.#slots[frame.slot] as Slot
      if (this.#isClosed) return
      into.heardAt = performance.now()
      if (into.speaker !== speaker) {
        into.speaker = speaker
        this.#shown = this.#slots.map(({ stream, speaker: whose }) => ({ stream, speaker: whose }))
        this.#listener.changed()
      }
      into.sound.hear({ milliseconds: opusDuration(opus) ?? 0, arrival: frame.arrival })
    }
  }
}
