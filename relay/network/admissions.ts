import type { PeerIdString } from '../../node/network/network.ts'

/**
 * Which connected peers have proved that they may use this relay. An admission lasts as long as the peer is connected; a
 * peer that comes back proves it again.
 */
export class Admissions {
  readonly #admitted = new Set<PeerIdString>()
  readonly #waiting = new Map<PeerIdString, Set<() => void>>()
  readonly #onAdmit: (peer: PeerIdString) => void
  readonly #onRevoke: (peer: PeerIdString) => void

  /** `onRevoke` is to disconnect the peer. */
  constructor(onAdmit: (peer: PeerIdString) => void, onRevoke: (peer: PeerIdString) => void) {
    this.#onAdmit = onAdmit
    this.#onRevoke = onRevoke
  }

  get size(): number {
    return this.#admitted.size
  }

  has(peer: PeerIdString): boolean {
    return this.#admitted.has(peer)
  }

  /** To be called with a peer that is connected, once its proof has been checked. */
  admit(peer: PeerIdString): void {
    if (this.#admitted.has(peer)) return
    this.#admitted.add(peer)
    this.#settle(peer)
    this.#onAdmit(peer)
  }

  /** Ends the admission and the connection, for example after a ban. */
  revoke(peer: PeerIdString): void {
    this.forget(peer)
    this.#onRevoke(peer)
  }

  /** The peer is gone. */
  forget(peer: PeerIdString): void {
    this.#admitted.delete(peer)
    this.#settle(peer)
  }

  /**
   * Whether the peer is admitted, as soon as that is known: at once if it is, else when it is admitted, is gone, or
   * `signal` aborts.
   */
  decision(peer: PeerIdString, signal?: AbortSignal): Promise<boolean> {
    if (this.#admitted.has(peer) || signal?.aborted) return Promise.resolve(this.#admitted.has(peer))
    const waiting = this.#waiting.get(peer) ?? new Set()
    this.#waiting.set(peer, waiting)
    return new Promise((resolve) => {
      const settle = () => {
        signal?.removeEventListener('abort', settle)
        waiting.delete(settle)
        if (waiting.size === 0 && this.#waiting.get(peer) === waiting) this.#waiting.delete(peer)
        resolve(this.#admitted.has(peer))
      }
      waiting.add(settle)
      signal?.addEventListener('abort', settle, { once: true })
    })
  }

  #settle(peer: PeerIdString): void {
    for (const settle of [...(this.#waiting.get(peer) ?? [])]) settle()
  }
}
