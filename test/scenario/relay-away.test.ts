import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Peer, RoomSession } from '../../node/view.ts'
import { hastyClock } from '../support/hasty-clock.ts'
import {
  allLinked,
  found,
  join,
  joinListed,
  microphone,
  newDevice,
  PATIENCE,
  until,
} from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

vi.setConfig({ testTimeout: 5 * PATIENCE, hookTimeout: 2 * PATIENCE })

/** How much quicker than the machine's the clock of those in the room runs: ten minutes are half of one. */
const SPEED = 20
/** Without the relay, in milliseconds of that clock. */
const AWAY = 10 * 60_000
/** It begins behind the relay's clock and ends ahead of it, each by less than clocks may differ (300 s). */
const BEHIND = 285_000

let relay: RelayProcess
let alice: Peer
let bob: Peer
let carol: Peer
/** Nobody has used it yet. */
let daves: string

const clock = hastyClock(Date.now() - BEHIND)

beforeAll(async () => {
  relay = await startRelayProcess()
  const { origin } = relay
  const devices = [await newDevice(), await newDevice(), await newDevice()] as const
  const founder = await found(devices[0].open(origin), relay.foundingLink as string, 'Alice')
  const links = [await founder.invite(), await founder.invite(), await founder.invite()].map(
    ({ link }) => link,
  )
  const guests = [
    await join(devices[1].open(origin), links[0] as string, 'Bob'),
    await join(devices[2].open(origin), links[1] as string, 'Carol'),
  ]
  for (const peer of [founder, ...guests]) await peer.stop()
  daves = links[2] as string
  ;[alice, bob, carol] = (await Promise.all(
    devices.map(async ({ storage }) => (await newDevice({ storage, clock })).open(origin).resume()),
  )) as [Peer, Peer, Peer]
  for (const peer of [alice, bob, carol]) await until(peer.relay, (state) => state === 'connected')
})

afterAll(async () => {
  for (const peer of [alice, bob, carol]) await peer?.stop()
  clock.stop()
  await relay?.close()
})

const person = (session: RoomSession, peer: Peer) =>
  session.view.value.people.find(({ member }) => member === peer.me.id)

test('ten minutes without a relay: the stage goes on changing; then it is back, and a newcomer sees at once what came of it', async () => {
  const hers = await alice.openRoom({ title: 'On our own', topics: [], language: 'en' })
  const [his, carols] = [await joinListed(bob, 'On our own'), await joinListed(carol, 'On our own')]
  const all = [hers, his, carols]
  for (const { view } of all) await until(view, ({ people }) => people.length === 3)
  await allLinked()

  await relay.kill()
  for (const { view } of all) await until(view, (now) => now.relay === 'reconnecting')
  const began = clock.now()
  clock.hurry(SPEED)

  /** Somebody goes on stage, is seen there by everybody, is muted, and steps down. */
  async function turn(session: RoomSession, peer: Peer): Promise<void> {
    await session.raiseHand(true)
    await until(hers.view, () => person(hers, peer)?.hand === 1)
    await hers.offerStage(peer.me.id)
    await until(session.view, ({ offer }) => offer !== undefined)
    await session.acceptStage(microphone())
    for (const each of all) await until(each.view, () => person(each, peer)?.onStage === true)
    await hers.muteMember(peer.me.id)
    for (const each of all) await until(each.view, () => person(each, peer)?.mutedByModerator === true)
    await hers.unmuteMember(peer.me.id)
    await session.stepDown()
    for (const each of all) await until(each.view, () => person(each, peer)?.onStage === false)
  }
  let turns = 0
  while (clock.now() - began < AWAY) {
    await turn(turns % 2 === 0 ? his : carols, turns % 2 === 0 ? bob : carol)
    turns += 1
  }
  clock.hurry(0)
  expect(turns).toBeGreaterThan(1)
  await hers.offerStage(carol.me.id)
  await until(carols.view, ({ offer }) => offer !== undefined)
  await carols.acceptStage(microphone())
  await hers.changeRoom({ title: 'Still here' })
  await hers.banMember(bob.me.id, 'abuse')
  await until(his.view, ({ status }) => status === 'out')
  expect(hers.view.value.differing).toEqual([])

  await relay.restart()
  const dave = await join((await newDevice({ clock })).open(relay.origin), daves, 'Dave')
  try {
    const session = await joinListed(dave, 'On our own')
    // Whoever is let into the room has caught up: it is there with the first picture.
    expect(session.view.value.title).toBe('Still here')
    expect(session.view.value.record[0]).toMatchObject({ what: 'ban', to: bob.me.id })
    await until(session.view, ({ people }) =>
      people.some(({ member, onStage }) => member === carol.me.id && onStage),
    )
    expect(session.view.value.people.map(({ member }) => member)).not.toContain(bob.me.id)
    expect(session.view.value.differing).toEqual([])
  } finally {
    await dave.stop()
  }
})
