import type { PeerIdString } from './network.ts'

/** Peers of whom one thing is remembered. Past its size the one is forgotten that was added first. */
export class RecentPeers {
  readonly #most: number
  readonly #peers = new Set<PeerIdString>()

  constructor(most: number) {
    this.#most = most
  }

  add(peer: PeerIdString): void {
    // Whoever is added again is the newest.
    this.#peers.delete(peer)
    this.#peers.add(peer)
    const [oldest] = this.#peers
    if (oldest !== undefined && this.#peers.size > this.#most) this.#peers.delete(oldest)
  }

  /** @returns whether it was there */
  delete(peer: PeerIdString): boolean {
    return this.#peers.delete(peer)
  }

  clear(): void {
    this.#peers.clear()
  }
}
