import { decodeEntry, type LogPromise, PROMISE } from '../../protocol/community/entry.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import {
  type Envelope,
  type EnvelopeSignature,
  open,
  peekId,
  soleSigner,
  verifyEnvelope,
} from '../../protocol/envelope.ts'
import type { CommunityId, KeyText } from '../../protocol/ids.ts'
import type { SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { brokenPromise, doublePromise, encodeEvidence } from '../../protocol/log/evidence.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { Storage } from '../ports/storage.ts'
import type { LedgerAlarm } from './alarm.ts'
import type { HashTree } from './hash-tree.ts'
import { entryAt, promisesAt } from './places.ts'

/**
 * A log merges within five seconds (KEEP-2). One that has not after this long, in seconds, does not mean to: a restart, a full disk and
 * a clock that is wrong are over by then, or somebody has to look.
 */
export const OVERDUE = 15 * 60

export interface PromiseParts {
  readonly community: CommunityId
  readonly verifier: Verifier
  readonly storage: Storage
  readonly tree: HashTree
  readonly raise: (alarm: LedgerAlarm) => Promise<void>
}

/** Promises to others that are remembered: what a log under load gives in the second before it signs, and some more. */
const MAX_HEARD = 2048

/** A promise that the log has signed and not kept yet. */
interface Held {
  readonly promise: Envelope<LogPromise>
  readonly key: KeyText
}

/** What the log has promised us, stored until it is seen in a tree that the log signed. */
export class Promises {
  readonly #parts: PromiseParts
  readonly #held = new Map<string, Held>()
  /** What others were promised that no signed tree has yet, by index, the latest last. */
  readonly #heard = new Map<number, Envelope<LogPromise>>()

  private constructor(parts: PromiseParts) {
    this.#parts = parts
  }

  static async open(parts: PromiseParts): Promise<Promises> {
    const promises = new Promises(parts)
    for (const [, stored] of await parts.storage.list(promisesAt(parts.community))) {
      const promise = open(PROMISE, parts.community, stored as Uint8Array)
      if (!promise.ok) throw new Error(`a stored promise cannot be read: ${promise.reason}`)
      promises.#hold(promise.value)
    }
    return promises
  }

  /** Reads a promise, which a key of the log must have signed: of what an earlier log took, that one gives it again. */
  async read(bytes: Uint8Array, { logs }: Membership): Promise<Result<Envelope<LogPromise>, Reason>> {
    const { community, verifier } = this.#parts
    const promise = open(PROMISE, community, bytes)
    if (!promise.ok) return promise
    const signer = soleSigner(promise.value)
    if (signer === undefined || !logs.includes(signer)) return bad('signer-unexpected', 'promise')
    const signed = await verifyEnvelope(verifier, community, promise.value, [signer])
    return signed.ok ? promise : bad(signed.reason, 'promise')
  }

  /** Stores a promise that was read, and holds it against the others. */
  async keep(promise: Envelope<LogPromise>): Promise<void> {
    const { storage, community, raise } = this.#parts
    const key = nameOf(promise)
    const { id, index } = promise.payload
    for (const held of this.#held.values()) {
      const { payload } = held.promise
      if ((payload.id === id) === (payload.index === index)) continue
      const signer = signerOf(promise)
      if (signer !== held.key) continue
      const evidence = encodeEvidence(doublePromise(community, signer, held.promise, promise))
      await raise({ kind: 'promised-twice', evidence })
    }
    if (this.#held.has(key)) return
    await storage.put(promisesAt(community) + key, promise.bytes)
    this.#hold(promise)
  }

  /** Remembers a promise to somebody that was verified, until a signed tree has it. */
  hear(promise: Envelope<LogPromise>): void {
    const { index } = promise.payload
    if (!this.#heard.has(index)) this.#heard.set(index, promise)
    for (const [oldest] of this.#heard) {
      if (this.#heard.size <= MAX_HEARD) break
      this.#heard.delete(oldest)
    }
  }

  /** What the log has promised to a statement and no signed tree has yet, to us or to others. */
  of(id: string): Uint8Array | undefined {
    const known = [...this.#held.values()].map(({ promise }) => promise)
    return [...known, ...this.#heard.values()].find(({ payload }) => payload.id === id)?.bytes
  }

  /**
   * Holds what was promised against our copy and the newest checkpoint that fits it.
   * @param now seconds; the relay was just asked
   */
  async check(newest: SignedCheckpoint | undefined, now: number): Promise<void> {
    for (const index of [...this.#heard.keys()]) if (index < (newest?.size ?? 0)) this.#heard.delete(index)
    for (const [key, { promise }] of [...this.#held]) {
      const { index, at } = promise.payload
      if (newest === undefined || index >= newest.size) {
        if (now > at + OVERDUE) await this.#parts.raise({ kind: 'promise-unkept', promise: promise.bytes })
        continue
      }
      const kept = await this.#judge(promise, newest)
      if (!kept.ok) await this.#parts.raise(kept.alarm)
      await this.#parts.storage.delete(promisesAt(this.#parts.community) + key)
      this.#held.delete(key)
    }
  }

  /**
   * Holds a promise to somebody else against our copy: it says what is at an index.
   * @param checkpoint one that fits, and whose tree has the index
   */
  async compare(promise: Envelope<LogPromise>, checkpoint: SignedCheckpoint): Promise<void> {
    const kept = await this.#judge(promise, checkpoint)
    if (!kept.ok) await this.#parts.raise(kept.alarm)
  }

  async #judge(
    promise: Envelope<LogPromise>,
    checkpoint: SignedCheckpoint,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly alarm: LedgerAlarm }> {
    const { community, storage, tree } = this.#parts
    const { id, index } = promise.payload
    const entry = (await storage.get(entryAt(community, index))) as Uint8Array
    if (isOf(community, entry, id)) return { ok: true }
    if (signerOf(promise) !== checkpoint.key)
      return { ok: false, alarm: { kind: 'promise-unkept', promise: promise.bytes } }
    const proof = tree.inclusion(index, checkpoint.size)
    const evidence = encodeEvidence(brokenPromise(community, promise, checkpoint, entry, proof))
    return { ok: false, alarm: { kind: 'promise-broken', evidence } }
  }

  #hold(promise: Envelope<LogPromise>): void {
    this.#held.set(nameOf(promise), { promise, key: signerOf(promise) })
  }
}

/** Whether the statement with this id is in the entry. */
export function isOf(community: CommunityId, entry: Uint8Array, id: string): boolean {
  const decoded = decodeEntry(entry)
  const there = decoded.ok ? peekId(community, decoded.value.e) : decoded
  return there.ok && there.value === id
}

function nameOf({ payload }: Envelope<LogPromise>): string {
  return `${payload.id}/${payload.index}`
}

function signerOf({ signatures }: Envelope<LogPromise>): KeyText {
  return (signatures[0] as EnvelopeSignature).key
}
