/** Each message that a validator rejects costs its forwarder this much gossip score. */
const COST_OF_A_REJECT = 10

/**
 * Half of the cost is forgiven in this time, so that nobody stays silenced. gossipsub stops listening to a peer at a
 * score of -80 (its default): eight rejected messages within about a minute. An honest peer validates before it
 * forwards and collects none.
 */
const HALF_LIFE_MS = 60_000

/**
 * What rejected messages did to the standing of the peers that forwarded them. gossipsub's own penalty for invalid
 * messages is inert unless every topic has score parameters from the start; rooms come and go, so the score is kept here
 * and handed to gossipsub as the application's part.
 */
export class Reputation {
  readonly #now: () => number
  readonly #rejects = new Map<string, { readonly count: number; readonly at: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  reject(peer: string): void {
    this.#rejects.set(peer, { count: this.#count(peer) + 1, at: this.#now() })
    for (const known of this.#rejects.keys()) {
      if (this.#count(known) < 0.1) this.#rejects.delete(known)
    }
  }

  /** gossipsub's application specific score: 0 or less. */
  score(peer: string): number {
    return -COST_OF_A_REJECT * this.#count(peer)
  }

  #count(peer: string): number {
    const rejects = this.#rejects.get(peer)
    if (rejects === undefined) return 0
    return rejects.count * 0.5 ** ((this.#now() - rejects.at) / HALF_LIFE_MS)
  }
}
