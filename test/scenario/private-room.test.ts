/** A private room over real libp2p and a real relay: those whom it lets in find it and hear each other, and nobody else learns of it. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer, RoomSession } from '../../node/view.ts'
import { type Device, found, join, joinListed, newDevice, until } from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

const PARTY = { title: 'The surprise', topics: ['party'], language: 'en', isPrivate: true }

let relay: RelayProcess
let alices: Device
let alice: Peer
let bob: Peer
let carol: Peer
let hers: RoomSession
let his: RoomSession

const titles = (peer: Peer) => peer.rooms.value.map(({ title }) => title)

beforeAll(async () => {
  relay = await startRelayProcess()
  alices = await newDevice()
  alice = await found(alices.open(relay.origin), relay.foundingLink as string, 'Alice')
  bob = await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Bob')
  carol = await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Carol')
  hers = await alice.openRoom(PARTY)
})

afterAll(async () => {
  for (const peer of [alice, bob, carol]) await peer?.stop()
  await relay?.close()
})

test('nobody finds it before they are let in, and nobody in the list of the relay', async () => {
  expect(hers.view.value).toMatchObject({ isPrivate: true, letIn: [], counts: false })
  expect(hers.view.value.powers).toContain('admit')
  for (const peer of [bob, carol]) {
    expect(titles(peer)).toEqual([])
    await expect(peer.joinRoom(hers.view.value.id)).rejects.toMatchObject({ code: 'room-gone' })
  }
})

test('who is let in finds it, as private, and enters', async () => {
  await hers.letIn([bob.me.id])
  const [listed] = await until(bob.rooms, (rooms) => rooms.length === 1)
  expect(listed).toMatchObject({ title: 'The surprise', isPrivate: true, hostName: 'Alice', people: 1 })
  his = await joinListed(bob, 'The surprise')
  await until(hers.view, ({ people }) => people.length === 2)
  await until(his.view, ({ status, people }) => status === 'open' && people.length === 2)
  expect(his.view.value.powers).not.toContain('admit')
})

test('what is done in it is seen by those in it', async () => {
  await his.raiseHand(true)
  await until(hers.view, ({ people }) => people.some(({ hand }) => hand === 1))
  await hers.offerLevel(bob.me.id, 60)
  await until(his.view, ({ me }) => me.offered)
  await his.acceptOffer()
  await until(hers.view, ({ people }) => people.filter(({ onStage }) => onStage).length === 2)
})

test('whoever is not let in has nothing in their list, also when they open the app anew', async () => {
  expect(titles(carol)).toEqual([])
  await expect(carol.joinRoom(hers.view.value.id)).rejects.toMatchObject({ code: 'room-gone' })
})

test('who leads it after the host lets others in, and the host finds it again', async () => {
  await alice.stop()
  await until(his.view, ({ people }) => people.length === 1)
  await his.letIn([carol.me.id])
  const her = await joinListed(carol, 'The surprise')
  await until(his.view, ({ people }) => people.length === 2)
  const again = await alices.open(relay.origin).resume()
  if (!again) throw new Error('the membership is lost')
  alice = again
  hers = await joinListed(alice, 'The surprise')
  for (const { view } of [hers, his, her]) await until(view, ({ people }) => people.length === 3)
  await hers.shutOut(carol.me.id)
  await until(her.view, ({ status, out }) => status === 'out' && out?.by === 'private')
  for (const { view } of [hers, his]) await until(view, ({ people }) => people.length === 2)
  await her.leave()
})

test('an end takes it off the list of who was let in', async () => {
  await his.leave()
  await until(bob.rooms, (rooms) => rooms.length === 1)
  await hers.end()
  for (const peer of [alice, bob]) await until(peer.rooms, (rooms) => rooms.length === 0)
})
