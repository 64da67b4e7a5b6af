import { createSubscriber } from 'svelte/reactivity'
import type { Observable } from '../../node/observed.ts'

/** A value of the peer that redraws whatever read it. Subscribed to only while something on the screen depends on it. */
export class Watched<T> {
  readonly #source: Observable<T>
  readonly #track: () => void

  constructor(source: Observable<T>) {
    this.#source = source
    this.#track = createSubscriber((update) => source.subscribe(update))
  }

  get value(): T {
    this.#track()
    return this.#source.value
  }
}
