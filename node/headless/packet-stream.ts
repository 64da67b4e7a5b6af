/** How a voice comes to us. */
export type VoiceWay = 'direct' | 'relay'

/** A packet of somebody's voice that opened and may be heard. */
export interface HeardVoice {
  /** Of sound. */
  readonly milliseconds: number
  readonly arrival: Arrival
}

/** How the packet came, as its stream saw it. */
export interface Arrival {
  /** Packets between the one before and this that did not come; -1 when this is one of those, and came late. */
  readonly missing: number
  /** Of the stream at that moment, in milliseconds (RFC 3550 §6.4.1). */
  readonly jitter: number
}

/** Voices as they come in one place, where a browser has a `MediaStream` to play. */
export class PacketStream {
  readonly way: VoiceWay
  readonly #listeners = new Set<(heard: HeardVoice) => void>()

  constructor(way: VoiceWay) {
    this.way = way
  }

  hear(heard: HeardVoice): void {
    for (const listener of this.#listeners) listener(heard)
  }

  subscribe(listener: (heard: HeardVoice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  asMediaStream(): MediaStream {
    return this as unknown as MediaStream
  }
}

/** The other way round. @throws TypeError for a stream of another platform */
export function packetStreamOf(stream: MediaStream): PacketStream {
  const own: unknown = stream
  if (own instanceof PacketStream) return own
  throw new TypeError('a peer without devices hears packets only')
}
