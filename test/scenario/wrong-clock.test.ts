import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../node/ports/clock.ts'
import { codeOf, found, newDevice, PATIENCE } from '../support/node-peer.ts'
import { startRelayProcess } from '../support/relay-process.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

test('a member whose clock went wrong is told so by their own app, until it is right', async () => {
  const relay = await startRelayProcess()
  endings.push(() => relay.close())
  let behind = 0
  const device = await newDevice({ clock: { ...systemClock, now: () => Date.now() - behind } })
  const alice = await found(device.open(relay.origin), relay.foundingLink as string, 'Alice')
  await alice.stop()
  behind = 2_000_000
  const lost = await device.open(relay.origin).resume()
  if (!lost) throw new Error('the membership is lost')
  endings.push(() => lost.stop())
  await vi.waitFor(() => expect(lost.refused.value).toBe('clock-wrong'), PATIENCE)
  behind = 0
  await vi.waitFor(
    () => expect([lost.refused.value, lost.relay.value]).toEqual([undefined, 'connected']),
    PATIENCE,
  )
})

test('who joins with a clock that is wrong is told so, and is a member once it is right', async () => {
  const relay = await startRelayProcess()
  endings.push(() => relay.close())
  const alice = await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice')
  endings.push(() => alice.stop())
  let behind = 0
  const device = await newDevice({ clock: { ...systemClock, now: () => Date.now() - behind } })
  const door = device.open(relay.origin)
  const code = codeOf((await alice.invite()).link)
  await door.readInvitation(code)
  behind = 400_000
  const identity = await door.newIdentity()
  await expect(door.join({ code, name: 'Bob', identity })).rejects.toMatchObject({ code: 'clock-wrong' })
  behind = 0
  const bob = await device.open(relay.origin).resume()
  if (!bob) throw new Error('the membership is lost')
  endings.push(() => bob.stop())
  expect(bob.me).toMatchObject({ name: 'Bob', sponsor: alice.me.id })
})
