import { MAX_WITNESS_REQUEST_BYTES } from '../../protocol/limits.ts'
import type { WitnessRefusal } from '../../protocol/log/witness.ts'
import { readBounded } from '../read-bounded.ts'
import type { Witness } from '../witness/witness.ts'
import { FOR_EVERYBODY } from './log-files.ts'

const TEXT = 'text/plain; charset=utf-8'

/** `POST add-checkpoint` (WIT-1 to 4). */
export async function addCheckpoint(witness: Witness, request: Request): Promise<Response> {
  const body = await readBounded(request, MAX_WITNESS_REQUEST_BYTES)
  if (body === undefined) return refuse(413, 'too-large')
  const outcome = await witness.add(body)
  if (outcome === 'rate-limited') return refuse(429, outcome)
  if (outcome.ok) return new Response(outcome.value, { headers: { 'Content-Type': TEXT } })
  if (outcome.status === 409)
    return new Response(`${outcome.size ?? 0}\n`, {
      status: 409,
      headers: { 'Content-Type': 'text/x.tlog.size' },
    })
  return refuse(outcome.status, outcome.reason)
}

/** The last checkpoint of a log that was cosigned (WIT-5). @param hash SHA-256 of the origin in hex */
export function cosignedCheckpoint(witness: Witness, hash: string): Response | undefined {
  const note = witness.last(hash)
  return (
    note &&
    new Response(note as Uint8Array<ArrayBuffer>, {
      headers: { 'Content-Type': TEXT, 'Cache-Control': 'no-store', ...FOR_EVERYBODY },
    })
  )
}

/** One sentence for whoever runs the log that asked. */
const SENTENCES: Partial<Record<WitnessRefusal | 'rate-limited', string>> = {
  'too-large': 'The request is larger than any that a log needs.',
  'request-malformed':
    'The request does not begin with "old", a size, the hashes of a proof, and an empty line.',
  'note-malformed': 'What follows the proof is no signed note.',
  'checkpoint-malformed': 'The note is no checkpoint.',
  'log-unknown': 'This witness does not follow the log with this origin.',
  'signer-missing': 'None of the keys that this witness has for the log signed the checkpoint.',
  'signature-wrong': 'The log’s signature on the checkpoint does not hold.',
  'proof-wrong': 'The proof does not show that the checkpoint continues the one that was cosigned last.',
  'log-forked': 'The log signed two trees of this size: this is evidence against it.',
  'rate-limited': 'Too much was asked in too short a time.',
}

function refuse(status: number, reason: WitnessRefusal | 'rate-limited'): Response {
  const message = SENTENCES[reason] ?? 'The checkpoint cannot be cosigned.'
  return Response.json({ error: reason, message }, { status })
}
