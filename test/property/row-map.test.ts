import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Member } from '../../protocol/community/membership.ts'
import { attestName, slotName } from '../../protocol/community/membership.ts'
import { ROW_FORMS } from '../../protocol/community/rows.ts'
import { type Id, idOf, type MemberId, type RoomId, type StatementId } from '../../protocol/ids.ts'
import { type RowForm, RowMap } from '../../protocol/state/row-map.ts'
import { foundCommunity } from '../support/community.ts'
import { bareState, changedState, idFrom, keyFrom, memberFrom } from '../support/state.ts'
import { runs } from './seeded.ts'

/** Ids that want the same place, beside those that do not. */
const ids = fc
  .tuple(fc.nat(3), fc.uint8Array({ minLength: 31, maxLength: 31 }))
  .map(([first, rest]): Id => idOf(Uint8Array.of(first, ...rest.map((byte, i) => (i < 29 ? byte & 1 : 0)))))
const labels = fc.nat(9).map(String)

const numbered = (n: number): Id => idOf(new Uint8Array(new Uint32Array([n % 5, n, 0, 0, 0, 0, 0, 0]).buffer))

function expectSame<K extends string, V>(rows: RowMap<K, V>, plain: ReadonlyMap<K, V>): void {
  expect([...rows]).toStrictEqual([...plain])
  expect([[...rows.keys()], [...rows.values()]]).toStrictEqual([[...plain.keys()], [...plain.values()]])
  expect(rows.size).toBe(plain.size)
  for (const [key, value] of plain) expect([rows.has(key), rows.get(key)]).toStrictEqual([true, value])
}

/** Whether the entries are what they were, also once they have left the memory of recent ones: a copy has read them from its rows. */
function expectRows<K extends string, V>(form: RowForm<K, V>, entries: Iterable<readonly [K, V]>): void {
  const all = [...entries]
  const rows = new RowMap(form, all)
  expectSame(rows, new Map(all))
  expectSame(rows.copy(), new Map(all))
}

test('rows read like a Map that was written the same way', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, fc.nat())), fc.array(ids), (entries, others) => {
      expectRows(ROW_FORMS.statements, entries)
      const [rows, plain] = [new RowMap(ROW_FORMS.statements, entries), new Map(entries)]
      for (const id of others) expect([rows.has(id), rows.get(id)]).toEqual([plain.has(id), plain.get(id)])
    }),
    runs(200),
  )
})

test('as many as need wider tables, further blocks, and more than are recent', () => {
  const rows = new RowMap(ROW_FORMS.statements)
  for (let n = 0; n < 10_000; n++) rows.set(numbered(n), n)
  for (let n = 0; n < 10_000; n += 3) rows.set(numbered(n), 2 * n)
  for (let n = 0; n < 10_000; n++) expect(rows.get(numbered(n))).toBe(n % 3 === 0 ? 2 * n : n)
  expect([rows.size, rows.has(numbered(10_000))]).toEqual([10_000, false])
})

test('every record of a state, with whichever fields', async () => {
  const bare = bareState(await foundCommunity(keyFrom('log')))
  const kind = fc.constantFrom('member', 'root', 'device', 'invite', 'room', 'attest')
  const changes = fc.array(fc.record({ kind, label: fc.nat(25).map(String), shape: fc.nat(16_383) }), {
    maxLength: 40,
    size: 'max',
  })
  fc.assert(
    fc.property(changes, (all) => {
      const state = changedState(bare, all)
      expectRows(ROW_FORMS.members, state.members)
      expectRows(ROW_FORMS.roots, state.roots)
      expectRows(ROW_FORMS.devices, state.devices)
      expectRows(ROW_FORMS.invitations, state.invitations)
      expectRows(ROW_FORMS.rooms, state.rooms)
      expectRows(ROW_FORMS.attests, state.attests)
    }),
    runs(200),
  )
})

test('every name that is made of ids', () => {
  const slots = fc.array(fc.tuple(labels, fc.maxSafeNat()))
  const attests = fc.array(fc.tuple(labels, labels, labels))
  fc.assert(
    fc.property(slots, attests, (held, said) => {
      const statement = (i: number) => idFrom<StatementId>(`statement ${i}`)
      expectRows(
        ROW_FORMS.invitationKeys,
        held.map(([label], i) => [keyFrom(label), statement(i)]),
      )
      expectRows(
        ROW_FORMS.slots,
        held.map(([label, slot], i) => [slotName(idFrom<MemberId>(label), slot), statement(i)]),
      )
      expectRows(
        ROW_FORMS.attested,
        said.map(([room, member, of], i) => [
          attestName(idFrom<RoomId>(room), idFrom<MemberId>(member), idFrom<MemberId>(of)),
          statement(i),
        ]),
      )
    }),
    runs(200),
  )
})

test('a value that has outgrown its row, and fits again', () => {
  const rows = new RowMap(ROW_FORMS.members)
  const plain = new Map<MemberId, Member>()
  const put = (n: number, shape: number): void => {
    const member = memberFrom(`member ${n}`, shape)
    rows.set(member.id, member)
    plain.set(member.id, member)
  }
  const [CHARGED, VOUCHED] = [1 << 8, 1 << 9]
  for (let n = 0; n < 3000; n++) put(n, n % 3 === 0 ? CHARGED : 0)
  for (let n = 0; n < 3000; n += 2) put(n, n % 4 === 0 ? 0 : VOUCHED)
  expectSame(rows, plain)
})

test('a copy goes its own way, and so does what it was copied from', () => {
  const rows = new RowMap(ROW_FORMS.statements)
  for (let n = 0; n < 3000; n++) rows.set(numbered(n), n)
  const copy = rows.copy()
  const other = copy.copy()
  for (let n = 0; n < 6000; n += 3) copy.set(numbered(n), -n)
  for (let n = 0; n < 6000; n += 2) rows.set(numbered(n), 7)
  for (let n = 0; n < 6000; n++) {
    const before = n < 3000 ? n : undefined
    expect(copy.get(numbered(n))).toBe(n % 3 === 0 ? -n : before)
    expect(rows.get(numbered(n))).toBe(n % 2 === 0 ? 7 : before)
    expect(other.get(numbered(n))).toBe(before)
  }
})

test('what the caller may not', () => {
  const rows = new RowMap(ROW_FORMS.statements)
  expect(() => rows.delete()).toThrow(TypeError)
  expect(() => rows.get('no id' as Id)).toThrow(SyntaxError)
})
