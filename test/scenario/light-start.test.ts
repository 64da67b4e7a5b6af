/** Newcomers of a community whose ledger is long: they talk before they have read it, and have all of it in the end. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Peer, RoomSession } from '../../node/view.ts'
import { type Device, join, joinListed, newDevice, until } from '../support/node-peer.ts'
import { inOneStory } from '../support/story.ts'
import { startVillageRelay, type VillageRelay } from '../support/village-relay.ts'

let village: VillageRelay
let devices: readonly Device[]
let alice: Peer
let bob: Peer

beforeAll(async () => {
  village = await startVillageRelay({ members: 900, guests: 3, halting: true })
  devices = await Promise.all(['Alice', 'Bob', 'Carol'].map(() => newDevice({ lightFrom: 1 })))
})

afterAll(async () => {
  await Promise.all([alice?.stop(), bob?.stop()])
  await village?.relay.close()
})

inOneStory()

// Until Carol has come back nobody's copy is whole: the relay gives out the first part of its ledger only.
it('LIGHT-6: an invitation says who gave it, and not how many members there are', async () => {
  const [device] = devices as [Device]
  const code = village.links[0]?.split('/').at(-1) as string
  const door = device.open(village.relay.origin)
  const invitation = await door.readInvitation(code)
  expect(invitation.community).toMatchObject({ members: undefined })
  expect(invitation.sponsor.id).toMatch(/^[A-Za-z0-9_-]{43}$/)
  alice = await door.join({ code, name: 'Alice', identity: await door.newIdentity() })
  expect(alice.reading.value).toBeDefined()
  expect(alice.members.value.length).toBeLessThan(3)
})

it('LIGHT-2: who has not read the ledger opens a room, and another such one finds it, is met, and is known by name', async () => {
  const [, device] = devices as [Device, Device]
  const room = await alice.openRoom({ title: 'Who are we?', topics: [], language: 'en' })
  bob = await join(device.open(village.relay.origin), village.links[1] as string, 'Bob')
  const entered: RoomSession = await joinListed(bob, 'Who are we?')
  await until(entered.view, ({ people }) => people.some(({ name }) => name === 'Alice'))
  await until(room.view, ({ people }) => people.some(({ name }) => name === 'Bob'))
  await entered.raiseHand(true)
  await until(room.view, ({ people }) => people.some(({ hand }) => hand === 1))
})

it('LIGHT-2: one that went away half way goes on where it was', async () => {
  const [, , device] = devices as [Device, Device, Device]
  const door = device.open(village.relay.origin)
  const first = await join(door, village.links[2] as string, 'Carol')
  await until(first.reading, (reading) => (reading?.done ?? 0) > 200)
  await first.stop()
  const again = (await device.open(village.relay.origin).resume()) as Peer
  expect(again.me.name).toBe('Carol')
  expect(again.reading.value?.done).toBeGreaterThan(200)
  village.release()
  await until(again.reading, (reading) => reading === undefined)
  expect(again.members.value).toHaveLength(village.members + 3)
  expect(again.alarms.value).toEqual([])
  await again.stop()
})

it('LIGHT-5: both have the whole ledger in the end, which the log signed, and nobody has to be alarmed', async () => {
  for (const peer of [alice, bob]) {
    await until(peer.reading, (reading) => reading === undefined)
    await until(peer.members, (members) => members.length === village.members + 3)
    expect(peer.community.value.members).toBeGreaterThan(village.members / 2)
    expect(peer.alarms.value).toEqual([])
    const people = await peer.people()
    expect(people.page(peer.me.id)).toBeDefined()
  }
  expect(
    devices.flatMap(({ reports }) => reports).filter(({ where }) => where === 'ledger' || where === 'crew'),
  ).toEqual([])
})

it('a device that has read it starts from its own copy', async () => {
  const [device] = devices as [Device]
  await alice.stop()
  alice = (await device.open(village.relay.origin).resume()) as Peer
  expect(alice.reading.value).toBeUndefined()
  expect(alice.members.value).toHaveLength(village.members + 3)
})
