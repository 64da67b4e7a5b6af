import type { Membership } from '../../protocol/community/membership.ts'
import { openStatement, type Statement } from '../../protocol/community/statement.ts'
import { MAX_ENVELOPE_BYTES } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { PROFILE_PATH, type STATEMENT_PATH } from '../passing.ts'
import { readBounded } from '../read-bounded.ts'

/** What is behind the door: the ledger and the profiles of the community. */
export interface SubmissionParts {
  /** `undefined` while there is no community. */
  membership(): Membership | undefined
  /** False when too much was submitted by everybody together. */
  allow(): boolean
  /** Takes a statement; gives the promise of the log. @param passed another relay passed it on: it goes no further */
  take(statement: Uint8Array, passed: boolean): Promise<Result<Uint8Array, Reason>>
  /** Keeps a member's profile. */
  keep(profile: Uint8Array, passed: boolean): Promise<Result<true, Reason>>
}

/** Which of the doors (KEEP-7). */
export type SubmissionPath = typeof STATEMENT_PATH | typeof PROFILE_PATH

/**
 * `POST /submit/statement` and `/submit/profile` (KEEP-7): for relays that pass on what was given to them, and for whoever has no session.
 * The body is one envelope. What it says is signed, and by nobody else than before.
 */
export async function submit(
  parts: SubmissionParts,
  path: SubmissionPath,
  passed: boolean,
  request: Request,
): Promise<Response> {
  const body = await readBounded(request, MAX_ENVELOPE_BYTES)
  if (body === undefined) return refuse('too-large')
  if (!parts.allow()) return refuse('rate-limited')
  const membership = parts.membership()
  if (membership === undefined) return refuse('not-founded')
  if (path === PROFILE_PATH) {
    const kept = await parts.keep(body, passed)
    return kept.ok ? new Response(null, { status: 204 }) : refuse(kept.reason)
  }
  const statement = openStatement(membership.community, body)
  if (!statement.ok) return refuse(statement.reason)
  const known = isOfSomebodyKnown(membership, statement.value)
  if (!known.ok) return refuse(known.reason)
  const taken = await parts.take(body, passed)
  if (!taken.ok) return refuse(taken.reason)
  return new Response(taken.value as Uint8Array<ArrayBuffer>, {
    headers: { 'Content-Type': 'application/octet-stream' },
  })
}

/** Before a signature is verified, which costs a thousand times more: it names a key that may say something, or an invitation that is there. */
function isOfSomebodyKnown(membership: Membership, { type, envelope }: Statement): Result<true, Reason> {
  const { invitations, devices, roots, council } = membership
  if (type === 'join')
    return invitations.has(envelope.payload.invite) ? good(true) : bad('invitation-unknown')
  const isKnown = envelope.signatures.some(
    ({ key }) => devices.has(key) || roots.has(key) || council.keys.includes(key),
  )
  return isKnown ? good(true) : bad('not-admitted')
}

const STATUS: Partial<Record<Reason, number>> = {
  'too-large': 413,
  'rate-limited': 429,
  'not-admitted': 403,
  'not-founded': 503,
  'not-log': 503,
  'log-behind': 503,
  'log-away': 503,
}

function refuse(error: Reason): Response {
  return Response.json({ error }, { status: STATUS[error] ?? 422 })
}
