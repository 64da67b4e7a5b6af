/** Between rooms: by an address, at once after leaving, one after the other. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer, RoomSession } from '../../node/view.ts'
import { type Device, found, join, joinListed, newDevice, until } from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

const EVENING = { title: 'Evening', topics: [], language: 'en' }

let relay: RelayProcess
let alice: Peer
let bobs: Device
let bob: Peer
let hers: RoomSession

beforeAll(async () => {
  relay = await startRelayProcess()
  alice = await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice')
  bobs = await newDevice()
  bob = await join(bobs.open(relay.origin), (await alice.invite()).link, 'Bob')
  hers = await alice.openRoom(EVENING)
})

afterAll(async () => {
  for (const peer of [alice, bob]) await peer?.stop()
  await relay?.close()
})

/** Waits until she sees him in her room, or not. */
function seen(here: boolean): Promise<unknown> {
  return until(hers.view, ({ people }) => people.some(({ member }) => member === bob.me.id) === here)
}

test('who opens the app with the address of a room enters it, before there was a list of rooms', async () => {
  await bob.stop()
  const again = await bobs.open(relay.origin).resume()
  if (!again) throw new Error('the membership is lost')
  bob = again
  expect(bob.rooms.value).toEqual([])
  const his = await bob.joinRoom(hers.view.value.id)
  expect(his.view.value).toMatchObject({ status: 'open', title: 'Evening' })
  await seen(true)
})

test('who leaves and comes back at once is in the room', async () => {
  const his = await bob.joinRoom(hers.view.value.id)
  const left = his.leave()
  expect(his.view.value.status).toBe('left')
  const back = await bob.joinRoom(hers.view.value.id)
  await left
  expect(back).not.toBe(his)
  expect(back.view.value.status).toBe('open')
  await seen(true)
})

test('who chooses another room while one is being entered is in the other one only', async () => {
  const noon = await alice.openRoom({ ...EVENING, title: 'Noon' })
  await until(bob.rooms, (listed) => listed.some(({ title }) => title === 'Noon'))
  const [entering, opened] = await Promise.allSettled([
    bob.joinRoom(noon.view.value.id),
    bob.openRoom({ ...EVENING, title: 'Morning' }),
  ])
  expect(entering).toMatchObject({ status: 'rejected', reason: { code: 'room-gone' } })
  expect(opened).toMatchObject({ status: 'fulfilled', value: { view: { value: { status: 'open' } } } })
  const morning = await joinListed(alice, 'Morning')
  expect(noon.view.value.status).toBe('left')
  await until(morning.view, ({ people }) => people.length === 2)
})
