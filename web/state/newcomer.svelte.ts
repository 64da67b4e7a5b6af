import type { NewIdentity } from '../../node/view.ts'
import { Attempt } from './attempt.svelte.ts'

/** The two steps of somebody who comes in: a name, then the words of a fresh identity. */
export type NewcomerStep =
  | { readonly at: 'naming' }
  | { readonly at: 'saving'; readonly identity: NewIdentity }

export interface NewcomerDependencies {
  readonly newIdentity: () => Promise<NewIdentity>
  readonly enter: (identity: NewIdentity) => Promise<void>
}

/** A founder or a guest on the way in. The identity lives here and is dropped with it: nothing of it is stored or sent by the screens. */
export class Newcomer {
  readonly #dependencies: NewcomerDependencies
  #step: NewcomerStep = $state.raw({ at: 'naming' })
  #identity: NewIdentity | undefined
  readonly attempt = new Attempt()

  constructor(dependencies: NewcomerDependencies) {
    this.#dependencies = dependencies
  }

  get step(): NewcomerStep {
    return this.#step
  }

  /** From the name to the words. A second time, after a name was refused, the words that were already saved are kept. */
  async named(): Promise<void> {
    await this.attempt.run(async () => {
      this.#identity ??= await this.#dependencies.newIdentity()
      this.#step = { at: 'saving', identity: this.#identity }
    })
  }

  /** From the saved words into the community. A refused name leads back to the name. */
  async saved(): Promise<void> {
    const step = this.#step
    if (step.at !== 'saving') return
    await this.attempt.run(() => this.#dependencies.enter(step.identity))
    if (this.attempt.failure === 'name-invalid') this.#step = { at: 'naming' }
  }
}
