import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  EMPTY_TREE,
  LEAF_BYTES,
  placeIn,
  rootFrom,
  rootOf,
  treeRoot,
  treeSize,
  withLeaf,
} from '../../../protocol/state/tree.ts'

const sha256 = (...parts: readonly Uint8Array[]) => {
  const whole = createHash('sha256')
  for (const part of parts) whole.update(part)
  return Uint8Array.from(whole.digest())
}
const value = sha256(Buffer.from('value'))
/** A key of 32 bytes: these, and zeros. */
const key = (...first: number[]) => Uint8Array.of(...first, ...new Uint8Array(32 - first.length))
const leaf = (of: Uint8Array) => sha256(Uint8Array.of(0), of, value)
const node = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right)
const ZERO = new Uint8Array(32)
const treeOf = (...keys: readonly Uint8Array[]) =>
  keys.reduce((tree, one) => withLeaf(tree, one, value), EMPTY_TREE)

describe('the tree of a state', () => {
  it('STATE-3 is 32 zero bytes without leaves, and the leaf itself with one', () => {
    expect(treeRoot(EMPTY_TREE)).toEqual(ZERO)
    expect(rootOf(new Uint8Array(0))).toEqual(ZERO)
    expect(treeRoot(treeOf(key(0xa5)))).toEqual(leaf(key(0xa5)))
  })

  it('STATE-3 parts leaves by the first bit in which they differ, the highest first, with nothing beside them before it', () => {
    expect(treeRoot(treeOf(key(0x80), key(0)))).toEqual(node(leaf(key(0)), leaf(key(0x80))))
    const last = Uint8Array.of(...new Uint8Array(31), 1)
    let root = node(leaf(key(0)), leaf(last))
    for (let depth = 254; depth >= 0; depth--) root = node(root, ZERO)
    expect(treeRoot(treeOf(key(0), last))).toEqual(root)
    expect(rootOf(Uint8Array.of(...last, ...value, ...key(0), ...value))).toEqual(root)
  })

  it('STATE-3 forgets a leaf that was taken out, and how the others came', () => {
    const many = Array.from({ length: 100 }, (_, i) => sha256(Uint8Array.of(i)))
    const whole = treeOf(...many)
    const rest = many.slice(0, 3)
    const less = many.slice(3).reduce((tree, one) => withLeaf(tree, one, undefined), whole)
    expect(treeRoot(less)).toEqual(treeRoot(treeOf(...rest.toReversed())))
    expect(treeSize(less)).toBe(3)
    expect(treeRoot(rest.reduce((tree, one) => withLeaf(tree, one, undefined), less))).toEqual(ZERO)
    expect(treeSize(whole)).toBe(100)
  })

  it('is the same tree when nothing changes', () => {
    const tree = treeOf(key(1), key(2))
    expect(withLeaf(tree, key(1), value)).toBe(tree)
    expect(withLeaf(tree, key(3), undefined)).toBe(tree)
  })

  it('hashes only what a change reaches', () => {
    const many = treeOf(...Array.from({ length: 5_000 }, (_, i) => sha256(Uint8Array.of(i, i >> 8))))
    treeRoot(many)
    let hashes = 0
    const counted = (bytes: Uint8Array) => {
      hashes += 1
      return sha256(bytes)
    }
    const changed = withLeaf(many, key(7), value)
    treeRoot(changed, counted)
    expect(hashes).toBeGreaterThan(8)
    expect(hashes).toBeLessThan(100)
    hashes = 0
    treeRoot(changed, counted)
    treeRoot(many, counted)
    expect(hashes).toBe(0)
  })

  it('STATE-5 shows the leaf of another key only in a place that both would have', () => {
    const tree = treeOf(key(0), key(0x80), key(0xc0))
    const place = placeIn(tree, key(0xff))
    expect(place).toEqual({
      path: [leaf(key(0x80)), leaf(key(0))],
      leaf: { key: key(0xc0), value },
    })
    expect(rootFrom(key(0xff), place)).toEqual(treeRoot(tree))
    expect(rootFrom(key(0xbf), place)).toBeUndefined()
  })

  it('throws at our own mistakes', () => {
    expect(() => withLeaf(EMPTY_TREE, new Uint8Array(31), value)).toThrow(RangeError)
    expect(() => withLeaf(EMPTY_TREE, key(1), new Uint8Array(33))).toThrow(RangeError)
    expect(() => rootOf(new Uint8Array(LEAF_BYTES + 1))).toThrow(RangeError)
    expect(() => rootOf(Uint8Array.of(...key(1), ...value, ...key(1), ...value))).toThrow('one key')
  })
})
