import type { KeyText } from '../../protocol/ids.ts'
import type { SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import type { LogKeeper } from '../log-keeper.ts'
import type { Publisher } from '../tree/publisher.ts'
import type { WitnessClient } from './witness-client.ts'

export interface CosignersParts {
  readonly clients: readonly WitnessClient[]
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  /** A witness has cosigned a larger tree of ours than we know. */
  ahead(witness: KeyText, size: number): void
  /** It gave nothing; it is asked again with the next checkpoint. */
  failed(witness: KeyText, why: string): void
}

/** Has each checkpoint cosigned by the witnesses that the ledger names. */
export class Cosigners {
  readonly #parts: CosignersParts
  /** The size that each cosigned last, as far as we know. */
  readonly #sizes = new Map<KeyText, number>()
  /** The newest checkpoint for each that is being asked. */
  readonly #next = new Map<KeyText, SignedCheckpoint>()
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(parts: CosignersParts) {
    this.#parts = parts
    parts.publisher.onPublished((checkpoint) => this.#ask(checkpoint))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  #ask(checkpoint: SignedCheckpoint): void {
    const named = this.#parts.keeper.membership?.witnesses.keys ?? []
    for (const client of this.#parts.clients) {
      // It comes again with each cosignature that was added.
      if (!named.includes(client.key) || this.#sizes.get(client.key) === checkpoint.size) continue
      const idle = !this.#next.has(client.key)
      this.#next.set(client.key, checkpoint)
      if (idle) this.#running = Promise.all([this.#running, this.#serve(client)])
    }
  }

  async #serve(client: WitnessClient): Promise<void> {
    for (;;) {
      const checkpoint = this.#next.get(client.key) as SignedCheckpoint
      await this.#cosign(client, checkpoint)
      if (this.#next.get(client.key)?.size === checkpoint.size || this.#stopping.signal.aborted) break
    }
    this.#next.delete(client.key)
  }

  async #cosign(client: WitnessClient, checkpoint: SignedCheckpoint): Promise<void> {
    const { publisher, ahead, failed } = this.#parts
    let old = this.#sizes.get(client.key) ?? 0
    // Twice: when it remembers another size than we thought, it says which.
    for (let i = 0; i < 2; i++) {
      const proof = old === 0 ? [] : await publisher.consistency(old, checkpoint.size)
      const answer = await client.add(checkpoint, old, proof, this.#stopping.signal)
      if (answer.kind === 'failed') return failed(client.key, answer.why)
      if (answer.kind === 'cosigned') {
        this.#sizes.set(client.key, checkpoint.size)
        return await publisher.cosigned(checkpoint, answer.signatures)
      }
      if (answer.size > checkpoint.size) return ahead(client.key, answer.size)
      old = answer.size
    }
    failed(client.key, 'size-conflict')
  }
}
