import type { LedgerState, Membership } from '../../protocol/community/membership.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Observable } from '../observed.ts'
import { Observed } from '../observed.ts'

/** What some entries say, in their order. @param state with these entries; @param first index of the first */
export type ReadEntries<T> = (
  state: LedgerState,
  entries: readonly Uint8Array[],
  first: number,
) => readonly T[]

/**
 * What is found in the entries of a ledger, newest first. The membership does not keep it, so the stored entries are read through once, when somebody
 * first looks, and from then on as they come.
 */
export class EntryFeed<T> implements Observable<readonly T[] | undefined> {
  readonly #ledger: Ledger
  readonly #findIn: ReadEntries<T>
  readonly #failed: (error: unknown) => void
  readonly #shown = new Observed<readonly T[] | undefined>(undefined)
  #read = 0
  #found: readonly T[] = []
  #reading: Promise<void> | undefined
  #unsubscribe: (() => void) | undefined

  constructor(ledger: Ledger, findIn: ReadEntries<T>, failed: (error: unknown) => void) {
    this.#ledger = ledger
    this.#findIn = findIn
    this.#failed = failed
  }

  get value(): readonly T[] | undefined {
    this.#start()
    return this.#shown.value
  }

  subscribe(listener: (value: readonly T[] | undefined) => void): () => void {
    this.#start()
    return this.#shown.subscribe(listener)
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#read = Number.POSITIVE_INFINITY
  }

  #start(): void {
    if (this.#unsubscribe) return
    this.#unsubscribe = this.#ledger.membership.subscribe(() => this.#follow())
    this.#follow()
  }

  #follow(): void {
    this.#reading ??= this.#readOn()
      .catch(this.#failed)
      .finally(() => {
        this.#reading = undefined
      })
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const state: Membership = this.#ledger.membership.value
      if (this.#read >= state.size) break
      // A few at a time, so that the page stays alive meanwhile. Those beyond this state come with the next one.
      const entries = (await this.#ledger.entries(this.#read)).slice(0, state.size - this.#read)
      if (entries.length === 0) throw new Error(`the stored ledger ends before entry ${this.#read}`)
      const news = this.#findIn(state, entries, this.#read)
      if (news.length > 0) this.#found = [...news.toReversed(), ...this.#found]
      this.#read += entries.length
    }
    this.#shown.set(this.#found)
  }
}
