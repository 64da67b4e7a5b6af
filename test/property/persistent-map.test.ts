import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PersistentMap, persistentMap } from '../../protocol/state/persistent-map.ts'
import { runs } from './seeded.ts'

/** Keys that meet: few of them, short ones beside those that they end, some that share every place, and some from other alphabets. */
const keys = fc.oneof(
  fc.nat(400).map((n) => `name/${n}`),
  fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\u0080', 'é', '😀'), maxLength: 6 }),
  fc.nat(60).map((n) => `${'\0'.repeat(n % 7)}${'\u0080'.repeat(n)}x`),
)

const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('set' as const), key: keys, value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('delete' as const), key: keys }) },
)
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never

const batches = fc.array(fc.array(change, { maxLength: 120, size: 'max' }), { maxLength: 8, size: 'max' })

const sorted = (entries: Iterable<readonly [string, number]>) =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1))

/** Everything that a reader can see of one is what the other has. */
function expectSame(map: ReadonlyMap<string, number>, plain: ReadonlyMap<string, number>): void {
  expect(map.size).toBe(plain.size)
  expect(sorted(map)).toEqual(sorted(plain))
  expect([...map.keys()]).toEqual([...map].map(([key]) => key))
  expect([...map.values()]).toEqual([...map].map(([, value]) => value))
  // One expectation for all: there are a hundred thousand of them.
  expect([...plain].filter(([key, value]) => !map.has(key) || map.get(key) !== value)).toEqual([])
}

describe('a persistent map', () => {
  it('reads like a Map that was written the same way, and no version is changed by a later one', () => {
    fc.assert(
      fc.property(batches, (all) => {
        let map = persistentMap<string, number>()
        const plain = new Map<string, number>()
        const versions: { map: PersistentMap<string, number>; plain: Map<string, number> }[] = []
        for (const batch of all) {
          const draft = map.draft()
          const unlike = batch.filter(({ verb, key, ...given }) => {
            const isThere = plain.has(key)
            if ('value' in given) {
              draft.set(key, given.value)
              plain.set(key, given.value)
            } else {
              plain.delete(key)
              if (draft.delete(key) !== isThere) return true
            }
            return draft.has(key) !== plain.has(key) || draft.get(key) !== plain.get(key)
          })
          expect(unlike).toEqual([])
          expectSame(draft, plain)
          map = draft.done()
          versions.push({ map, plain: new Map(plain) })
        }
        for (const version of versions) expectSame(version.map, version.plain)
      }),
      runs(150),
    )
  })

  it('is walked in one order, wherever drafts began and ended', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const write = (parts: readonly (readonly Change[])[]) =>
          parts.reduce((map, part) => {
            const draft = map.draft()
            for (const one of part) one.verb === 'set' ? draft.set(one.key, one.value) : draft.delete(one.key)
            return draft.done()
          }, persistentMap<string, number>())
        const changes = all.flat()
        expect([...write([changes])]).toEqual([...write(all)])
        expect([...write(changes.map((one) => [one]))]).toEqual([...write(all)])
      }),
      runs(40),
    )
  })
})
