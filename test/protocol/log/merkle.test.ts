import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendLeaf, EMPTY_FRONTIER, frontierOf, frontierRoot } from '../../../protocol/log/frontier.ts'
import { emptyRoot, leafHash, nodeHash, rangeNodes } from '../../../protocol/log/merkle.ts'
import {
  consistencyProof,
  consistencyRanges,
  inclusionProof,
  inclusionRanges,
  verifyConsistency,
  verifyInclusion,
} from '../../../protocol/log/proof.ts'
import { bruteReader, bruteRoot, entriesOf } from '../../support/tree.ts'
import { hex } from '../../vectors/format.ts'

/** MERKLE: the tree of RFC 9162 §2.1. */

interface PublicVectors {
  readonly inclusion: readonly {
    readonly name: string
    readonly leafIdx: string
    readonly treeSize: string
    readonly root: string
    readonly leafHash: string
    readonly proof: readonly string[] | null
    readonly wantErr: boolean
  }[]
  readonly consistency: readonly {
    readonly name: string
    readonly size1: string
    readonly size2: string
    readonly root1: string
    readonly root2: string
    readonly proof: readonly string[] | null
    readonly wantErr: boolean
  }[]
}

const file = join(import.meta.dirname, '../../vectors/public/rfc9162-proofs.json')
const vectors = JSON.parse(readFileSync(file, 'utf8')) as PublicVectors
const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))

const SIZES = 40
const entries = entriesOf(SIZES)
const read = bruteReader(entries)
const roots = Array.from({ length: SIZES + 1 }, (_, size) => bruteRoot(entries.slice(0, size)))
const head = (size: number) => ({ size, root: roots[size] as Uint8Array })
const leaf = (index: number) => leafHash(entries[index] as Uint8Array)

describe('hashes', () => {
  it('MERKLE-1 of no leaves, one leaf and two', () => {
    expect(hex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    // The leaf of no bytes, as in the test data of RFC 6962.
    const nothing = leafHash(new Uint8Array(0))
    expect(hex(nothing)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
    const zero = leafHash(Uint8Array.of(0))
    expect(hex(zero)).toBe('96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7')
    expect(hex(nodeHash(nothing, zero))).toBe(
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    )
  })

  it('MERKLE-3 a range is made of full subtrees, largest first', () => {
    expect(rangeNodes({ start: 0, end: 0 })).toEqual([])
    expect(rangeNodes({ start: 0, end: 7 })).toEqual([
      { level: 2, index: 0 },
      { level: 1, index: 2 },
      { level: 0, index: 6 },
    ])
    expect(rangeNodes({ start: 2 ** 52, end: 2 ** 53 - 1 })[0]).toEqual({ level: 51, index: 2 })
  })
})

describe('the public vectors', () => {
  it.each(vectors.inclusion)('MERKLE-7 $name', ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
    const verdict = verifyInclusion(
      bytes(leafHash),
      Number(leafIdx),
      { size: Number(treeSize), root: bytes(root) },
      (proof ?? []).map(bytes),
    )
    expect(verdict).toEqual(wantErr ? { ok: false, reason: 'proof-wrong' } : { ok: true, value: true })
  })

  it.each(vectors.consistency)('MERKLE-8 $name', ({ size1, size2, root1, root2, proof, wantErr }) => {
    const verdict = verifyConsistency(
      { size: Number(size1), root: bytes(root1) },
      { size: Number(size2), root: bytes(root2) },
      (proof ?? []).map(bytes),
    )
    expect(verdict).toEqual(wantErr ? { ok: false, reason: 'proof-wrong' } : { ok: true, value: true })
  })
})

describe('the frontier', () => {
  it('MERKLE-4 comes to the root of every size, and is what stored hashes give', () => {
    let frontier = EMPTY_FRONTIER
    expect(frontierRoot(frontier)).toEqual(roots[0])
    for (let size = 1; size <= SIZES; size++) {
      Object.freeze(frontier.hashes)
      frontier = appendLeaf(frontier, leaf(size - 1))
      expect(frontierRoot(frontier)).toEqual(roots[size])
      expect(frontierOf(size, read)).toEqual(frontier)
    }
  })

  it('MERKLE-4 hashes with what it is given', () => {
    const seen: number[] = []
    const sha256 = (input: Uint8Array) => {
      seen.push(input.length)
      return new Uint8Array(32).fill(seen.length)
    }
    const two = appendLeaf(appendLeaf(EMPTY_FRONTIER, leaf(0), sha256), leaf(1), sha256)
    expect(frontierRoot(two, sha256)).toEqual(new Uint8Array(32).fill(1))
    expect(seen).toEqual([65])
  })
})

describe('proofs', () => {
  it('MERKLE-5 every leaf of every size is proved, and at no other place', () => {
    for (let size = 1; size <= SIZES; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size, read)
        expect(verifyInclusion(leaf(index), index, head(size), proof).ok).toBe(true)
        const elsewhere = (index + 1) % size
        expect(verifyInclusion(leaf(index), elsewhere, head(size), proof).ok).toBe(size === 1)
        expect(verifyInclusion(leaf(index), index, head(size), [...proof, leaf(0)]).ok).toBe(false)
        if (size > 1) expect(verifyInclusion(leaf(index), index, head(size), proof.slice(1)).ok).toBe(false)
      }
    }
  })

  it('MERKLE-6 every size is proved from every smaller one, and from no other root', () => {
    for (let to = 1; to <= SIZES; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = consistencyProof(from, to, read)
        expect(verifyConsistency(head(from), head(to), proof).ok).toBe(true)
        expect(verifyConsistency({ size: from, root: leaf(SIZES - 1) }, head(to), proof).ok).toBe(false)
        expect(verifyConsistency(head(from), { size: to, root: leaf(SIZES - 1) }, proof).ok).toBe(false)
        expect(verifyConsistency(head(from), head(to), [...proof, leaf(0)]).ok).toBe(false)
      }
    }
  })

  it('MERKLE-8 nothing is proved from the empty tree, or backwards', () => {
    expect(verifyConsistency(head(0), head(0), [])).toEqual({ ok: false, reason: 'proof-wrong' })
    expect(verifyConsistency(head(0), head(3), [])).toEqual({ ok: false, reason: 'proof-wrong' })
    expect(verifyConsistency(head(3), head(2), [])).toEqual({ ok: false, reason: 'proof-wrong' })
  })

  it('MERKLE-7 and 8 refuse sizes that are no numbers of leaves', () => {
    for (const size of [2 ** 53, 1.5, -1, Number.NaN]) {
      expect(verifyInclusion(leaf(0), 0, { size, root: leaf(0) }, []).ok).toBe(false)
      expect(verifyInclusion(leaf(0), size, head(1), []).ok).toBe(false)
      expect(verifyConsistency({ size, root: leaf(0) }, { size, root: leaf(0) }, []).ok).toBe(false)
    }
  })

  it('reach the largest tree', () => {
    const size = 2 ** 53 - 1
    expect(inclusionRanges(size - 1, size)).toHaveLength(52)
    expect(inclusionRanges(0, size)).toHaveLength(53)
    expect(consistencyRanges(size - 1, size).length).toBeLessThanOrEqual(63)
  })

  it('throw at a caller who asks for what cannot be', () => {
    expect(() => inclusionProof(3, 3, read)).toThrow(RangeError)
    expect(() => consistencyProof(0, 3, read)).toThrow(RangeError)
    expect(() => consistencyProof(4, 3, read)).toThrow(RangeError)
  })
})
