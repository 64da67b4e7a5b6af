import { describe, expect, test } from 'vitest'
import { HEARD_LASTS, type HearingTime, hearFor } from '../../../node/room/hearing-time.ts'
import { isOpenIn, type OwedAttest, owedAttests } from '../../../node/room/stage-statements.ts'
import type { ParticipantView, RoomView } from '../../../node/view.ts'
import { ATTEST } from '../../../protocol/community/attest.ts'
import { LEAVE } from '../../../protocol/community/leave.ts'
import { ROOM_END, ROOM_OPEN } from '../../../protocol/community/stage-room.ts'
import { idOf, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import { DAY, HOUR, MINUTE } from '../../../protocol/limits.ts'
import { Book } from '../../scenario/ledger/book.ts'
import { deviceAct, rootAct } from '../../support/acts.ts'
import { bytesOf, type Person } from '../../support/community.ts'

const ROOM = idOf<RoomId>(bytesOf('an evening'))
const BOB = idOf<MemberId>(bytesOf('Bob'))
const NOW = 1_800_000_000_000

describe('ATTEST-3: the time for which Bob is heard', () => {
  const bob = { member: BOB, me: false, onStage: true }
  const view = (change: object = {}, room: Partial<RoomView> = {}) =>
    ({
      status: 'open',
      counts: true,
      people: [{ ...bob, ...change } as ParticipantView],
      ...room,
    }) as RoomView
  const heardAt = (ago: number) => new Map([[BOB, NOW - ago]])

  test('adds up, and what was known before stays as it was', () => {
    const before: HearingTime = new Map([[BOB, 40_000]])
    expect(hearFor(before, view(), heardAt(0), NOW, 25_000)).toEqual(new Map([[BOB, 65_000]]))
    expect(before).toEqual(new Map([[BOB, 40_000]]))
  })

  test('goes on through a pause, and not for who only stands there', () => {
    expect(hearFor(new Map(), view(), heardAt(HEARD_LASTS), NOW, 10)).toEqual(new Map([[BOB, 10]]))
    expect(hearFor(new Map(), view(), heardAt(HEARD_LASTS + 1), NOW, 10)).toEqual(new Map())
    expect(hearFor(new Map(), view(), new Map(), NOW, 10)).toEqual(new Map())
  })

  test.each<[string, object, Partial<RoomView>]>([
    ['he is I', { me: true }, {}],
    ['he is in the audience', { onStage: false }, {}],
    ['the stage does not count', {}, { counts: false }],
    ['the room has ended', {}, { status: 'ended' }],
    ['I was put out', {}, { status: 'out' }],
    ['nobody has answered yet', {}, { status: 'joining' }],
  ])('is none where %s', (_where, change, room) => {
    expect(hearFor(new Map(), view(change, room), heardAt(0), NOW, 10)).toEqual(new Map())
  })
})

describe('ATTEST-3: what Alice owes Bob after a room', () => {
  async function evening() {
    const book = await Book.of()
    const bob = await book.bring(book.alice, 0, 'Bob')
    const heard = (seconds: number): HearingTime => new Map([[bob.member, seconds * 1000]])
    const owed = (hearings: HearingTime, host: Person = book.alice) =>
      owedAttests(book.state, book.alice.member, ROOM, host.member, hearings, book.at)
    const open = async (host = book.alice) =>
      book.take(await deviceAct(host, ROOM_OPEN, { room: ROOM, title: bytesOf('a title') }, book.at))
    return { book, bob, heard, owed, open }
  }

  test('is nothing where the room’s stage does not count', async () => {
    const { heard, owed } = await evening()
    expect(owed(heard(HOUR))).toEqual([])
  })

  test('is nothing where another than its host entered the room into the ledger', async () => {
    const { book, bob, heard, owed, open } = await evening()
    await open(bob)
    book.later(HOUR)
    expect(owed(heard(HOUR))).toEqual([])
    expect(isOpenIn(book.state, ROOM, book.alice.member)).toBe(false)
    expect(isOpenIn(book.state, ROOM, bob.member)).toBe(true)
  })

  test('is the whole minutes that he was heard, and the ledger takes it, once', async () => {
    const { book, heard, owed, open } = await evening()
    await open()
    book.later(HOUR)
    const [attest, ...none] = owed(heard(10 * MINUTE + 59))
    expect(none).toEqual([])
    expect(attest).toMatchObject({ minutes: 10, as: 'spoke' })
    await book.take(await deviceAct(book.alice, ATTEST, attest as OwedAttest, book.at))
    expect(owed(heard(HOUR))).toEqual([])
  })

  test('says that he hosted where he opened it', async () => {
    const { book, bob, heard, owed, open } = await evening()
    await open(bob)
    book.later(HOUR)
    expect(owed(heard(HOUR), bob)).toMatchObject([{ as: 'hosted', minutes: 60 }])
  })

  test('is never more than the ledger says that the room lasted', async () => {
    const { book, heard, owed, open } = await evening()
    await open()
    book.later(5 * MINUTE)
    await book.take(await deviceAct(book.alice, ROOM_END, { room: ROOM }, book.at))
    expect(isOpenIn(book.state, ROOM, book.alice.member)).toBe(false)
    book.later(HOUR)
    const [attest] = owed(heard(HOUR))
    expect(attest).toMatchObject({ minutes: 6 })
    await book.take(await deviceAct(book.alice, ATTEST, attest as OwedAttest, book.at))
  })

  test('is a day at most', async () => {
    const { book, heard, owed, open } = await evening()
    await open()
    book.later(2 * DAY)
    expect(owed(heard(2 * DAY))).toMatchObject([{ minutes: 1440 }])
  })

  test('is nothing for less than a minute, and a day after the end', async () => {
    const { book, heard, owed, open } = await evening()
    await open()
    book.later(HOUR)
    expect(owed(heard(59))).toEqual([])
    await book.take(await deviceAct(book.alice, ROOM_END, { room: ROOM }, book.at))
    book.later(DAY)
    expect(owed(heard(HOUR))).toHaveLength(1)
    book.later(MINUTE)
    expect(owed(heard(HOUR))).toEqual([])
  })

  test('is nothing for who is no member, or was put out', async () => {
    const { book, bob, heard, owed, open } = await evening()
    await open()
    book.later(HOUR)
    expect(owed(new Map([[BOB, HOUR * 1000]]))).toEqual([])
    expect(owed(heard(HOUR))).toHaveLength(1)
    await book.take(await rootAct(bob, LEAVE, {}, book.at))
    expect(owed(heard(HOUR))).toEqual([])
  })
})
