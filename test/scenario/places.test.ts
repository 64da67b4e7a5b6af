import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Peer } from '../../node/view.ts'
import { type GuestProcess, startGuest } from '../support/guest-process.ts'
import { found, join, joinListed, newDevice, PATIENCE, until } from '../support/node-peer.ts'
import { type Pace, quickClock } from '../support/quick-clock.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

vi.setConfig({ testTimeout: 4 * PATIENCE, hookTimeout: 2 * PATIENCE })

/** A minute and a half without Bob are eighteen seconds. */
const PACE: Pace = { behind: 0, speed: 5, lasts: 280_000 }

/** Alice opens a room in which Carol listens; Bob, on its stage, closes his laptop. */
let relay: RelayProcess
let alice: Peer
let carol: Peer
let bob: GuestProcess | undefined
const clock = quickClock(PACE)

beforeAll(async () => {
  relay = await startRelayProcess()
  const { origin } = relay
  alice = await found((await newDevice({ clock })).open(origin), relay.foundingLink as string, 'Alice')
  carol = await join((await newDevice({ clock })).open(origin), (await alice.invite()).link, 'Carol')
})

afterAll(async () => {
  bob?.end()
  for (const peer of [alice, carol]) await peer?.stop()
  await relay?.close()
})

test('PLACE-2, PLACE-4 a speaker who closes their laptop is away for a minute, then in the audience, and is told so when they open it', async () => {
  const title = 'With a laptop'
  const hers = await alice.openRoom({ title, topics: [], language: 'en' })
  const carols = await joinListed(carol, title)
  bob = startGuest({
    origin: relay.origin,
    link: (await alice.invite()).link,
    name: 'Bob',
    title,
    pace: PACE,
  })
  const seen = await until(bob.sight, (sight) => sight?.status === 'open')
  const member = seen?.member
  const sees = (view: typeof hers.view.value) => view.people.find((person) => person.member === member)
  for (const { view } of [hers, carols]) await until(view, ({ people }) => people.length === 3)

  await hers.offerStage(member as NonNullable<typeof member>)
  await until(bob.sight, (sight) => sight?.isOffered === true)
  bob.tell({ accept: true })
  for (const { view } of [hers, carols]) await until(view, (now) => sees(now)?.onStage === true)

  const at = Date.now() + 500
  clock.go(at)
  bob.tell({ go: at })
  bob.close()
  const isAway = (view: typeof hers.view.value) => view.away.some((one) => one.member === member)
  // It passes by itself: neither waits for the other, and it is Alice’s minute that counts.
  const atAlice = until(hers.view, isAway).then(({ people }) => ({ people, since: clock.now() }))
  const [{ people, since }] = await Promise.all([atAlice, until(carols.view, isAway)])
  expect(people.map((person) => person.member)).not.toContain(member)
  const lowered = { what: 'lower', by: alice.me.id, to: member, why: 'away' }
  for (const { view } of [hers, carols]) {
    const { record } = await until(view, (now) => now.record.length > 0, 2 * PATIENCE)
    expect(record).toMatchObject([lowered])
    await until(view, (now) => now.away.length === 0)
  }
  expect(clock.now() - since).toBeGreaterThan(45_000)

  bob.open()
  await until(bob.sight, (sight) => sight?.isOnStage === false && sight.missed === 'stage', 2 * PATIENCE)
  for (const { view } of [hers, carols])
    await until(view, (now) => sees(now)?.onStage === false, 2 * PATIENCE)

  await hers.offerStage(member as NonNullable<typeof member>)
  await until(bob.sight, (sight) => sight?.isOffered === true && sight.missed === undefined, 2 * PATIENCE)
  bob.tell({ accept: true })
  for (const { view } of [hers, carols]) await until(view, (now) => sees(now)?.onStage === true, 2 * PATIENCE)
  expect(hers.view.value.record).toMatchObject([lowered])
})
