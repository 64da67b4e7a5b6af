import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes } from '../../protocol/bytes.ts'
import { hash } from '../../protocol/hash.ts'
import {
  EMPTY_TREE,
  placeIn,
  rootFrom,
  rootOf,
  type SparseTree,
  type TreeLeaf,
  treeRoot,
  treeSize,
  withLeaf,
} from '../../protocol/state/tree.ts'
import { hex } from '../vectors/format.ts'
import { runs } from './seeded.ts'

/** Keys that go together for long: most bits are those of one key, and only a few are drawn. */
const key = fc.array(fc.nat(255), { maxLength: 12 }).map((flips) => {
  const out = new Uint8Array(32)
  for (const bit of flips) out[bit >> 3] = (out[bit >> 3] as number) ^ (0x80 >> (bit & 7))
  return out
})
const near = fc.oneof(
  key,
  fc.uint8Array({ minLength: 1, maxLength: 1 }).map((low) => Uint8Array.of(...new Uint8Array(31), ...low)),
  fc.uint8Array({ minLength: 1, maxLength: 1 }).map((high) => Uint8Array.of(...high, ...new Uint8Array(31))),
)
const leaf = fc.record({ key: near, value: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
const leaves = fc.uniqueArray(leaf, { maxLength: 120, size: 'max', selector: (one) => hex(one.key) })
const changes = fc.array(
  fc.record({
    key: near,
    value: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
  }),
  { maxLength: 200, size: 'max' },
)

const bit = (bytes: Uint8Array, depth: number) => ((bytes[depth >> 3] as number) >> (7 - (depth % 8))) & 1

/** STATE-2 and STATE-3, word by word. */
function rootByTheRule(all: readonly TreeLeaf[], depth = 0): Uint8Array {
  if (all.length === 0) return new Uint8Array(32)
  const [first] = all
  if (all.length === 1 && first !== undefined) return hash(Uint8Array.of(0), first.key, first.value)
  const left = all.filter((one) => bit(one.key, depth) === 0)
  const right = all.filter((one) => bit(one.key, depth) === 1)
  return hash(Uint8Array.of(1), rootByTheRule(left, depth + 1), rootByTheRule(right, depth + 1))
}

const treeOf = (all: readonly TreeLeaf[]) =>
  all.reduce<SparseTree>((tree, one) => withLeaf(tree, one.key, one.value), EMPTY_TREE)
const bytesOf = (all: readonly TreeLeaf[]) =>
  Uint8Array.from(all.flatMap((one) => [...one.key, ...one.value]))

describe('the tree of a state', () => {
  it('STATE-3 has the root that the rule says, in bulk, leaf by leaf, and in any order', () => {
    fc.assert(
      fc.property(leaves, fc.infiniteStream(fc.nat()), (all, salt) => {
        const shuffled = all
          .map((one) => ({ one, place: salt.next().value as number }))
          .sort((a, b) => a.place - b.place)
          .map(({ one }) => one)
        const root = hex(rootByTheRule(all))
        const bytes = bytesOf(shuffled)
        expect(hex(rootOf(bytes))).toBe(root)
        expect(bytes).toEqual(bytesOf(shuffled))
        expect(hex(treeRoot(treeOf(all)))).toBe(root)
        expect(hex(treeRoot(treeOf(shuffled)))).toBe(root)
        expect(treeSize(treeOf(all))).toBe(all.length)
      }),
      runs(150),
    )
  })

  it('STATE-3 follows every change, and no earlier tree does', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const plain = new Map<string, TreeLeaf>()
        const versions: { tree: SparseTree; root: string; size: number }[] = []
        let tree = EMPTY_TREE
        for (const [i, one] of all.entries()) {
          tree = withLeaf(tree, one.key, one.value)
          if (one.value === undefined) plain.delete(hex(one.key))
          else plain.set(hex(one.key), { key: one.key, value: one.value })
          if (i % 10 !== 0) continue
          const root = hex(rootByTheRule([...plain.values()]))
          versions.push({ tree, root, size: plain.size })
          expect(hex(treeRoot(tree))).toBe(root)
        }
        for (const { tree: before, root, size } of versions) {
          expect(treeSize(before)).toBe(size)
          expect(hex(treeRoot(before))).toBe(root)
          // Without what it remembers it comes to the same.
          expect(hex(treeRoot(structuredClone(before)))).toBe(root)
        }
      }),
      runs(60),
    )
  })

  it('STATE-5 shows for every key what is there, or that nothing is, and for no other tree', () => {
    fc.assert(
      fc.property(leaves, near, leaf, (all, asked, other) => {
        const tree = treeOf(all)
        for (const wanted of [asked, ...all.slice(0, 10).map((one) => one.key)]) {
          const place = placeIn(tree, wanted)
          expect(hex(rootFrom(wanted, place) ?? new Uint8Array())).toBe(hex(treeRoot(tree)))
          const known = all.find((one) => compareBytes(one.key, wanted) === 0)
          const there = place.leaf !== undefined && compareBytes(place.leaf.key, wanted) === 0
          expect(there ? place.leaf : undefined).toEqual(known)
          const changed = withLeaf(tree, other.key, other.value)
          if (changed === tree) continue
          expect(hex(rootFrom(wanted, place) ?? new Uint8Array())).not.toBe(hex(treeRoot(changed)))
        }
      }),
      runs(100),
    )
  })

  it('STATE-5 is shown by no place with one bit changed', () => {
    fc.assert(
      fc.property(leaves, near, fc.nat(), fc.nat(7), (all, asked, byte, flip) => {
        const tree = treeOf(all)
        const place = placeIn(tree, asked)
        const parts = [...place.path, ...(place.leaf ? [place.leaf.key, place.leaf.value] : [])]
        if (parts.length === 0) return
        const copies = parts.map((part) => part.slice())
        const part = copies[Math.floor(byte / 32) % copies.length] as Uint8Array
        part[byte % 32] = (part[byte % 32] as number) ^ (1 << flip)
        const [key, value] = copies.slice(place.path.length)
        const leaf = key && value ? { key, value } : undefined
        const root = rootFrom(asked, { path: copies.slice(0, place.path.length), leaf })
        expect(root && hex(root)).not.toBe(hex(treeRoot(tree)))
      }),
      runs(300),
    )
  })
})
