import { PeerError, type PeerErrorCode } from '../../node/errors.ts'
import type { AuditView } from '../../node/people/view.ts'
import type { People } from '../../node/view.ts'
import { codeOf } from './attempt.svelte.ts'

export type AuditStep =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly done: number; readonly of: number }
  | { readonly at: 'done'; readonly view: AuditView }
  | { readonly at: 'failed'; readonly code: PeerErrorCode }

/** One audit of the ledger at a time, for as long as somebody looks at it. */
export class Audit {
  readonly #people: People
  #step: AuditStep = $state.raw({ at: 'idle' })
  #running: AbortController | undefined

  constructor(people: People) {
    this.#people = people
  }

  get step(): AuditStep {
    return this.#step
  }

  async run(): Promise<void> {
    if (this.#running !== undefined) return
    const running = new AbortController()
    this.#running = running
    this.#step = { at: 'running', done: 0, of: 0 }
    try {
      const view = await this.#people.verify((done, of) => {
        if (!running.signal.aborted) this.#step = { at: 'running', done, of }
      }, running.signal)
      this.#step = { at: 'done', view }
    } catch (error) {
      this.#step = running.signal.aborted ? { at: 'idle' } : { at: 'failed', code: codeOf(error) }
    } finally {
      this.#running = undefined
    }
  }

  /** Safe to call at any time. */
  stop(): void {
    this.#running?.abort(new PeerError('internal', { cause: 'nobody looks at the audit any more' }))
  }
}
