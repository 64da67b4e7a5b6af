/**
 * The senders of a room's connections, which all send our voice or, while it rests, none of them anything: neither is negotiated, so a word goes out
 * at once when the rest ends.
 */
export class Senders {
  /** What each sends while it does not rest. */
  readonly #tracks = new Map<RTCRtpSender, MediaStreamTrack | null>()
  #isResting = false

  /** Rejects as `replaceTrack` does: also when its connection was closed meanwhile. */
  send(sender: RTCRtpSender, track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.set(sender, track)
    return sender.replaceTrack(this.#isResting ? null : track)
  }

  rest(resting: boolean): void {
    if (resting === this.#isResting) return
    this.#isResting = resting
    for (const [sender, track] of this.#tracks) {
      if (track === null) continue
      sender.replaceTrack(resting ? null : track).catch((cause: unknown) => {
        // It was closed meanwhile, which has the same effect.
        if (this.#tracks.has(sender)) throw cause
      })
    }
  }

  /** Its connection is closed. */
  drop(sender: RTCRtpSender): void {
    this.#tracks.delete(sender)
  }
}
