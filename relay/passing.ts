import { MAX_ENVELOPE_BYTES } from '../protocol/limits.ts'
import { REASONS, type Reason } from '../protocol/reasons.ts'
import { bad, good, type Result } from '../protocol/result.ts'
import { readBounded } from './read-bounded.ts'

/** Doors of another relay (KEEP-7). */
export const STATEMENT_PATH = '/submit/statement'
export const PROFILE_PATH = '/submit/profile'
/** Marks what was passed on: it goes no further, so that two relays that follow each other do not play ball. */
export const PASSED = 'passed'

/** Who asked us waits ten seconds for an answer, and the entry has to come back to us yet. Milliseconds. */
const PATIENCE = 4_000

/** A relay that is not the log passes what its members submit on to those that it mirrors, one of which is. */
export class Passing {
  readonly #origins: readonly string[]
  readonly #fetch: typeof fetch
  /** Where the log was last. */
  #log: string | undefined

  /** @param origins of the other relays of the community */
  constructor(origins: readonly string[], fetcher: typeof fetch = fetch) {
    this.#origins = origins
    this.#fetch = fetcher
  }

  /**
   * @returns the log's promise as it came, of which nothing was verified: whoever asked does that
   * - `not-log`: there is no other relay, or none of them keeps the log;
   * - `log-away`: the log did not answer. It may have taken the statement, and giving it again is safe.
   */
  async statement(envelope: Uint8Array, signal: AbortSignal): Promise<Result<Uint8Array, Reason>> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
    let last: Reason = 'not-log'
    for (const origin of this.#inTurn()) {
      const answer = await this.#post(origin, STATEMENT_PATH, envelope, until)
      if (answer.ok || !GO_ON.has(answer.reason)) {
        this.#log = origin
        return answer
      }
      if (answer.reason === 'log-away') last = answer.reason
    }
    return bad(last)
  }

  /** Gives a profile to all of them; who does not answer gets it from its member. */
  async profile(envelope: Uint8Array, signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
    await Promise.all(this.#origins.map((origin) => this.#post(origin, PROFILE_PATH, envelope, until)))
  }

  #inTurn(): readonly string[] {
    const log = this.#log
    return log === undefined ? this.#origins : [log, ...this.#origins.filter((origin) => origin !== log)]
  }

  async #post(
    origin: string,
    path: string,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<Result<Uint8Array, Reason>> {
    let status: number
    let bytes: Uint8Array | undefined
    try {
      const response = await this.#fetch(new URL(`${path}?${PASSED}`, origin), {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer>,
        redirect: 'error',
        signal,
      })
      status = response.status
      bytes = await readBounded(response, MAX_ENVELOPE_BYTES)
    } catch {
      // Whatever keeps us from the answer, the one who asked is told the same: ask again.
      return bad('log-away')
    }
    if (bytes === undefined) return bad('log-away')
    if (status === 200 || status === 204) return good(bytes)
    return bad(reasonIn(bytes) ?? 'log-away')
  }
}

/** With these another relay may know better. */
const GO_ON: ReadonlySet<Reason> = new Set(['not-log', 'not-founded', 'log-away'])

function reasonIn(bytes: Uint8Array): Reason | undefined {
  let said: unknown
  try {
    said = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
  const error = typeof said === 'object' && said !== null && 'error' in said ? said.error : undefined
  return REASONS.find((reason) => reason === error)
}
