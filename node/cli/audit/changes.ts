import type { LedgerState } from '../../../protocol/community/membership.ts'
import type { OpenedEntry } from '../../../protocol/community/replay.ts'

/** What came into a ledger from some entry on. */
export interface Changes {
  /** The first entry that counts. */
  readonly since: number
  readonly entries: number
  /** Statements that took effect, by type. */
  readonly taken: Readonly<Record<string, number>>
  /** Void entries, by reason. */
  readonly voids: Readonly<Record<string, number>>
}

/** Counts entries as they are read. */
export class ChangeCounter {
  readonly #since: number
  #entries = 0
  readonly #taken: Record<string, number> = {}
  readonly #voids: Record<string, number> = {}

  constructor(since: number) {
    this.#since = since
  }

  hear(entries: readonly OpenedEntry[], from: number, state: LedgerState): void {
    const voids = new Map<number, string>()
    for (let i = state.voids.length - 1; (state.voids[i]?.index ?? -1) >= from; i--) {
      const { index, reason } = state.voids[i] as LedgerState['voids'][number]
      voids.set(index, reason)
    }
    for (const [i, { statement }] of entries.entries()) {
      if (from + i < this.#since) continue
      this.#entries += 1
      const reason = voids.get(from + i)
      if (reason !== undefined) this.#voids[reason] = (this.#voids[reason] ?? 0) + 1
      else if (statement.ok) this.#taken[statement.value.type] = (this.#taken[statement.value.type] ?? 0) + 1
    }
  }

  changes(): Changes {
    return { since: this.#since, entries: this.#entries, taken: this.#taken, voids: this.#voids }
  }
}
