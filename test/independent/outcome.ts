/** A reason of appendix A, as its text: the second replay knows no closed list of them. */
export type Reason = string

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason }

export function yes<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

export function no(reason: Reason): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason }
}
