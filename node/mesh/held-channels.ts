import type { Channel, PeerIdString } from '../network/network.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import { HOLD_MS, MAX_HELD_CHANNELS } from './limits.ts'

interface Held {
  readonly channel: Channel
  readonly expiry: Cancel
}

/** Channels of peers that are not wanted yet: unread, one of each, for a bounded time. */
export class HeldChannels {
  readonly #clock: Clock
  readonly #held = new Map<PeerIdString, Held>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The newest of a peer's is kept; when there is no room, it is closed with no effect. */
  hold(from: PeerIdString, channel: Channel): void {
    this.#drop(from)
    if (this.#held.size >= MAX_HELD_CHANNELS) {
      channel.abort(new Error('too many wait already'))
      return
    }
    const held = { channel, expiry: this.#clock.after(HOLD_MS, () => this.#drop(from)) }
    this.#held.set(from, held)
    void channel.closed.then(() => {
      if (this.#held.get(from) === held) this.#drop(from)
    })
  }

  /** The peer is wanted now: its channel, if one waits. */
  release(from: PeerIdString): Channel | undefined {
    const held = this.#held.get(from)
    held?.expiry()
    this.#held.delete(from)
    return held?.channel
  }

  clear(): void {
    for (const from of [...this.#held.keys()]) this.#drop(from)
  }

  #drop(from: PeerIdString): void {
    this.release(from)?.abort(new Error('this peer is not expected'))
  }
}
