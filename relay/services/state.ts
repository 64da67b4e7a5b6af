import type { PeerIdString } from '../../node/network/network.ts'
import { checkpointBytes } from '../../protocol/log/checkpoint.ts'
import { proveRecord } from '../../protocol/state/proof.ts'
import {
  MAX_PROOF_BYTES_AN_ANSWER,
  recordNameOf,
  type StateAnswer,
  type StateRequest,
} from '../../protocol/wire/state-service.ts'
import type { Allowance } from '../allowance.ts'
import { accountOf, type Sessions } from '../sessions.ts'
import type { Publisher } from '../tree/publisher.ts'
import { sha256 } from '../tree/sha256.ts'

export interface StateParts {
  readonly publisher: Pick<Publisher, 'checkpoint' | 'signed'>
  readonly sessions: Sessions
  readonly gets: Allowance
}

/** Proves single records of the state under the newest checkpoint, to whoever is admitted (LOG-4). */
export async function answerState(
  { publisher, sessions, gets }: StateParts,
  from: PeerIdString,
  { get }: StateRequest,
): Promise<StateAnswer> {
  const session = sessions.of(from)
  if (!session) return { error: 'not-admitted' }
  if (!gets.take(accountOf(session))) return { error: 'rate-limited' }
  const { checkpoint, signed } = publisher
  if (checkpoint === undefined || signed === undefined) return { error: 'log-behind' }
  const proofs: Uint8Array[] = []
  let weight = 0
  for (const asked of get) {
    const proof = proveRecord(signed.membership, signed.records, recordNameOf(asked), sha256)
    weight += proof.length
    if (proofs.length > 0 && weight > MAX_PROOF_BYTES_AN_ANSWER) break
    proofs.push(proof)
  }
  return { cp: checkpointBytes(checkpoint), proofs }
}
