import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Peer, RoomSession } from '../../node/view.ts'
import {
  codeOf,
  type Device,
  found,
  join,
  joinListed,
  microphone,
  newDevice,
  until,
} from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

/** Alice opens rooms in which Bob and Carol are; what moderators do there is true for everybody. */

let relay: RelayProcess
let alice: Peer
let bob: Peer
let carol: Peer
let carolsDevice: Device
let hers: RoomSession
let his: RoomSession
let carols: RoomSession
let rooms = 0

beforeAll(async () => {
  relay = await startRelayProcess()
  alice = await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice')
  bob = await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Bob')
  carolsDevice = await newDevice()
  carol = await join(carolsDevice.open(relay.origin), (await alice.invite()).link, 'Carol')
})

afterAll(async () => {
  for (const peer of [alice, bob, carol]) await peer?.stop()
  await relay?.close()
})

beforeEach(async () => {
  const title = `Room ${++rooms}`
  hers = await alice.openRoom({ title, topics: [], language: 'en' })
  ;[his, carols] = [await joinListed(bob, title), await joinListed(carol, title)]
  // With their names: a newcomer gives theirs a moment after they are in the ledger.
  for (const session of [hers, his, carols])
    await until(
      session.view,
      ({ people }) => people.length === 3 && people.every(({ name }) => name !== undefined),
    )
})

// It leaves the list: of one host no more than four are shown at a time.
afterEach(async () => {
  if (hers.view.value.powers.includes('end')) await hers.end()
})

const person = (session: RoomSession, peer: Peer) =>
  session.view.value.people.find(({ member }) => member === peer.me.id)

/** Offers a level, and has it taken. */
async function raise(session: RoomSession, peer: Peer, level: 60 | 80 | 90): Promise<void> {
  await hers.offerLevel(peer.me.id, level)
  await until(session.view, ({ offer }) => offer?.level === level)
  await session.acceptOffer()
  await until(hers.view, () => person(hers, peer)?.level === level)
}

test('who is removed is gone from the picture of everybody, is told why, and cannot raise a hand', async () => {
  await raise(his, bob, 60)
  expect(person(his, carol)?.deeds).toEqual(['offer', 'remove'])
  expect(person(his, alice)?.deeds).toEqual([])
  await his.removeMember(carol.me.id, 'abuse', 'Twice told.')
  await until(carols.view, ({ status }) => status === 'out')
  expect(carols.view.value.out).toMatchObject({ by: 'remove', why: 'abuse', note: 'Twice told.' })
  await expect(carols.raiseHand(true)).rejects.toMatchObject({ code: 'not-allowed' })
  await until(hers.view, ({ people }) => people.length === 2)
  expect(hers.view.value.record).toMatchObject([
    {
      what: 'remove',
      by: bob.me.id,
      byName: 'Bob',
      to: carol.me.id,
      toName: 'Carol',
      why: 'abuse',
      mayUndo: false,
    },
  ])
  // Another tab makes no other person of her.
  await carols.leave()
  const again = await carol.joinRoom(hers.view.value.id)
  await until(again.view, ({ status }) => status === 'out')
})

test('a ban is taken off the stage, holds for every peer, and is lifted by who may', async () => {
  await hers.offerStage(carol.me.id)
  await until(carols.view, ({ offer }) => offer?.level === 20)
  await carols.acceptStage(microphone())
  await until(hers.view, () => person(hers, carol)?.onStage === true)
  await hers.banMember(carol.me.id, 'spam')
  await until(carols.view, ({ status, me }) => status === 'out' && !me.onStage)
  await until(his.view, ({ people, record }) => people.length === 2 && record.length === 1)
  expect(his.view.value.record[0]?.mayUndo).toBe(false)
  expect(hers.view.value.record[0]?.mayUndo).toBe(true)
  await hers.unbanMember(carol.me.id)
  await until(carols.view, ({ status }) => status === 'open')
  await until(hers.view, ({ people }) => people.length === 3)
  expect(hers.view.value.record.map(({ what, mayUndo }) => [what, mayUndo])).toEqual([
    ['unban', false],
    ['ban', false],
  ])
})

test('whoever a moderator muted stays muted: at every key, with another microphone, after leaving, and in another tab', async () => {
  const first = microphone()
  await hers.offerStage(carol.me.id)
  await until(carols.view, ({ offer }) => offer !== undefined)
  await carols.acceptStage(first)
  await carols.setMuted(false)
  await until(hers.view, () => person(hers, carol)?.muted === false)
  await hers.muteMember(carol.me.id)
  await until(carols.view, ({ me }) => me.mutedByModerator && me.muted)
  expect(first.getAudioTracks()[0]?.enabled).toBe(false)

  const triesEverything = async (session: RoomSession) => {
    const other = microphone()
    await session.setMicrophone(other)
    await expect(session.setMuted(false)).rejects.toMatchObject({ code: 'not-allowed' })
    session.setSpeaking(true)
    await expect(session.unmuteMember(carol.me.id)).rejects.toMatchObject({ code: 'not-allowed' })
    expect(session.view.value.me).toMatchObject({ muted: true, mutedByModerator: true, speaking: false })
    expect(other.getAudioTracks()[0]?.enabled).toBe(false)
  }
  await triesEverything(carols)
  await carols.leave()
  await until(hers.view, ({ people }) => people.length === 2)
  const again = await carol.joinRoom(hers.view.value.id)
  await until(again.view, ({ me }) => me.onStage && me.mutedByModerator)
  await triesEverything(again)
  // Her tab is closed, and another one opens with keys of its own.
  await carol.stop()
  carol = (await carolsDevice.open(relay.origin).resume()) as Peer
  const inAnotherTab = await carol.joinRoom(hers.view.value.id)
  await until(inAnotherTab.view, ({ me }) => me.onStage && me.mutedByModerator)
  await triesEverything(inAnotherTab)
  await until(hers.view, ({ people }) => people.length === 3)
  expect(person(hers, carol)).toMatchObject({ muted: true, mutedByModerator: true, speaking: false })

  await hers.unmuteMember(carol.me.id)
  await until(inAnotherTab.view, ({ me }) => !me.mutedByModerator)
  // Lifted, and still muted: the person opens their microphone themselves.
  expect(inAnotherTab.view.value.me.muted).toBe(true)
  await inAnotherTab.setMuted(false)
  await until(hers.view, () => person(hers, carol)?.muted === false)
})

test('whom somebody blocks is neither heard nor seen by them, in the room and in the list, and is not told', async () => {
  await hers.offerStage(carol.me.id)
  await until(carols.view, ({ offer }) => offer !== undefined)
  await carols.acceptStage(microphone())
  await carols.setMuted(false)
  await until(his.view, () => person(his, carol)?.link === 'connected')
  await until(his.voices, (voices) => voices.some(({ member }) => member === carol.me.id))
  const asCarolSees = () => ({ ...person(carols, bob), reaction: undefined })
  await until(carols.view, () => person(carols, bob)?.link === 'connected')
  const before = asCarolSees()

  await bob.setBlocked(carol.me.id, true)
  expect(person(his, carol)).toBeUndefined()
  expect(his.view.value.hidden).toEqual([{ member: carol.me.id, name: 'Carol' }])
  expect(his.voices.value.filter(({ member }) => member === carol.me.id)).toEqual([])
  const title = hers.view.value.title
  const listed = await until(bob.rooms, (rooms) => rooms.some((room) => room.title === title))
  expect(listed.flatMap(({ here }) => here).map(({ member }) => member)).not.toContain(carol.me.id)

  // A change that comes afterwards shows that nothing else came to her or to the others with it.
  await his.react('agree')
  await until(carols.view, () => person(carols, bob)?.reaction === 'agree')
  expect(asCarolSees()).toEqual(before)
  expect(carols.view.value.hidden).toEqual([])
  expect(hers.view.value.people).toHaveLength(3)

  await bob.setBlocked(carol.me.id, false)
  expect(person(his, carol)?.onStage).toBe(true)
  await until(his.voices, (voices) => voices.some(({ member }) => member === carol.me.id))
})

test('a reaction is seen by everybody, and fades', async () => {
  await carols.react('clap')
  await carols.react('laugh')
  expect(carols.view.value.me.reaction).toBe('clap')
  await Promise.all(
    [hers, his].map((session) => until(session.view, () => person(session, carol)?.reaction === 'clap')),
  )
  await Promise.all(
    [hers, his, carols].map((session) =>
      until(session.view, () => person(session, carol)?.reaction === undefined),
    ),
  )
})

test('a room changes its title, its link and its door, and nobody without authority does that', async () => {
  await expect(his.changeRoom({ title: 'Mine' })).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(hers.changeRoom({ link: 'http://example.org' })).rejects.toMatchObject({
    code: 'link-invalid',
  })
  await hers.changeRoom({ title: '  Another   title ', link: 'https://example.org/', hands: 'nobody' })
  await until(his.view, ({ title }) => title === 'Another title')
  expect(his.view.value).toMatchObject({ link: 'https://example.org/', hands: 'nobody' })
  await expect(his.raiseHand(true)).rejects.toMatchObject({ code: 'not-allowed' })

  await carols.leave()
  await until(hers.view, ({ people }) => people.length === 2)
  await hers.setLocked(true)
  await until(his.view, ({ locked }) => locked)
  const late = await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Dave')
  try {
    const daves = await late.joinRoom(hers.view.value.id)
    await until(daves.view, ({ status }) => status === 'out')
    expect(daves.view.value.out?.by).toBe('lock')
    expect(hers.view.value.people.map(({ member }) => member)).not.toContain(late.me.id)
    await hers.setLocked(false)
    await until(daves.view, ({ status }) => status === 'open')
    await until(hers.view, ({ people }) => people.length === 3)
  } finally {
    await late.stop()
  }
})

test('a room that was handed over is another’s, and goes on under the most senior when they leave', async () => {
  await raise(carols, carol, 60)
  await raise(his, bob, 90)
  await until(hers.view, ({ me }) => me.level === 0)
  expect(hers.view.value.powers).toEqual([])
  expect(his.view.value.powers).toEqual(['lock', 'set', 'end'])
  await until(carols.view, ({ leader }) => leader === bob.me.id)
  await his.leave()
  await until(hers.view, ({ leader }) => leader === carol.me.id)
})

test('LEAK-1: somebody whose link another used says so from a terminal as from the app', async () => {
  const { link } = await alice.invite()
  const dave = await join((await newDevice()).open(relay.origin), link, 'Dan')
  await dave.stop()
  const door = (await newDevice()).open(relay.origin)
  await expect(door.readInvitation(codeOf(link))).rejects.toMatchObject({ code: 'invitation-used' })
  await door.reportLeak()
  await until(alice.slots, (slots) => slots.some((slot) => slot.state === 'used' && slot.leaked))
})
