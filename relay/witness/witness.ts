import { createHash } from 'node:crypto'
import { Bucket } from '../../node/bucket.ts'
import { type Clock, second } from '../../node/ports/clock.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { cosign } from '../../protocol/log/cosignature.ts'
import { encodeNote, encodeSignature, type NoteKey } from '../../protocol/log/signed-note.ts'
import { judgeCheckpoint, type Refused } from '../../protocol/log/witness.ts'
import { good } from '../../protocol/result.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import type { Store } from '../store.ts'
import { sha256 } from '../tree/sha256.ts'

/** Checkpoints that may come at once, and one more for each so many milliseconds: a log has one a second at most, and a witness a few logs. */
const BURST = 64
const REFILL = 100

export interface WitnessParts {
  readonly store: Store
  readonly verifier: Verifier
  /** Its own key, which is no log's. */
  readonly signer: Signer
  readonly clock: Clock
}

/** The signature lines, or why there are none. */
export type Added = { readonly ok: true; readonly value: string } | Refused | 'rate-limited'

/** Says of the logs that it follows that each of them shows one history (c2sp.org/tlog-witness, WIT-1 to 5). */
export class Witness {
  readonly #parts: WitnessParts
  readonly #logs = new Map<string, readonly NoteKey[]>()
  readonly #bucket: Bucket
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: WitnessParts) {
    this.#parts = parts
    this.#bucket = new Bucket(parts.clock, BURST, REFILL)
  }

  get key(): KeyText {
    return this.#parts.signer.publicKey
  }

  /** Follows a log from now on. @param key which may sign its checkpoints, beside those that were given before; its name is the log's origin */
  follow(key: NoteKey): void {
    const keys = this.#logs.get(key.name) ?? []
    if (!keys.some((known) => known.key === key.key)) this.#logs.set(key.name, [...keys, key])
  }

  /** One at a time: what is cosigned continues what was cosigned before. @param body of `add-checkpoint` */
  add(body: Uint8Array): Promise<Added> {
    if (!this.#bucket.take()) return Promise.resolve('rate-limited')
    const done = this.#turn.then(() => this.#add(body))
    this.#turn = done.catch(() => {})
    return done
  }

  /** The last checkpoint that was cosigned of a log, as a note. @param hash SHA-256 of its origin in hex */
  last(hash: string): Uint8Array | undefined {
    const origin = [...this.#logs.keys()].find(
      (one) => createHash('sha256').update(one).digest('hex') === hash,
    )
    return origin === undefined ? undefined : this.#parts.store.cosigned(origin)
  }

  async #add(body: Uint8Array): Promise<Added> {
    const { store, verifier, signer, clock } = this.#parts
    const logOf = (origin: string) => {
      const keys = this.#logs.get(origin)
      return keys && { keys, last: store.witnessed(origin) }
    }
    const judged = await judgeCheckpoint(verifier, logOf, body, sha256)
    if (!judged.ok) return judged
    const { origin, old, head, note } = judged.value
    if (!store.putWitnessed(origin, old, head)) throw new Error(`the head of ${origin} changed meanwhile`)
    const line = await cosign(signer, note.text, second(clock))
    const keys = this.#logs.get(origin) as readonly NoteKey[]
    const own = note.signatures.filter(({ name }) => keys.some((key) => key.name === name))
    store.putCosigned(origin, encodeNote({ ...note, signatures: [...own, line] }))
    return good(encodeSignature(line))
  }
}
