import type { Membership } from '../../protocol/community/membership.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Observable } from '../observed.ts'
import { Observed } from '../observed.ts'
import { decisionsIn } from './decisions.ts'
import type { DecisionView } from './view.ts'

/**
 * The decisions of a ledger, newest first. The membership does not keep them, so the stored entries are read through once, when somebody first
 * looks, and from then on as they come.
 */
export class DecisionFeed implements Observable<readonly DecisionView[] | undefined> {
  readonly #ledger: Ledger
  readonly #failed: (error: unknown) => void
  readonly #shown = new Observed<readonly DecisionView[] | undefined>(undefined)
  #read = 0
  #found: readonly DecisionView[] = []
  #reading: Promise<void> | undefined
  #unsubscribe: (() => void) | undefined

  constructor(ledger: Ledger, failed: (error: unknown) => void) {
    this.#ledger = ledger
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
      // A few at a time, so that the page stays alive meanwhile. Those beyond this state come with the next one.
      const entries = (await this.#ledger.entries(this.#read)).slice(0, state.size - this.#read)
      if (entries.length === 0) throw new Error(`the stored ledger ends before entry ${this.#read}`)
      const news = decisionsIn(state, entries, this.#read)
      if (news.length > 0) this.#found = [...news.toReversed(), ...this.#found]
      this.#read += entries.length
    }
    this.#shown.set(this.#found)
  }
}
