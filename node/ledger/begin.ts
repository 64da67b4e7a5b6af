import { decodeEntry } from '../../protocol/community/entry.ts'
import { openGenesis } from '../../protocol/community/genesis.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import type { CommunityId, Id } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { LEDGER } from '../../protocol/wire/services.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { ask } from '../requests.ts'

/** Entry 0 of a ledger, and the state after it. */
export interface Begun {
  readonly state: Membership
  readonly entry: Uint8Array
}

/** Asks somebody for the genesis of a community. @throws NetworkError */
export async function fetchGenesis(
  community: CommunityId,
  from: PeerIdString,
  { network, verifier }: { readonly network: Network; readonly verifier: Verifier },
  signal: AbortSignal,
): Promise<Result<Begun, Reason>> {
  const answer = await ask(network, from, LEDGER, { get: 0, most: 1 }, signal)
  if (!answer.ok) return answer
  const entry = answer.value.entries?.[0]
  if (entry === undefined) return bad('genesis-missing')
  const state = await beginState(community, entry, verifier)
  return state.ok ? good({ state: state.value, entry }) : state
}

/** The state after entry 0, which must be the genesis of this community. */
export async function beginState(
  community: CommunityId,
  entry: Uint8Array,
  verifier: Verifier,
): Promise<Result<Membership, Reason>> {
  const decoded = decodeEntry(entry)
  if (!decoded.ok) return decoded
  const genesis = openGenesis(decoded.value.e)
  if (!genesis.ok) return genesis
  // A relay of another community may not pass its ledger off as the one in the invitation.
  if (genesis.value.id !== (community as Id)) return bad('foreign-community')
  return await beginLedger(verifier, entry)
}
