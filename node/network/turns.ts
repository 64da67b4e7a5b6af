import { MAX_JUDGED_AT_ONCE, MAX_JUDGED_WAITING } from './limits.ts'

/**
 * Whose messages are being judged: some of each peer at a time, and more wait for their turn. A flood fills its own queue, and what waits there is
 * dropped when its sender is silenced, unverified.
 */
export class Turns {
  readonly #queues = new Map<string, { running: number; readonly waiting: (() => void)[] }>()

  /** Resolves when it is this message's turn; false when too many wait. */
  async take(peer: string): Promise<boolean> {
    const queue = this.#queues.get(peer) ?? { running: 0, waiting: [] }
    this.#queues.set(peer, queue)
    if (queue.running < MAX_JUDGED_AT_ONCE) {
      queue.running += 1
      return true
    }
    if (queue.waiting.length >= MAX_JUDGED_WAITING) return false
    await new Promise<void>((resolve) => queue.waiting.push(resolve))
    return true
  }

  /** After each turn that was taken. */
  give(peer: string): void {
    const queue = this.#queues.get(peer)
    if (queue === undefined) return
    const next = queue.waiting.shift()
    if (next !== undefined) next()
    else if (--queue.running === 0) this.#queues.delete(peer)
  }

  /** Messages that wait, of all peers. */
  get waiting(): number {
    let sum = 0
    for (const { waiting } of this.#queues.values()) sum += waiting.length
    return sum
  }
}
