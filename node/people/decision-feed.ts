import type { Membership } from '../../protocol/community/membership.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { storedEntries } from '../ledger/ledger.ts'
import { Observed } from '../observed.ts'
import type { Storage } from '../ports/storage.ts'
import type { Observable } from '../view.ts'
import { decisionsIn } from './decisions.ts'
import type { DecisionView } from './view.ts'

/** Entries that are opened in one go: a few milliseconds on a slow phone, so that the page stays alive meanwhile. */
const ENTRIES_AT_ONCE = 100

/**
 * The decisions of a ledger, newest first. The membership does not keep them, so the stored entries are read through once, when somebody first
 * looks, and from then on as they come.
 */
export class DecisionFeed implements Observable<readonly DecisionView[] | undefined> {
  readonly #ledger: Ledger
  readonly #storage: Storage
  readonly #failed: (error: unknown) => void
  readonly #shown = new Observed<readonly DecisionView[] | undefined>(undefined)
  #read = 0
  #found: readonly DecisionView[] = []
  #reading: Promise<void> | undefined
  #unsubscribe: (() => void) | undefined

  constructor(ledger: Ledger, storage: Storage, failed: (error: unknown) => void) {
    this.#ledger = ledger
    this.#storage = storage
    this.#failed = failed
  }

  get value(): readonly DecisionView[] | undefined {
    this.#start()
    return this.#shown.value
  }

  subscribe(listener: (value: readonly DecisionView[] | undefined) => void): () => void {
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
      const to = Math.min(state.size, this.#read + ENTRIES_AT_ONCE)
      const entries = await storedEntries(this.#storage, state.community, this.#read, to)
      if (entries.length < to - this.#read) throw new Error(`the stored ledger lacks entries before ${to}`)
      const news = decisionsIn(state, entries, this.#read)
      if (news.length > 0) this.#found = [...news.toReversed(), ...this.#found]
      this.#read = to
    }
    this.#shown.set(this.#found)
  }
}
