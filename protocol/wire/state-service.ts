import type { RecordName } from '../community/membership.ts'
import { idOf, keyText } from '../ids.ts'
import { bad } from '../result.ts'
import { bytes, list, map, oneOf, type Read, refine } from '../schema.ts'
import { MAX_STATE_PROOF_BYTES } from '../state/proof.ts'
import { RECORDS } from '../state/record.ts'
import { checkpoint, error, type Service } from './services.ts'

/** Most records proved in one answer: a member with their sponsors up to the founder, and their devices. */
export const MAX_PROOFS_AN_ANSWER = 32
/** What the proofs of one answer weigh together, unless the first alone weighs more. A usual one has 1 KiB. */
export const MAX_PROOF_BYTES_AN_ANSWER = 1024 * 1024

const KINDS = Object.keys(RECORDS) as readonly RecordName['kind'][]

/** A record's name as it is hashed (STATE-1), beside its kind. */
const NAME = refine(map({ k: oneOf(...KINDS), n: bytes(32, 0) }), ({ k, n }) =>
  n.length === nameLength(k) ? undefined : bad('field-invalid', 'n'),
)

/**
 * Single records of the state, for who does not read the ledger (SPEC §9.3). The answer has a proof for each, in the order of the request, under
 * the state hash of the checkpoint.
 */
export const STATE = {
  protocol: '/palabre/state/1',
  request: {
    shape: map({ get: list(NAME, MAX_PROOFS_AN_ANSWER, 1) }),
    maxBytes: MAX_PROOFS_AN_ANSWER * 64 + 64,
  },
  answer: {
    shape: map(
      {},
      { cp: checkpoint, proofs: list(bytes(MAX_STATE_PROOF_BYTES, 1), MAX_PROOFS_AN_ANSWER), error },
    ),
    maxBytes: MAX_PROOF_BYTES_AN_ANSWER + MAX_STATE_PROOF_BYTES + 16 * 1024,
  },
} satisfies Service<unknown, unknown>

export type StateRequest = Read<typeof STATE.request.shape>
export type StateAnswer = Read<typeof STATE.answer.shape>

/** The record that a request names. */
export function recordNameOf({ k, n }: StateRequest['get'][number]): RecordName {
  switch (k) {
    case 'community':
      return { kind: k, name: '' }
    case 'void':
      return { kind: k, name: String(new DataView(n.buffer, n.byteOffset).getBigUint64(0)) }
    case 'root':
    case 'device':
      return { kind: k, name: keyText(n) }
    case 'room':
      return { kind: k, name: idOf(n) }
    case 'member':
      return { kind: k, name: idOf(n) }
    default:
      return { kind: k, name: idOf(n) }
  }
}

function nameLength(kind: RecordName['kind']): number {
  if (kind === 'community') return 0
  return kind === 'void' ? 8 : 32
}
