import { createHash, timingSafeEqual } from 'node:crypto'
import { base64url } from 'multiformats/bases/base64'
import type { Random } from '../node/ports/random.ts'
import { readProfile } from '../node/read-profile.ts'
import { encodeEntry } from '../protocol/community/entry.ts'
import type { Membership } from '../protocol/community/membership.ts'
import { admit, beginLedger, replay } from '../protocol/community/replay.ts'
import type { Envelope } from '../protocol/envelope.ts'
import type { Profile } from '../protocol/identity/profile.ts'
import type { KeyText, StatementId } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import { bad, good, type Result } from '../protocol/result.ts'
import type { Verifier } from '../protocol/signature.ts'
import type { FoundRequest } from '../protocol/wire/services.ts'
import type { Store, StoredEntry } from './store.ts'

/** 192 bits: nobody guesses it, and the link is still short enough to read out. */
const TOKEN_BYTES = 24

/** The token that lets one person found the community; the same one until it is used. */
export function foundingToken(store: Store, random: Random): string {
  const kept = store.meta('founding-token')
  if (kept !== undefined) return kept
  const token = base64url.baseEncode(random.bytes(TOKEN_BYTES))
  store.putMeta('founding-token', token)
  return token
}

/** In a time that tells nothing of where the two differ: hashes of them are compared. */
export function sameToken(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** The beginning of a ledger: genesis, the founder's identity, their first device; and their profile. */
export interface Founding {
  readonly membership: Membership
  readonly entries: readonly StoredEntry[]
  readonly profile: Envelope<Profile>
}

/**
 * Checks everything that founds a community at once, so that nobody is half a founder.
 * @param log the key that the genesis must name, because its owner will order the ledger
 * @param at ledger time of all three entries
 */
export async function checkFounding(
  verifier: Verifier,
  request: FoundRequest,
  log: KeyText,
  at: number,
): Promise<Result<Founding, Reason>> {
  const first = encodeEntry({ at, e: request.genesis })
  const begun = await beginLedger(verifier, first)
  if (!begun.ok) return begun
  if (begun.value.genesis.payload.log !== log) return bad('field-invalid', 'log')
  const entries: StoredEntry[] = [{ id: begun.value.genesis.id as StatementId, bytes: first }]
  let membership = begun.value
  for (const [type, envelope] of [
    ['identity', request.identity],
    ['device-add', request.device],
  ] as const) {
    const statement = await admit(verifier, membership, envelope, at)
    if (!statement.ok) return statement
    if (statement.value.type !== type) return bad('unknown-type', statement.value.type)
    const bytes = encodeEntry({ at, e: envelope })
    const next = await replay(verifier, membership, [bytes])
    if (!next.ok) return next
    entries.push({ id: statement.value.envelope.id as StatementId, bytes })
    membership = next.value
  }
  const profile = await readProfile({ verifier, membership: () => membership }, request.profile)
  return profile.ok ? good({ membership, entries, profile: profile.value }) : profile
}
