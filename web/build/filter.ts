/**
 * `ScalableCuckooFilter` of @libp2p/utils in the app's code, where js-libp2p remembers a few relays and addresses with it: a set that is never wrong.
 * The real one is made for millions, with a hash function of its own, and now and then takes a stranger for somebody it knows.
 */
export class ScalableCuckooFilter {
  readonly #items = new Set<string>()

  add(item: Uint8Array | string): boolean {
    this.#items.add(String(item))
    return true
  }

  has(item: Uint8Array | string): boolean {
    return this.#items.has(String(item))
  }

  remove(item: Uint8Array | string): boolean {
    return this.#items.delete(String(item))
  }

  get count(): number {
    return this.#items.size
  }
}

export function createScalableCuckooFilter(): ScalableCuckooFilter {
  return new ScalableCuckooFilter()
}
