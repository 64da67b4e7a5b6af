import { type Envelope, NO_COMMUNITY, open, type PayloadType, verifyEnvelope } from '../envelope.ts'
import type { CommunityId } from '../ids.ts'
import { MAX_COMMUNITY_NAME_CHARS, MAX_FOUNDERS, MAX_SIGNATURES, MAX_WITNESSES } from '../limits.ts'
import type { EnvelopeReason, SignatureReason } from '../reasons.ts'
import { bad, type Result } from '../result.ts'
import { bytes, key, line, map, type Read, sortedSet, uint } from '../schema.ts'
import type { Verifier } from '../signature.ts'
import { ledgerTime } from '../time.ts'
import { policySchema } from './policy.ts'

/**
 * `genesis` (SPEC §6.1), signed by every founder's root: the community's constitution, whose id is the community's id.
 * `council`: k of these root keys decide. `log`: the key that orders the ledger. `witnesses`: k of these make a statement final.
 */
export const GENESIS = {
  type: 'genesis',
  fields: map({
    name: line(MAX_COMMUNITY_NAME_CHARS),
    nonce: bytes(32),
    founders: sortedSet(key, MAX_FOUNDERS, 1),
    council: map({ k: uint(MAX_SIGNATURES, 1), keys: sortedSet(key, MAX_SIGNATURES, 1) }),
    log: key,
    witnesses: map({ k: uint(MAX_WITNESSES), keys: sortedSet(key, MAX_WITNESSES) }),
    policy: policySchema,
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Genesis = Read<typeof GENESIS.fields>

/** Reads a genesis and checks what can be checked of it alone. It is no statement of any community: it makes one. */
export function openGenesis(envelope: Uint8Array): Result<Envelope<Genesis>, EnvelopeReason> {
  const opened = open(GENESIS, NO_COMMUNITY, envelope)
  if (!opened.ok) return opened
  const { council, witnesses } = opened.value.payload
  if (council.k > council.keys.length) return bad('field-invalid', 'council.k')
  if (witnesses.k > witnesses.keys.length) return bad('field-invalid', 'witnesses.k')
  return opened
}

/** The community that a genesis makes. */
export function communityOf(genesis: Envelope<Genesis>): CommunityId {
  return genesis.id as CommunityId
}

/** Verifies that every founder signed a genesis, and nobody else (GEN-2). */
export function verifyGenesis(
  verifier: Verifier,
  genesis: Envelope<Genesis>,
): Promise<Result<true, SignatureReason>> {
  return verifyEnvelope(verifier, NO_COMMUNITY, genesis, genesis.payload.founders)
}
