/** A bounded queue between whoever pushes and the one loop that iterates. */
export class MessageQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  readonly #limit: number
  #wake: () => void = () => {}
  #ended = false
  #error: Error | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** False when the queue is full or has ended: the item was not taken. */
  push(item: T): boolean {
    if (this.#ended || this.#items.length >= this.#limit) return false
    this.#items.push(item)
    this.#wake()
    return true
  }

  /** What was pushed before is still delivered, then iteration ends, by throwing `error` if there is one. */
  end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) {
        yield item
      } else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
