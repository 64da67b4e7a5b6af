import { equalBytes } from '../bytes.ts'
import { hash } from '../hash.ts'
import type { LogReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import {
  HASH_BYTES,
  type HashReader,
  isPowerOfTwo,
  type LeafRange,
  nodeHash,
  rangeHash,
  type Sha256,
  splitPoint,
} from './merkle.ts'

/** A proof, as the hashes of RFC 9162 in their order. */
export type Proof = readonly Uint8Array[]

/** A tree of a size and its root. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/**
 * What an inclusion proof is made of (MERKLE-5, RFC 9162 §2.1.3.1 `PATH`), so that a reader can fetch the hashes before it makes the proof.
 * Throws when there is no such leaf.
 */
export function inclusionRanges(index: number, size: number): readonly LeafRange[] {
  if (!isSize(size) || !isSize(index) || index >= size) throw new RangeError(`no leaf ${index} in ${size}`)
  const ranges: LeafRange[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    ranges.push(index < middle ? { start: middle, end } : { start, end: middle })
    if (index < middle) end = middle
    else start = middle
  }
  return ranges.reverse()
}

/**
 * What a consistency proof from a smaller tree is made of (MERKLE-6, RFC 9162 §2.1.4.1 `SUBPROOF`). Empty for equal sizes.
 * Throws when there is none: from a larger tree, or from the empty one, with which any tree is consistent.
 */
export function consistencyRanges(from: number, to: number): readonly LeafRange[] {
  if (!isSize(from) || !isSize(to) || from < 1 || from > to) throw new RangeError(`no proof ${from} to ${to}`)
  const ranges: LeafRange[] = []
  let start = 0
  let end = to
  while (end !== from) {
    const middle = start + splitPoint(end - start)
    ranges.push(from <= middle ? { start: middle, end } : { start, end: middle })
    if (from <= middle) end = middle
    else start = middle
  }
  // A verifier knows the hash of the smaller tree itself, and so needs no more where that is one full subtree.
  if (start > 0) ranges.push({ start, end })
  return ranges.reverse()
}

/** The proof that a leaf stands in a tree. Throws when there is no such leaf, or `read` lacks a hash. */
export function inclusionProof(
  index: number,
  size: number,
  read: HashReader,
  sha256: Sha256 = hash,
): Uint8Array[] {
  return inclusionRanges(index, size).map((range) => rangeHash(range, read, sha256))
}

/** The proof that a tree continues a smaller one. Throws as `consistencyRanges` does, or when `read` lacks a hash. */
export function consistencyProof(
  from: number,
  to: number,
  read: HashReader,
  sha256: Sha256 = hash,
): Uint8Array[] {
  return consistencyRanges(from, to).map((range) => rangeHash(range, read, sha256))
}

/** MERKLE-7, RFC 9162 §2.1.3.2; the numbers are its steps. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  { size, root }: TreeHead,
  proof: Proof,
  sha256: Sha256 = hash,
): Result<true, LogReason> {
  // 1.
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, ...proof]))
    return bad('proof-wrong')
  // 2. and 3.
  let fn = index
  let sn = size - 1
  let r = leaf
  // 4.
  for (const p of proof) {
    if (sn === 0) return bad('proof-wrong')
    if (isOdd(fn) || fn === sn) {
      r = nodeHash(p, r, sha256)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      r = nodeHash(r, p, sha256)
    }
    fn = half(fn)
    sn = half(sn)
  }
  // 5.
  return sn === 0 && equalBytes(r, root) ? good(true) : bad('proof-wrong')
}

/** MERKLE-8, RFC 9162 §2.1.4.2; the numbers are its steps. From the empty tree nothing is proved: `proof-wrong`. */
export function verifyConsistency(
  first: TreeHead,
  second: TreeHead,
  proof: Proof,
  sha256: Sha256 = hash,
): Result<true, LogReason> {
  if (!isSize(first.size) || !isSize(second.size)) return bad('proof-wrong')
  if (first.size < 1 || first.size > second.size) return bad('proof-wrong')
  if (first.size === second.size) {
    return proof.length === 0 && equalBytes(first.root, second.root) ? good(true) : bad('proof-wrong')
  }
  if (!areHashes([first.root, ...proof])) return bad('proof-wrong')
  // 1. and 2.
  const [start, ...rest] = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof
  if (start === undefined) return bad('proof-wrong')
  // 3. and 4.
  let fn = first.size - 1
  let sn = second.size - 1
  while (isOdd(fn)) {
    fn = half(fn)
    sn = half(sn)
  }
  // 5.
  let fr = start
  let sr = start
  // 6.
  for (const c of rest) {
    if (sn === 0) return bad('proof-wrong')
    if (isOdd(fn) || fn === sn) {
      fr = nodeHash(c, fr, sha256)
      sr = nodeHash(c, sr, sha256)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      sr = nodeHash(sr, c, sha256)
    }
    fn = half(fn)
    sn = half(sn)
  }
  // 7.
  const holds = sn === 0 && equalBytes(fr, first.root) && equalBytes(sr, second.root)
  return holds ? good(true) : bad('proof-wrong')
}

function areHashes(hashes: Proof): boolean {
  return hashes.every((one) => one.length === HASH_BYTES)
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isOdd(value: number): boolean {
  return value % 2 === 1
}

function half(value: number): number {
  return Math.floor(value / 2)
}
