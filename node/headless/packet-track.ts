/**
 * A voice made of Opus packets, in place of a microphone: what is put in goes out over every link that sends it, each with a seal of its own.
 * Whoever speaks and whoever carries it see a `MediaStream`, as in a browser.
 */
export class PacketTrack {
  readonly kind = 'audio'
  /** False while it is muted: nothing goes out. */
  enabled = true
  readyState: 'live' | 'ended' = 'live'
  readonly #takers = new Set<(opus: Uint8Array) => void>()

  /** One packet of Opus, now. @returns whether it went to whoever carries it */
  put(opus: Uint8Array): boolean {
    if (!this.enabled || this.readyState === 'ended') return false
    for (const take of this.#takers) take(opus)
    return true
  }

  stop(): void {
    this.readyState = 'ended'
  }

  subscribe(take: (opus: Uint8Array) => void): () => void {
    this.#takers.add(take)
    return () => this.#takers.delete(take)
  }

  /** As a person gives their microphone. */
  asMicrophone(): MediaStream {
    const tracks = [this as unknown as MediaStreamTrack]
    return { getTracks: () => tracks, getAudioTracks: () => tracks } as unknown as MediaStream
  }
}

/** The other way round. @throws TypeError for a track of another platform */
export function packetTrackOf(track: MediaStreamTrack): PacketTrack {
  const own: unknown = track
  if (own instanceof PacketTrack) return own
  throw new TypeError('a peer without devices sends packets only')
}
