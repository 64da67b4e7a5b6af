import type { PeerIdString } from '../node/network/network.ts'

/** To one session at a time: whoever answers none does not fill our memory with those that wait, and takes no more streams of ours. */
const MAX_UNDER_WAY = 4

/** How many requests of one kind a relay has passed on to each session that has not answered them. */
export class UnderWay {
  readonly #counts = new Map<PeerIdString, number>()

  isFull(peer: PeerIdString): boolean {
    return (this.#counts.get(peer) ?? 0) >= MAX_UNDER_WAY
  }

  /** Counts one more until it is done, however that ends. */
  async during<T>(peer: PeerIdString, request: () => Promise<T>): Promise<T> {
    this.#counts.set(peer, (this.#counts.get(peer) ?? 0) + 1)
    try {
      return await request()
    } finally {
      const left = (this.#counts.get(peer) ?? 1) - 1
      if (left > 0) this.#counts.set(peer, left)
      else this.#counts.delete(peer)
    }
  }
}
