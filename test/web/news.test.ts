import { describe, expect, it } from 'vitest'
import type { RoomView } from '../../node/view.ts'
import { messages } from '../../web/messages/en.ts'
import { newsOf } from '../../web/state/news.ts'
import { shownName } from '../../web/state/people.ts'
import { FakeVillage, GARDENS, VILLAGERS } from '../support/fake-door.ts'

/** A room as it is seen before and after something is done in it. */
async function seen(
  as: 'listener' | 'host',
  act: (village: FakeVillage) => unknown,
): Promise<readonly string[]> {
  const village = new FakeVillage()
  const peer = await village.resume()
  if (as === 'host') await peer?.openRoom({ title: 'Mine', topics: [], language: 'fr' })
  else await peer?.joinRoom(GARDENS)
  const { room } = village
  if (room === undefined) throw new Error('the village has no room')
  if (as === 'host') room.enter(VILLAGERS.LEA)
  const before: RoomView = room.view.value
  await act(village)
  return newsOf(before, room.view.value, messages, (person) =>
    shownName(person.name, person.member, 'Somebody'),
  )
}

const LEA = VILLAGERS.LEA.id
const me = (village: FakeVillage) => village.room?.view.value.me.member ?? LEA

describe('what is said aloud', () => {
  it('to a moderator: a raised hand', async () => {
    expect(await seen('host', ({ room }) => room?.hand(LEA, true))).toEqual(['Léa Fontaine raises a hand'])
  })

  it('to a listener: nothing of the hands of others', async () => {
    expect(await seen('listener', ({ room }) => room?.hand(LEA, true))).toEqual([])
  })

  it('to me: an offer of the stage', async () => {
    expect(await seen('listener', (village) => village.room?.change(me(village), { offered: true }))).toEqual(
      ['You are invited on stage'],
    )
  })

  it('to me: that I am on stage, muted', async () => {
    expect(await seen('listener', (village) => village.room?.answer(me(village), true))).toEqual([
      'You are on stage, muted',
    ])
  })

  it('to me: that a moderator muted me', async () => {
    expect(
      await seen('listener', (village) => village.room?.change(me(village), { mutedByModerator: true })),
    ).toEqual(['A moderator muted you'])
  })

  it('to everybody: who comes on stage and who leaves it', async () => {
    expect(await seen('listener', ({ room }) => room?.answer(LEA, true))).toEqual([
      'Léa Fontaine is on stage',
    ])
    expect(await seen('listener', ({ room }) => room?.change(VILLAGERS.KOFI.id, { onStage: false }))).toEqual(
      ['Kofi left the stage'],
    )
  })

  it('to everybody: nothing of who comes back to the place that was kept for them', async () => {
    const village = new FakeVillage()
    await (await village.resume())?.joinRoom(GARDENS)
    village.room?.lose(VILLAGERS.KOFI.id)
    const before = village.room?.view.value as RoomView
    village.room?.regain(VILLAGERS.KOFI)
    const after = village.room?.view.value as RoomView
    expect(after.people.map(({ member }) => member)).toContain(VILLAGERS.KOFI.id)
    expect(newsOf(before, after, messages, () => 'Kofi')).toEqual([])
    expect(newsOf({ ...before, away: [] }, after, messages, () => 'Kofi')).toEqual(['Kofi is on stage'])
  })

  it('to everybody: that the relay is away, and that it is back', async () => {
    expect(await seen('listener', ({ room }) => room?.relay('reconnecting'))).toEqual([
      messages.said.relayAway,
    ])
    const village = new FakeVillage()
    village.relay.set('reconnecting')
    await (await village.resume())?.joinRoom(GARDENS)
    const before = village.room?.view.value as RoomView
    village.room?.relay('connected')
    expect(newsOf(before, village.room?.view.value as RoomView, messages, () => '')).toEqual([
      'The relay is back',
    ])
  })

  it('to everybody: the end, and nothing beside it', async () => {
    expect(await seen('listener', ({ room }) => room?.over())).toEqual(['The room has ended'])
  })

  it('to nobody: who speaks, who comes in, who goes', async () => {
    expect(await seen('host', ({ room }) => room?.speak(LEA, true))).toEqual([])
    expect(await seen('host', ({ room }) => room?.enter(VILLAGERS.NADIA))).toEqual([])
    expect(await seen('host', ({ room }) => room?.exit(LEA))).toEqual([])
  })
})
