import { PeerError, type PeerErrorCode } from '../../node/errors.ts'

/**
 * Something that a person asked for and that may fail: whether it is under way, and the code of its last failure.
 * One attempt runs at a time; asking again while it runs does nothing, which is what a double click means.
 */
export class Attempt {
  #busy = $state.raw(false)
  #failure = $state.raw<PeerErrorCode>()

  get busy(): boolean {
    return this.#busy
  }

  get failure(): PeerErrorCode | undefined {
    return this.#failure
  }

  /** Resolves to whether it succeeded. What is not a `PeerError` is a defect: it is reported to the console and shown as `internal`. */
  async run(action: () => Promise<void>): Promise<boolean> {
    if (this.#busy) return false
    this.#busy = true
    this.#failure = undefined
    try {
      await action()
      return true
    } catch (error) {
      this.#failure = codeOf(error)
      return false
    } finally {
      this.#busy = false
    }
  }

  forget(): void {
    this.#failure = undefined
  }
}

/** The code that the person's sentence is looked up by. */
export function codeOf(error: unknown): PeerErrorCode {
  if (error instanceof PeerError) return error.code
  console.error(error)
  return 'internal'
}
