/**
 * What becomes of something that a peer sent: it is good, or it is bad for a stated reason.
 * A bad message is never an exception; exceptions are for our own caller and for the world.
 */
export type Result<T, R extends string> = { readonly ok: true; readonly value: T } | Bad<R>

/** A refusal. `at` names the field that was wrong, for people who read logs; no code decides by it. */
export interface Bad<R extends string> {
  readonly ok: false
  readonly reason: R
  readonly at?: string
}

export function good<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function bad<R extends string>(reason: R, at?: string): Bad<R> {
  return at === undefined ? { ok: false, reason } : { ok: false, reason, at }
}
