import fc from 'fast-check'
import { expect, it } from 'vitest'
import { appendLeaf, EMPTY_FRONTIER, frontierRoot } from '../../protocol/log/frontier.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from '../../protocol/log/proof.ts'
import { encodeNote, isKeyName, parseNote, type SignedNote } from '../../protocol/log/signed-note.ts'
import {
  changedTiles,
  parseTilePath,
  type Tile,
  tileHashes,
  tilePath,
  tileWidth,
} from '../../protocol/log/tile.ts'
import { EMPTY_EDGE, edgeFrontier, growTiles } from '../../protocol/log/tile-edge.ts'
import { encodeAddCheckpoint, parseAddCheckpoint } from '../../protocol/log/witness.ts'
import { bruteReader, bruteRoot, entriesOf } from '../support/tree.ts'
import { mutations, runs } from './seeded.ts'

/** The log: what one side writes the other reads, in one spelling, and no proof but the right one holds. */

const SIZE = 64
const entries = entriesOf(SIZE)
const read = bruteReader(entries)
const leaves = entries.map((entry) => leafHash(entry))
const head = (size: number) => ({ size, root: bruteRoot(entries.slice(0, size)) })

/** Proofs with some hashes left out, repeated, swapped or changed. */
function damaged(proof: readonly Uint8Array[]): fc.Arbitrary<readonly Uint8Array[]> {
  return fc
    .record({
      order: fc.array(fc.nat(Math.max(0, proof.length - 1)), { maxLength: proof.length + 1 }),
      stranger: fc.option(fc.record({ at: fc.nat(7), hash: fc.constantFrom(...leaves) })),
    })
    .map(({ order, stranger }) => {
      const out = proof.length === 0 ? [] : order.map((i) => proof[i] as Uint8Array)
      if (stranger !== null) out.splice(stranger.at, 1, stranger.hash)
      return out
    })
}

const same = (a: readonly Uint8Array[], b: readonly Uint8Array[]) =>
  a.length === b.length && a.every((one, i) => Buffer.compare(one, b[i] as Uint8Array) === 0)

it('MERKLE-7 no inclusion proof but the one that is made', () => {
  const cases = fc
    .record({ size: fc.integer({ min: 1, max: SIZE }), at: fc.nat(), claimed: fc.nat(SIZE) })
    .map(({ size, at, claimed }) => ({ size, index: at % size, claimed }))
    .chain((one) => fc.tuple(fc.constant(one), damaged(inclusionProof(one.index, one.size, read))))
  fc.assert(
    fc.property(cases, ([{ size, index, claimed }, proof]) => {
      const right = inclusionProof(index, size, read)
      const verdict = verifyInclusion(leaves[index] as Uint8Array, claimed, head(size), proof)
      expect(verdict.ok).toBe(claimed === index && same(proof, right))
      expect(verifyInclusion(leaves[index] as Uint8Array, index, head(size), right).ok).toBe(true)
    }),
    runs(500),
  )
})

it('MERKLE-8 no consistency proof but the one that is made', () => {
  const cases = fc
    .record({
      to: fc.integer({ min: 1, max: SIZE }),
      at: fc.nat(),
      claimed: fc.integer({ min: 1, max: SIZE }),
    })
    .map(({ to, at, claimed }) => ({ to, from: (at % to) + 1, claimed }))
    .chain((one) => fc.tuple(fc.constant(one), damaged(consistencyProof(one.from, one.to, read))))
  fc.assert(
    fc.property(cases, ([{ from, to, claimed }, proof]) => {
      const right = consistencyProof(from, to, read)
      const old = { size: claimed, root: head(from).root }
      expect(verifyConsistency(old, head(to), proof).ok).toBe(claimed === from && same(proof, right))
      expect(verifyConsistency(head(from), head(to), right).ok).toBe(true)
    }),
    runs(500),
  )
})

it('TILE-4 a tree that grows in any steps has the same tiles and the same root', () => {
  const steps = fc.array(fc.nat(700), { maxLength: 6 })
  const all = Array.from({ length: 4200 }, (_, i) => leafHash(Uint8Array.of(i >> 8, i & 255)))
  fc.assert(
    fc.property(steps, (counts) => {
      const tiles = new Map<string, readonly Uint8Array[]>()
      let edge = EMPTY_EDGE
      let frontier = EMPTY_FRONTIER
      for (const count of counts) {
        const from = edge.size
        const grown = growTiles(edge, all.slice(from, from + count))
        edge = grown.edge
        for (const leaf of all.slice(from, from + count)) frontier = appendLeaf(frontier, leaf)
        const paths = changedTiles(from, edge.size).filter(({ level }) => level !== 'entries')
        expect(grown.tiles.map(({ tile }) => tile)).toEqual(paths)
        for (const { tile, hashes } of grown.tiles) {
          expect(hashes).toHaveLength(tileWidth(tile.level, tile.index, edge.size))
          tiles.set(`${tile.level}/${tile.index}`, hashes)
        }
      }
      expect(edgeFrontier(edge)).toEqual(frontier)
      if (edge.size === 0) return
      const stored = tileHashes((level, index) => tiles.get(`${level}/${index}`) ?? [])
      const tree = { size: edge.size, root: frontierRoot(frontier) }
      const index = Math.floor(edge.size / 3)
      const proof = inclusionProof(index, edge.size, stored)
      expect(verifyInclusion(all[index] as Uint8Array, index, tree, proof).ok).toBe(true)
    }),
    runs(60),
  )
})

it('TILE-1 a path has one spelling', () => {
  const tile: fc.Arbitrary<Tile> = fc.record({
    level: fc.oneof(fc.nat(63), fc.constant('entries' as const)),
    index: fc.maxSafeNat(),
    width: fc.integer({ min: 1, max: 256 }),
  })
  fc.assert(
    fc.property(tile, fc.nat(40), fc.constantFrom('0', '1', 'x', '/', '.', 'p', ''), (one, at, character) => {
      const path = tilePath(one)
      expect(parseTilePath(path)).toEqual({ ok: true, value: one })
      const changed = path.slice(0, at) + character + path.slice(at + 1)
      const other = parseTilePath(changed)
      if (other.ok) expect(tilePath(other.value)).toBe(changed)
    }),
    runs(1000),
  )
})

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .filter((any) => any.isWellFormed() && isKeyName(any))
const line = fc.record({
  name,
  id: fc.nat(0xffffffff),
  signature: fc.uint8Array({ minLength: 1, maxLength: 90 }),
})
const note: fc.Arbitrary<SignedNote> = fc.record({
  text: fc
    .array(fc.string({ unit: fc.constantFrom('a', ' ', '\u2014', 'é', '😀', '+'), maxLength: 12 }), {
      maxLength: 6,
    })
    .map((lines) => `${lines.join('\n')}\n`),
  signatures: fc.array(line, { minLength: 1, maxLength: 6 }),
})

it('NOTE-2 what is written is read, and what is read is written with the same bytes', () => {
  fc.assert(
    fc.property(
      note.chain((one) => fc.tuple(fc.constant(one), mutations(encodeNote(one)))),
      ([one, changed]) => {
        expect(parseNote(encodeNote(one))).toEqual({ ok: true, value: one })
        const other = parseNote(changed)
        if (other.ok) expect(Buffer.compare(encodeNote(other.value), changed)).toBe(0)
      },
    ),
    runs(1000),
  )
})

it('WIT-1 a request is read, and written with the same bytes', () => {
  const request = fc.record({
    old: fc.maxSafeNat(),
    proof: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
    note,
  })
  fc.assert(
    fc.property(
      request.chain((one) => fc.tuple(fc.constant(one), mutations(encodeAddCheckpoint(one)))),
      ([one, changed]) => {
        expect(parseAddCheckpoint(encodeAddCheckpoint(one))).toEqual({ ok: true, value: one })
        const other = parseAddCheckpoint(changed)
        if (other.ok) expect(Buffer.compare(encodeAddCheckpoint(other.value), changed)).toBe(0)
      },
    ),
    runs(300),
  )
})
