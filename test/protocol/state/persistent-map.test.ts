import { describe, expect, it } from 'vitest'
import { type MapDraft, persistentMap } from '../../../protocol/state/persistent-map.ts'

const MANY = 20_000
const many = persistentMap<string, number>(
  Array.from({ length: MANY }, (_, i) => [`member/${i}`, i] as const),
)

describe('a persistent map', () => {
  it('holds what it was made of, the later of two for one key', () => {
    const map = persistentMap<string, number>([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ])
    expect(map.size).toBe(2)
    expect(map.get('a')).toBe(3)
    expect(map.get('c')).toBeUndefined()
    const seen: unknown[] = []
    map.forEach(function (this: unknown, value, key, whole) {
      seen.push([this, key, value, whole === map])
    }, 'this')
    expect(seen).toEqual([
      ['this', 'a', 3, true],
      ['this', 'b', 2, true],
    ])
  })

  it('knows a key whose value is undefined', () => {
    const map = persistentMap<string, undefined>([['a', undefined]])
    expect(map.has('a')).toBe(true)
    expect(map.has('b')).toBe(false)
    expect([...map]).toEqual([['a', undefined]])
  })

  it('keeps what was handed out when the draft goes on', () => {
    const draft = many.draft()
    draft.set('member/7', -7)
    draft.delete('member/8')
    const first = draft.done()
    draft.set('member/7', -8).set('new', 1)
    draft.delete('member/9')
    const second = draft.done()
    const read = (map: ReadonlyMap<string, number>) =>
      ['member/7', 'member/8', 'member/9', 'new'].map((key) => map.get(key))
    expect(read(many)).toEqual([7, 8, 9, undefined])
    expect(read(first)).toEqual([-7, undefined, 9, undefined])
    expect(read(second)).toEqual([-8, undefined, undefined, 1])
    expect([many.size, first.size, second.size]).toEqual([MANY, MANY - 1, MANY - 1])
  })

  it('is empty again when everything was taken out', () => {
    const draft = many.draft()
    for (const key of many.keys()) expect(draft.delete(key)).toBe(true)
    expect([...draft.done()]).toEqual([])
    expect(draft.done()).toEqual(persistentMap())
    expect(many.size).toBe(MANY)
  })

  it('is not written, even by a caller who gets round its type', () => {
    const map = many as unknown as MapDraft<string, number>
    expect(() => map.set('a', 1)).toThrow(TypeError)
    expect(() => map.delete('member/1')).toThrow(TypeError)
    expect(map.get('member/1')).toBe(1)
  })
})
