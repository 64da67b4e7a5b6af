import type { CommunityId, KeyText } from '../../protocol/ids.ts'
import { MAX_NOTE_BYTES } from '../../protocol/limits.ts'
import { logOrigin, parseDecimal, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { verifyCosignatures } from '../../protocol/log/cosignature.ts'
import type { Proof } from '../../protocol/log/proof.ts'
import { type NoteSignature, parseSignatures } from '../../protocol/log/signed-note.ts'
import { encodeAddCheckpoint } from '../../protocol/log/witness.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { readBounded } from '../read-bounded.ts'
import { sha256 } from '../tree/sha256.ts'

/** A witness that does not answer in this time is asked again with the next checkpoint. Milliseconds. */
const PATIENCE = 5_000

/** Where a witness is. */
export interface WitnessAddress {
  readonly key: KeyText
  /** Submission prefix, with a slash at the end (c2sp.org/tlog-witness). */
  readonly url: URL
}

/** What a witness said: it cosigned, or it remembers another size than we said, or nothing that helps. */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly signatures: readonly NoteSignature[] }
  | { readonly kind: 'remembers'; readonly size: number }
  | { readonly kind: 'failed'; readonly why: string }

/** Asks one witness (WIT-1 to 5). Nothing that it says is believed but what it signed. */
export class WitnessClient {
  readonly #address: WitnessAddress
  readonly #verifier: Verifier
  readonly #fetch: typeof fetch

  constructor(address: WitnessAddress, verifier: Verifier, fetcher: typeof fetch = fetch) {
    this.#address = address
    this.#verifier = verifier
    this.#fetch = fetcher
  }

  get key(): KeyText {
    return this.#address.key
  }

  /** @param old the size that it cosigned last, as far as we know @param proof from there */
  async add(
    checkpoint: SignedCheckpoint,
    old: number,
    proof: Proof,
    signal: AbortSignal,
  ): Promise<WitnessAnswer> {
    const { text } = checkpoint.note
    const [own] = checkpoint.note.signatures
    if (own === undefined) throw new TypeError('the checkpoint is not signed')
    const body = encodeAddCheckpoint({ old, proof, note: { text, signatures: [own] } })
    const answer = await this.#ask(
      'add-checkpoint',
      { method: 'POST', body: body as Uint8Array<ArrayBuffer> },
      signal,
    )
    if (typeof answer === 'string') return { kind: 'failed', why: answer }
    if (answer.status === 409) {
      const size = parseDecimal(answer.body.trimEnd())
      return size === undefined
        ? { kind: 'failed', why: 'status 409 without a size' }
        : { kind: 'remembers', size }
    }
    if (answer.status !== 200) return { kind: 'failed', why: `status ${answer.status}` }
    const lines = parseSignatures(answer.body)
    if (!lines.ok) return { kind: 'failed', why: lines.reason }
    const good = await verifyCosignatures(this.#verifier, [this.key], { text, signatures: lines.value })
    if (!good.ok) return { kind: 'failed', why: good.reason }
    if (good.value.length === 0) return { kind: 'failed', why: 'signer-missing' }
    return { kind: 'cosigned', signatures: lines.value }
  }

  /** The last checkpoint of our log that it cosigned (WIT-5), as a note; `none` when it never did. */
  async last(community: CommunityId, signal: AbortSignal): Promise<Uint8Array | 'none' | undefined> {
    const origin = Buffer.from(sha256(Buffer.from(logOrigin(community)))).toString('hex')
    const answer = await this.#ask(`${origin}/checkpoint`, {}, signal)
    if (typeof answer === 'string') return undefined
    if (answer.status === 404) return 'none'
    return answer.status === 200 ? new TextEncoder().encode(answer.body) : undefined
  }

  /** @returns why there was no answer */
  async #ask(
    path: string,
    init: RequestInit,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: string } | string> {
    try {
      const response = await this.#fetch(new URL(path, this.#address.url), {
        ...init,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
      })
      const body = await readBounded(response, MAX_NOTE_BYTES)
      if (body === undefined) return 'too much'
      return { status: response.status, body: Buffer.from(body).toString('utf8') }
    } catch (error) {
      return (error as Error).message
    }
  }
}
