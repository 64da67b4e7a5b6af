import type { Network, PeerIdString } from '../../node/network/network.ts'
import { serve } from '../../node/requests.ts'
import { encodeEntry, type LogPromise, PROMISE } from '../../protocol/community/entry.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { CommunityId, StatementId } from '../../protocol/ids.ts'
import { checkpointBytes, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { cosign } from '../../protocol/log/cosignature.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { LEDGER, type LedgerAnswer, MAX_ENTRIES_AN_ANSWER } from '../../protocol/wire/services.ts'
import { bruteRoot } from './tree.ts'

/** A history that a log tells: its entries are a real ledger's, and what it signs about them is true unless a test says otherwise. */
export class StagedHistory {
  readonly community: CommunityId
  readonly entries: readonly Uint8Array[]
  readonly #log: Signer
  readonly #verifier: Verifier

  constructor(verifier: Verifier, log: Signer, community: CommunityId, entries: readonly Uint8Array[]) {
    this.#verifier = verifier
    this.#log = log
    this.community = community
    this.entries = entries
  }

  get size(): number {
    return this.entries.length
  }

  /** The same, and on from there. @param at ledger time */
  and(at: number, ...statements: readonly { readonly bytes: Uint8Array }[]): StagedHistory {
    const more = statements.map(({ bytes }) => encodeEntry({ at, e: bytes }))
    return new StagedHistory(this.#verifier, this.#log, this.community, [...this.entries, ...more])
  }

  /** What the log signs of its first entries. @param state another state hash than the true one */
  async checkpoint(
    size: number = this.size,
    {
      state,
      witnesses = [],
      now = 0,
    }: { state?: Uint8Array; witnesses?: readonly Signer[]; now?: number } = {},
  ): Promise<Uint8Array> {
    const entries = this.entries.slice(0, size)
    const root = bruteRoot(entries)
    const head = { size, root, state: state ?? (await this.#stateHash(entries)) }
    const { note, ...signed } = await signCheckpoint(this.#log, this.community, head)
    const signatures = [...note.signatures]
    for (const witness of witnesses) signatures.push(await cosign(witness, note.text, now))
    return checkpointBytes({ ...signed, note: { ...note, signatures } })
  }

  promise(statement: Envelope<unknown>, index: number, at: number): Promise<Envelope<LogPromise>> {
    return seal(PROMISE, this.community, { id: statement.id as StatementId, index, at }, [this.#log])
  }

  async #stateHash([first, ...rest]: readonly Uint8Array[]): Promise<Uint8Array> {
    const begun = await beginLedger(this.#verifier, first as Uint8Array)
    const replayed = begun.ok ? await replay(this.#verifier, begun.value, rest) : begun
    if (!replayed.ok) throw new Error(`no ledger: ${replayed.reason}`)
    return stateHash(replayed.value, stateRoot(replayed.value))
  }
}

/** What somebody who asks is told: a history to this size, and a checkpoint. */
export interface Told {
  readonly history: StagedHistory
  readonly size?: number
  readonly cp?: Uint8Array | undefined
}

/** Answers `/palabre/ledger/1` as a test wants it. @param take what becomes of a statement that is put */
export async function serveHistory(
  network: Network,
  tell: (from: PeerIdString) => Told,
  take: (statement: Uint8Array, promise?: Uint8Array) => Promise<LedgerAnswer> = async () => ({
    error: 'not-log',
  }),
): Promise<void> {
  await serve(network, LEDGER, async (from, { get, put, promise }) => {
    if (put !== undefined) return await take(put, promise)
    const { history, size = history.size, cp } = tell(from)
    const from0 = get as number
    const entries = history.entries.slice(from0, Math.min(size, from0 + MAX_ENTRIES_AN_ANSWER))
    return { entries, size, ...(cp && { cp }) }
  })
}
