/** A value that changes, and a way to be told. `subscribe` returns the way to stop being told. */
export interface Observable<T> {
  readonly value: T
  subscribe(listener: (value: T) => void): () => void
}

/** An observable that its owner sets. Listeners are called in the order in which they came, with the newest value only. */
export class Observed<T> implements Observable<T> {
  #value: T
  readonly #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) listener(this.#value)
  }

  subscribe(listener: (value: T) => void): () => void {
    // A wrapper, so that one function may listen twice and each ends its own.
    const own = (value: T) => listener(value)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }
}
