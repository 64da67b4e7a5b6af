import { equalBytes } from '../../protocol/bytes.ts'
import { type CommunityId, idOf } from '../../protocol/ids.ts'
import {
  checkpointBytes,
  openCheckpoint,
  type SignedCheckpoint,
  sameHead,
} from '../../protocol/log/checkpoint.ts'
import { isFinal, verifyCosignatures } from '../../protocol/log/cosignature.ts'
import { encodeEvidence, forkEvidence } from '../../protocol/log/evidence.ts'
import type { Proof } from '../../protocol/log/proof.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { Observed } from '../observed.ts'
import type { Storage } from '../ports/storage.ts'
import type { LedgerAlarm } from './alarm.ts'
import { type Copy, copyHash, treeKey } from './copy.ts'
import type { HashTree } from './hash-tree.ts'
import { checkpointAt, reliedAt } from './places.ts'

/**
 * What a checkpoint that the log signed is to our copy: it `fits`; it is of a `larger` tree, of which nothing can be said yet; or the log
 * lied, about its tree or about the state, of which an alarm was raised.
 */
export type Fit = 'fits' | 'larger' | 'root-wrong' | 'state-wrong'

/** Sizes at which the state hash is remembered: a checkpoint comes a few seconds after the entries, and others have come by then. */
const REMEMBERED_HASHES = 64

/** Of trees that we do not have yet. Each has its signature by the log. */
const MAX_PENDING = 8
const MAX_SUSPECTS = 8
/** Of those by which something was believed: a log that signs one a second has signed so many when a large copy is whole. */
const MAX_RELIED = 1024

/** The tree with the root of a checkpoint, entry by entry from the one who showed it; undefined when they do not give it. */
export type TheirTree = (checkpoint: SignedCheckpoint) => Promise<HashTree | undefined>

export interface CheckpointParts {
  readonly verifier: Verifier
  readonly storage: Storage
  readonly tree: HashTree
  readonly copy: () => Copy
  readonly raise: (alarm: LedgerAlarm) => Promise<void>
  /** The state hash after so many of our entries, from what is stored: slow. */
  readonly hashAt: (size: number) => Promise<Uint8Array | undefined>
}

/** The newest checkpoint that fitted our copy when it was last looked at: what a relay is shown before anything else (HELLO-1). */
export async function storedCheckpoint(
  community: CommunityId,
  storage: Storage,
): Promise<Uint8Array | undefined> {
  return (await storage.get(checkpointAt(community, 'newest'))) as Uint8Array | undefined
}

/** The checkpoints that a copy of the ledger is held against. */
export class Checkpoints {
  /** How many entries are final (COSIG-4). */
  readonly finalSize = new Observed(0)
  readonly #parts: CheckpointParts
  readonly #hashes = new Map<number, Uint8Array>()
  #newest: SignedCheckpoint | undefined
  /** Of trees that are larger than ours, the largest first. */
  #pending: readonly SignedCheckpoint[] = []
  /** Those of other trees than ours of which it could not be proved yet that there are two histories. */
  #suspects: readonly SignedCheckpoint[] = []
  /** Among the pending ones those by which something was believed; each is stored until it was judged. */
  readonly #relied = new Set<SignedCheckpoint>()

  private constructor(parts: CheckpointParts) {
    this.#parts = parts
  }

  /**
   * With those that were stored, as far as they hold.
   * @param alarms what was noticed before
   */
  static async open(parts: CheckpointParts, alarms: readonly LedgerAlarm[]): Promise<Checkpoints> {
    const checkpoints = new Checkpoints(parts)
    checkpoints.remember()
    for (const alarm of alarms) {
      const suspect = alarm.kind === 'root-wrong' && (await checkpoints.read(alarm.checkpoint))
      if (suspect) checkpoints.#suspect(suspect)
    }
    const { community } = parts.copy().membership
    for (const which of ['final', 'newest', 'largest'] as const) {
      const stored = await parts.storage.get(checkpointAt(community, which))
      const checkpoint = stored ? await checkpoints.read(stored as Uint8Array) : undefined
      if (checkpoint) await checkpoints.hold(checkpoint)
    }
    for (const [, stored] of await parts.storage.list(reliedAt(community))) {
      const checkpoint = await checkpoints.read(stored as Uint8Array)
      if (checkpoint) await checkpoints.rely(checkpoint)
    }
    return checkpoints
  }

  /** The newest that fits our copy. */
  get newest(): SignedCheckpoint | undefined {
    return this.#newest
  }

  /** Of trees that are larger than ours, as far as anybody has shown us; the largest first. */
  get pending(): readonly SignedCheckpoint[] {
    return this.#pending
  }

  /** What is signed by the key in force at that size; what is not is nobody's word. */
  async read(bytes: Uint8Array): Promise<SignedCheckpoint | undefined> {
    const { verifier, tree, copy } = this.#parts
    const { membership, reigns } = copy()
    const log = { community: membership.community, keys: membership.logs }
    const opened = await openCheckpoint(verifier, log, bytes)
    if (!opened.ok) return undefined
    const { key, size } = opened.value
    const inForce = size > tree.size ? membership.log : treeKey(reigns, size)
    return key === inForce ? opened.value : undefined
  }

  /** Notes the state hash of our copy as it is, for a checkpoint that comes when it has grown. */
  remember(): void {
    const copy = this.#parts.copy()
    const hash = copyHash(copy)
    if (hash === undefined) return
    this.#hashes.set(copy.membership.size, hash)
    if (this.#hashes.size > REMEMBERED_HASHES) this.#hashes.delete(Math.min(...this.#hashes.keys()))
  }

  /**
   * Holds a checkpoint that the log signed against our copy and against those before it.
   * @param theirs fetches the tree that was signed, from whoever showed the checkpoint: it may be needed to prove that there are two
   */
  async hold(checkpoint: SignedCheckpoint, theirs: TheirTree = async () => undefined): Promise<Fit> {
    const { tree, raise, hashAt } = this.#parts
    for (const other of [this.#newest, ...this.#pending]) {
      if (other?.size !== checkpoint.size || sameHead(other, checkpoint)) continue
      await raise(this.#forked(other, checkpoint))
      // Which of two that wait is of our history is not known yet.
      if (other === this.#newest)
        return equalBytes(other.root, checkpoint.root) ? 'state-wrong' : 'root-wrong'
    }
    if (checkpoint.size > tree.size) {
      await this.#wait(checkpoint)
      return 'larger'
    }
    const root = tree.root(checkpoint.size)
    if (!equalBytes(root, checkpoint.root)) {
      const alarm = await this.#otherTree(checkpoint, root, theirs)
      if (alarm.kind === 'root-wrong') this.#suspect(checkpoint)
      await raise(alarm)
      return 'root-wrong'
    }
    const known = this.#hashes.get(checkpoint.size)
    // What was believed by it must not go unjudged because the copy did not stop there.
    const state = known ?? (this.#relied.has(checkpoint) ? await hashAt(checkpoint.size) : undefined)
    if (state !== undefined && !equalBytes(state, checkpoint.state)) {
      await raise(this.#wrong('state-wrong', checkpoint))
      return 'state-wrong'
    }
    await this.#keep(checkpoint)
    return 'fits'
  }

  /**
   * Holds one by which something is to be believed: it is judged when the copy has come so far, with its state, whatever else is shown until then.
   * @returns false when too many wait to be judged
   */
  async rely(checkpoint: SignedCheckpoint): Promise<boolean> {
    const { copy, storage } = this.#parts
    const known = this.#pending.find((other) => sameHead(other, checkpoint))
    if (known !== undefined && this.#relied.has(known)) return true
    if (this.#relied.size >= MAX_RELIED) return false
    const relied = known ?? checkpoint
    this.#relied.add(relied)
    await storage.put(reliedAt(copy().membership.community) + nameOf(relied), checkpointBytes(relied))
    if (known === undefined && (await this.hold(relied)) !== 'larger') await this.#judged(relied)
    return true
  }

  /**
   * Our copy has grown: holds those against it that it has reached. They contradict it when one is of another tree and none that fits is
   * as large: then what the copy has beyond the newest is nobody's word.
   */
  async holdPending(theirs: TheirTree): Promise<'fits' | 'root-wrong'> {
    const { tree } = this.#parts
    const due = this.#pending.filter(({ size }) => size <= tree.size)
    if (due.length > 0) await this.#setPending(this.#pending.filter(({ size }) => size > tree.size))
    // Those that fit come first: with them it can be proved that the others are of another history.
    const fitting = due.filter(({ size, root }) => equalBytes(tree.root(size), root))
    for (const checkpoint of fitting) {
      await this.hold(checkpoint)
      await this.#judged(checkpoint)
    }
    for (const checkpoint of due) {
      if (fitting.includes(checkpoint)) continue
      await this.hold(checkpoint, theirs)
      await this.#judged(checkpoint)
      if (checkpoint.size > (this.#newest?.size ?? 0)) return 'root-wrong'
    }
    return 'fits'
  }

  /** @param root of our tree at its size */
  async #otherTree(checkpoint: SignedCheckpoint, root: Uint8Array, theirs: TheirTree): Promise<LedgerAlarm> {
    const newest = this.#newest
    if (newest === undefined || newest.key !== checkpoint.key) return this.#wrong('root-wrong', checkpoint)
    if (newest.size > checkpoint.size) {
      const proof = this.#parts.tree.consistency(checkpoint.size, newest.size)
      return this.#forked(checkpoint, newest, { root, proof })
    }
    const other = await theirs(checkpoint)
    const before = other?.root(newest.size)
    // The same up to there: the tree was changed where ours was only promised.
    if (other === undefined || before === undefined || equalBytes(before, newest.root))
      return this.#wrong('root-wrong', checkpoint)
    const proof = other.consistency(newest.size, checkpoint.size)
    return this.#forked(newest, checkpoint, { root: before, proof })
  }

  #forked(
    one: SignedCheckpoint,
    other: SignedCheckpoint,
    between?: { readonly root: Uint8Array; readonly proof: Proof },
  ): LedgerAlarm {
    if (one.key !== other.key) return this.#wrong('root-wrong', other)
    const { community } = this.#parts.copy().membership
    return { kind: 'forked', evidence: encodeEvidence(forkEvidence(community, one, other, between)) }
  }

  #wrong(kind: 'root-wrong' | 'state-wrong', checkpoint: SignedCheckpoint): LedgerAlarm {
    const fits = this.#newest && checkpointBytes(this.#newest)
    return { kind, checkpoint: checkpointBytes(checkpoint), fits }
  }

  async #keep(checkpoint: SignedCheckpoint): Promise<void> {
    const { membership } = this.#parts.copy()
    const { size, note } = checkpoint
    const newest = this.#newest
    // The same one comes again with more cosignatures.
    const more = newest?.size === size && note.signatures.length > newest.note.signatures.length
    if (newest === undefined || size > newest.size || more) {
      this.#newest = checkpoint
      await this.#store('newest', checkpoint)
      await this.#convictSuspects(checkpoint)
    }
    if (size <= this.finalSize.value) return
    const cosignatures = await verifyCosignatures(this.#parts.verifier, membership.witnesses.keys, note)
    if (!cosignatures.ok || !isFinal(membership.witnesses, cosignatures.value)) return
    this.finalSize.set(size)
    await this.#store('final', checkpoint)
  }

  #suspect(checkpoint: SignedCheckpoint): void {
    this.#suspects = [...this.#suspects, checkpoint].slice(-MAX_SUSPECTS)
  }

  /** With a checkpoint that fits and is as large it is proved that a suspect is of another history. */
  async #convictSuspects(newest: SignedCheckpoint): Promise<void> {
    const { tree, raise } = this.#parts
    const due = this.#suspects.filter(({ size, key }) => size <= newest.size && key === newest.key)
    this.#suspects = this.#suspects.filter((suspect) => !due.includes(suspect))
    for (const suspect of due) {
      const root = tree.root(suspect.size)
      if (equalBytes(root, suspect.root)) continue
      const proof = tree.consistency(suspect.size, newest.size)
      await raise(this.#forked(suspect, newest, suspect.size === newest.size ? undefined : { root, proof }))
    }
  }

  async #wait(checkpoint: SignedCheckpoint): Promise<void> {
    const known = this.#pending.some((other) => sameHead(other, checkpoint))
    if (known) return
    const sorted = [...this.#pending, checkpoint].sort((a, b) => b.size - a.size)
    const others = sorted.filter((one) => !this.#relied.has(one)).slice(0, MAX_PENDING)
    await this.#setPending(sorted.filter((one) => this.#relied.has(one) || others.includes(one)))
  }

  async #judged(checkpoint: SignedCheckpoint): Promise<void> {
    if (!this.#relied.delete(checkpoint)) return
    const { copy, storage } = this.#parts
    await storage.delete(reliedAt(copy().membership.community) + nameOf(checkpoint))
  }

  async #setPending(pending: readonly SignedCheckpoint[]): Promise<void> {
    const { storage, copy } = this.#parts
    const [before] = this.#pending
    this.#pending = pending
    const [largest] = pending
    if (largest === before) return
    if (largest !== undefined) await this.#store('largest', largest)
    else await storage.delete(checkpointAt(copy().membership.community, 'largest'))
  }

  async #store(which: 'newest' | 'final' | 'largest', checkpoint: SignedCheckpoint): Promise<void> {
    const { storage, copy } = this.#parts
    await storage.put(checkpointAt(copy().membership.community, which), checkpointBytes(checkpoint))
  }
}

function nameOf({ size, root, state }: SignedCheckpoint): string {
  return `${size}/${idOf(root)}/${idOf(state)}`
}
