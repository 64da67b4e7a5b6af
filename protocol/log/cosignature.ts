import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { KeyText } from '../ids.ts'
import { MAX_TIME } from '../limits.ts'
import type { SignatureReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { SIGNATURE_BYTES, type Signer, type Verifier } from '../signature.ts'
import { keyId, NOTE_TYPE, type NoteSignature, type SignedNote } from './signed-note.ts'

/**
 * A witness's word (c2sp.org/tlog-cosignature, COSIG-1 to 4): at this time, this was the largest tree that it had seen of the log, and it
 * continues every smaller one. The signature in the note is `u64 time ‖ Ed25519 signature(64)`, over
 *
 * ```
 *  cosignature/v1
 *  time <seconds in decimal>
 *  <the note's text>
 * ```
 */
export interface Cosignature {
  readonly key: KeyText
  /** Under which the witness signs. It is not covered by the signature. */
  readonly name: string
  /** Seconds, by the witness's clock. */
  readonly time: number
}

/** The name of a witness that has no other. One of a public network signs under its own. */
export function witnessName(key: KeyText): string {
  return `palabre/v1/witness/${key}`
}

/** Cosigns the text of a checkpoint. Whoever calls it has made sure of what that says: see `judgeCheckpoint`. @param time seconds */
export async function cosign(
  signer: Signer,
  text: string,
  time: number,
  name: string = witnessName(signer.publicKey),
): Promise<NoteSignature> {
  const signed = await signer.sign(cosignedBytes(text, time))
  const signature = new Uint8Array(TIME_BYTES + SIGNATURE_BYTES)
  new DataView(signature.buffer).setBigUint64(0, BigInt(time))
  signature.set(signed, TIME_BYTES)
  return { name, id: keyId({ name, type: NOTE_TYPE.cosignature, key: signer.publicKey }), signature }
}

/**
 * Which of some witnesses cosigned the note, each once with its latest time. Lines of others are ignored; one of a witness that does not hold
 * refuses the whole note.
 */
export async function verifyCosignatures(
  verifier: Verifier,
  witnesses: readonly KeyText[],
  note: SignedNote,
): Promise<Result<readonly Cosignature[], SignatureReason>> {
  const latest = new Map<KeyText, Cosignature>()
  for (const line of note.signatures) {
    const key = witnesses.find(
      (one) => keyId({ name: line.name, type: NOTE_TYPE.cosignature, key: one }) === line.id,
    )
    if (key === undefined) continue
    const time = timeOf(line.signature)
    if (time === undefined) return bad('signature-malformed')
    const verdict = await verifier.verify(
      line.signature.subarray(TIME_BYTES),
      cosignedBytes(note.text, time),
      key,
    )
    if (!verdict.ok) return verdict
    if (time >= (latest.get(key)?.time ?? 0)) latest.set(key, { key, name: line.name, time })
  }
  return good([...latest.values()])
}

/** Whether as many of a community's witnesses cosigned as its genesis asks for. Without witnesses the log's word is enough. */
export function isFinal(witnesses: { readonly k: number }, cosignatures: readonly Cosignature[]): boolean {
  return cosignatures.length >= witnesses.k
}

const TIME_BYTES = 8

function timeOf(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0)
  return time <= BigInt(MAX_TIME) ? Number(time) : undefined
}

function cosignedBytes(text: string, time: number): Uint8Array {
  return utf8ToBytes(`cosignature/v1\ntime ${time}\n${text}`)
}
