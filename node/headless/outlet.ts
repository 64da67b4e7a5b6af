import { opusDuration } from '../../protocol/audio/opus.ts'
import type { Sealer } from '../voice/sealer.ts'
import { PacketMerger } from './packet-merger.ts'
import type { PacketTrack } from './packet-track.ts'
import type { Sound } from './sound.ts'

export interface OutletOptions {
  readonly sound: Pick<Sound, 'isResting' | 'report'>
  readonly sealer: Promise<Sealer>
  /** Milliseconds of sound that each packet is to hold. */
  readonly packetTime: () => number
  /** @param level RFC 6464, 0 (loudest) to 127 */
  readonly send: (sealed: Uint8Array, milliseconds: number, level: number) => void
}

/** RFC 6716: a packet of so few bytes says that nothing is said (DTX). */
const SILENT_BYTES = 2
/** RFC 6464. Packets of a file say nothing of their loudness; what is in them was recorded to be heard. */
const SPOKEN = 20
const SILENT = 127

/** The way of our voice into one link: longer packets where they are asked for, each sealed, in their order. */
export class Outlet {
  readonly #options: OutletOptions
  readonly #merger = new PacketMerger()
  #track: PacketTrack | undefined
  #unsubscribe: () => void = () => {}
  #turn: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: OutletOptions) {
    this.#options = options
  }

  /** What goes out from now on, if anything. */
  use(track: PacketTrack | undefined): void {
    if (this.#isClosed || track === this.#track) return
    this.#unsubscribe()
    this.#track = track
    for (const packet of this.#merger.flush()) this.#pass(packet)
    this.#unsubscribe = track?.subscribe((opus) => this.#take(opus)) ?? (() => {})
  }

  close(): void {
    this.use(undefined)
    this.#isClosed = true
  }

  #take(opus: Uint8Array): void {
    if (this.#options.sound.isResting) return
    for (const packet of this.#merger.take(opus, this.#options.packetTime())) this.#pass(packet)
  }

  #pass(opus: Uint8Array): void {
    const { sealer, send, sound } = this.#options
    const milliseconds = opusDuration(opus)
    if (milliseconds === undefined) return
    this.#turn = this.#turn
      .then(async () => {
        const sealed = await (await sealer).seal(opus)
        if (sealed === undefined || this.#isClosed) return
        send(sealed, milliseconds, opus.length > SILENT_BYTES ? SPOKEN : SILENT)
      })
      .catch((error: unknown) => sound.report('our voice', error))
  }
}
