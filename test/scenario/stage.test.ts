/** Rooms whose stage counts, over a real relay: who is heard on one comes into the ledger, and may then invite. */

import { afterEach, expect, test, vi } from 'vitest'
import type { Door, Peer, RoomSession } from '../../node/view.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { hastyClock } from '../support/hasty-clock.ts'
import {
  type Device,
  found,
  join,
  joinListed,
  microphone,
  newDevice,
  PATIENCE,
  until,
} from '../support/node-peer.ts'
import { startRelayProcess } from '../support/relay-process.ts'

/** While somebody is heard the peers' time runs so much faster than the relay's, which takes clocks that are some minutes wrong. */
const HASTE = 10
/** Milliseconds. */
const MINUTE = 60_000
const EVENING = { title: 'Evening', topics: [], language: 'en' }

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

function stopLater(peer: Peer): Peer {
  endings.push(() => peer.stop())
  return peer
}

async function guest(sponsor: Peer, door: Door, name: string): Promise<Peer> {
  return stopLater(await join(door, (await sponsor.invite()).link, name))
}

/** Alice founded the community, Bob is her guest, and Carol is Bob's, who must be heard before she may invite. */
async function village() {
  const relay = await startRelayProcess()
  endings.push(() => relay.close())
  const clock = hastyClock(Date.now())
  endings.push(async () => clock.stop())
  const devices = [
    await newDevice({ clock }),
    await newDevice({ clock }),
    await newDevice({ clock }),
  ] as const
  const [hers, his, carols] = devices
  const alice = stopLater(await found(hers.open(relay.origin), relay.foundingLink as string, 'Alice'))
  const bob = await guest(alice, his.open(relay.origin), 'Bob')
  const carol = await guest(bob, carols.open(relay.origin), 'Carol')
  /** Minutes pass until it is so. */
  async function soon(isSo: () => Promise<void>): Promise<void> {
    clock.hurry(HASTE)
    await vi.waitFor(isSo, { timeout: PATIENCE, interval: 50 })
    clock.hurry(0)
  }
  return { relay, clock, devices, alice, bob, carol, soon }
}

async function takeStage(host: RoomSession, guest: RoomSession): Promise<void> {
  const { member } = guest.view.value.me
  await until(host.view, ({ people }) => people.some((person) => person.member === member))
  await host.offerStage(member)
  await until(guest.view, ({ me }) => me.offered)
  await guest.acceptStage(microphone())
  await guest.setMuted(false)
}

/** For so many whole minutes this device has stored that it heard somebody. */
async function minutesOn(device: Device, member: MemberId): Promise<number> {
  const [kept] = await device.storage.list('stage/')
  const { heard } = (kept?.[1] ?? { heard: [] }) as { heard: [MemberId, number][] }
  return Math.floor((new Map(heard).get(member) ?? 0) / MINUTE)
}

/** What the ledger has by or about somebody: types in their order. */
async function entriesOf(peer: Peer): Promise<readonly string[]> {
  const { entries } = JSON.parse(await (await peer.people()).exportOwn()) as {
    entries: { type: string; void: boolean; payload: { m?: string } }[]
  }
  expect(entries.some((entry) => entry.void)).toBe(false)
  return entries.map(({ type, payload }) => `${type}${payload.m === peer.me.id ? '' : ' by another'}`)
}

test('a guest of a guest who is heard in a room that counts may invite, and before that may not', async () => {
  const { relay, clock, devices, alice, bob, carol, soon } = await village()
  await until(carol.slots, (slots) => slots.length > 0 && slots.every(({ state }) => state === 'immature'))
  await expect(carol.invite()).rejects.toMatchObject({ code: 'slot-immature' })

  const hers = await alice.openRoom({ ...EVENING, counts: true })
  expect(await entriesOf(alice)).toContain('room-open')
  const [his, carols] = [await joinListed(bob, 'Evening'), await joinListed(carol, 'Evening')]
  for (const session of [hers, his, carols]) await until(session.view, ({ counts }) => counts)
  await takeStage(hers, carols)
  await soon(async () => {
    for (const device of devices.slice(0, 2)) expect(await minutesOn(device, carol.me.id)).toBe(1)
  })
  await hers.end()

  await until(carol.slots, (slots) => slots.some(({ state }) => state === 'free'))
  const people = await carol.people()
  const page = await until(people.all, () => people.page(carol.me.id)?.heard !== undefined)
  expect(page).toHaveLength(3)
  const dan = await guest(carol, (await newDevice({ clock })).open(relay.origin), 'Dan')
  expect(dan.me.sponsor).toBe(carol.me.id)
  // Alice, of another branch, and Bob, of hers, say what they heard: once each.
  const attests = async () => (await entriesOf(carol)).filter((entry) => entry === 'attest by another')
  await soon(async () => expect(await attests()).toHaveLength(2))
  expect((await entriesOf(alice)).filter((entry) => /^room-end|^attest$/.test(entry))).toEqual([
    'room-end',
    'attest',
  ])
  await soon(async () => {
    for (const { storage } of devices) expect(await storage.list('stage/')).toEqual([])
  })
})

test('a room that nobody said should count leaves no trace in the ledger', async () => {
  const { devices, alice, bob } = await village()
  const hers = await alice.openRoom(EVENING)
  const his = await joinListed(bob, 'Evening')
  expect(hers.view.value.counts).toBe(false)
  await takeStage(hers, his)
  await until(hers.view, ({ people }) => people.some(({ me, speaking }) => speaking && !me))
  await hers.end()
  await until(his.view, ({ status }) => status === 'ended')
  await Promise.all([hers.leave(), his.leave()])
  for (const { storage } of devices) expect(await storage.list('stage/')).toEqual([])
  for (const peer of [alice, bob])
    expect((await entriesOf(peer)).filter((entry) => /room|attest/.test(entry))).toEqual([])
})

test('a host whose device was off as the room ended has it end in the ledger when it comes next, and the heard are attested', async () => {
  const { relay, devices, alice, carol, soon } = await village()
  const hers = await alice.openRoom({ ...EVENING, counts: true })
  const carols = await joinListed(carol, 'Evening')
  await takeStage(hers, carols)
  await soon(async () => expect(await minutesOn(devices[0], carol.me.id)).toBe(1))
  // The relay is away, so that nothing can be written on leaving.
  await relay.kill()
  await until(alice.relay, (state) => state !== 'connected')
  await alice.stop()
  await carols.leave()
  await relay.restart()

  const again = stopLater((await devices[0].open(relay.origin).resume()) as Peer)
  await until(carol.slots, (slots) => slots.some(({ state }) => state === 'free'))
  await soon(async () => expect(await entriesOf(again)).toContain('room-end'))
  expect((await entriesOf(again)).filter((entry) => /^room|^attest$/.test(entry)).toSorted()).toEqual([
    'attest',
    'room-end',
    'room-open',
  ])
})
