import { equalBytes } from '../../protocol/bytes.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import type { SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { type Evidence, forkEvidence } from '../../protocol/log/evidence.ts'
import { rangeHash, rangeNodes, type Sha256 } from '../../protocol/log/merkle.ts'
import {
  consistencyProof,
  consistencyRanges,
  type Proof,
  type TreeHead,
  verifyConsistency,
} from '../../protocol/log/proof.ts'
import { decodeHashTile, tileHashes, tilesOf } from '../../protocol/log/tile.ts'
import type { GrownTree } from './grown-tree.ts'
import type { LedgerSource } from './source.ts'

/** What another checkpoint of the log says about the ledger that we read. */
export type View =
  /** One continues the other, or they are one. */
  | { readonly kind: 'consistent' }
  /** Two histories. The evidence is there when both were signed by one key, and what it takes could be fetched. */
  | { readonly kind: 'split'; readonly evidence: Evidence | undefined }
  /** It is of a larger tree, and nothing is at hand that would show how that goes on from ours. */
  | { readonly kind: 'unproven' }

/** Our ledger, read to the size of its checkpoint. */
export interface OurView {
  readonly community: CommunityId
  readonly checkpoint: SignedCheckpoint
  readonly tree: GrownTree
  readonly source: LedgerSource
}

/**
 * Compares with a checkpoint of a tree that is not larger than ours.
 * @param then our own tree at its size, with our state there where it was computed
 */
export async function compareOlder(
  ours: OurView,
  older: SignedCheckpoint,
  then: TreeHead & { readonly state?: Uint8Array },
  signal: AbortSignal,
): Promise<View> {
  const same = equalBytes(older.root, then.root)
  if (same && (then.state === undefined || equalBytes(older.state, then.state))) return { kind: 'consistent' }
  const { community, checkpoint, tree, source } = ours
  if (older.key !== checkpoint.key) return { kind: 'split', evidence: undefined }
  if (older.size === checkpoint.size)
    return { kind: 'split', evidence: forkEvidence(community, older, checkpoint) }
  // One history, of which the log once said that something else comes of it: there is no proof of that without the entries.
  if (same) return { kind: 'split', evidence: undefined }
  const proof = await tree.proofFrom(older.size, source, signal)
  const between = proof && { root: then.root, proof }
  return { kind: 'split', evidence: between && forkEvidence(community, older, checkpoint, between) }
}

/** Compares with a checkpoint of a larger tree. @param theirs where its tiles are */
export async function compareNewer(
  ours: OurView,
  newer: SignedCheckpoint,
  theirs: LedgerSource | undefined,
  sha256: Sha256,
  signal: AbortSignal,
): Promise<View> {
  const { community, checkpoint } = ours
  const between = theirs && (await betweenThem(checkpoint.size, newer, theirs, sha256, signal))
  if (between === undefined) return { kind: 'unproven' }
  if (equalBytes(between.root, checkpoint.root)) return { kind: 'consistent' }
  const evidence =
    newer.key === checkpoint.key ? forkEvidence(community, checkpoint, newer, between) : undefined
  return { kind: 'split', evidence }
}

/** The root that a larger tree had at a smaller size, with the proof, from its tiles; undefined when they do not give one. */
async function betweenThem(
  size: number,
  head: TreeHead,
  source: LedgerSource,
  sha256: Sha256,
  signal: AbortSignal,
): Promise<{ readonly root: Uint8Array; readonly proof: Proof } | undefined> {
  const whole = { start: 0, end: size }
  const nodes = [whole, ...consistencyRanges(size, head.size)].flatMap(rangeNodes)
  const tiles = new Map<string, readonly Uint8Array[]>()
  for (const { level, index, width } of tilesOf(nodes, head.size)) {
    if (level === 'entries') continue
    const bytes = await source.hashTile?.({ level, index, width }, signal)
    const hashes = bytes && decodeHashTile(bytes, width)
    if (!hashes?.ok) return undefined
    tiles.set(`${level}/${index}`, hashes.value)
  }
  const read = tileHashes((level, index) => tiles.get(`${level}/${index}`) ?? [], sha256)
  const root = rangeHash(whole, read, sha256)
  const proof = consistencyProof(size, head.size, read, sha256)
  return verifyConsistency({ size, root }, head, proof, sha256).ok ? { root, proof } : undefined
}
