import type { Unsubscribe } from './network.ts'

/** Listeners by event, typed; one that throws does not keep the others from hearing. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(detail: never) => void>>()
  readonly #report: (where: string, error: unknown) => void

  constructor(report: (where: string, error: unknown) => void) {
    this.#report = report
  }

  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): Unsubscribe {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    // A wrapper of its own, so that one function subscribed twice is two subscriptions.
    const entry = (detail: Events[E]) => listener(detail)
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
    }
  }

  emit<E extends keyof Events>(event: E, detail: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        ;(listener as (detail: Events[E]) => void)(detail)
      } catch (error) {
        this.#report(`listener of ${String(event)}`, error)
      }
    }
  }
}
