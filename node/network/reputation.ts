/** Each message that a validator rejects costs its forwarder this much gossip score. */
const COST_OF_A_REJECT = 10

/**
 * Half of the cost is forgiven in this time, so that nobody stays silenced. An honest peer validates before it forwards and collects none.
 */
const HALF_LIFE_MS = 60_000

/** Eight rejected messages within some seconds, and a peer is not listened to; gossipsub's own default is a score of -80. */
const SILENT_AT = 7.5
/** What gossipsub calls graylisted. */
export const GRAYLIST_SCORE = -COST_OF_A_REJECT * SILENT_AT

/** No flood counts for more, or its sender would be silent for hours: with this much it takes four half-lives. */
const MAX_COUNT = 16 * SILENT_AT

/**
 * What rejected messages did to the standing of the peers that forwarded them. gossipsub's own penalty for invalid
 * messages is inert unless every topic has score parameters from the start, and looked at once in a heartbeat; rooms come and go, and a flood does
 * not wait. So the score is kept here, and handed to gossipsub as the application's part.
 */
export class Reputation {
  readonly #now: () => number
  readonly #rejects = new Map<string, { readonly count: number; readonly at: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  reject(peer: string, times = 1): void {
    const count = Math.min(MAX_COUNT, this.#count(peer) + times)
    this.#rejects.set(peer, { count, at: this.#now() })
    for (const known of this.#rejects.keys()) {
      if (this.#count(known) < 0.1) this.#rejects.delete(known)
    }
  }

  /** Nothing that comes from this peer is read. */
  isSilenced(peer: string): boolean {
    return this.#count(peer) >= SILENT_AT
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
