/** Exit statuses of every command. */
export const EXIT = {
  /** It was done, or what was checked is as it should be. */
  ok: 0,
  /** It was checked, and something is wrong with it; or what was asked for was refused, and nothing changed. */
  findings: 1,
  /** It could not be checked or done: wrong arguments, nothing there, nobody answers. */
  failed: 2,
} as const

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

/**
 * Why a command could not do what it was asked to: a stable code for programs and one sentence for people.
 * Whoever throws it has nothing to add that a stack would show.
 */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** Lower case and hyphens; never renamed. */
  readonly code: string
  readonly status: ExitStatus = EXIT.failed

  /** @param sentence one, with its full stop */
  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.code = code
  }
}

/** Somebody who may do so said no: the ledger's rules, the relay. Nothing is broken, and nothing changed. */
export class RefusedError extends CliError {
  override readonly status = EXIT.findings
}
