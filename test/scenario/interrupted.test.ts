/** What was begun goes on after a crash, a lost answer, a new tab. */

import { join as path } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test, vi } from 'vitest'
import type { Peer } from '../../node/view.ts'
import { lossyRoad } from '../support/lossy-road.ts'
import {
  allLinked,
  codeOf,
  found,
  join,
  joinListed,
  microphone,
  newDevice,
  PATIENCE,
  until,
} from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

/** More than any greeting, less than a founding or a join. Bytes. */
const A_STATEMENT = 1_100

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function startRelay(): Promise<RelayProcess> {
  const relay = await startRelayProcess()
  endings.push(() => relay.close())
  return relay
}

function stopLater(peer: Peer): Peer {
  endings.push(() => peer.stop())
  return peer
}

/** Waits until the relay's ledger has so many entries on its disk. */
async function stored(relay: RelayProcess, entries: number): Promise<void> {
  const database = new DatabaseSync(path(relay.data, 'ledger.sqlite'), { readOnly: true })
  try {
    const size = () => database.prepare('SELECT count(*) AS size FROM entries').get()?.size
    await vi.waitFor(() => expect(size()).toBe(entries), { timeout: PATIENCE, interval: 20 })
  } finally {
    database.close()
  }
}

test('a founding whose answer is lost is the same founding when the road is mended', async () => {
  const relay = await startRelay()
  const road = await lossyRoad(relay.origin)
  endings.push(() => road.close())
  const founding = found((await newDevice()).open(road.origin), relay.foundingLink as string, 'Alice')
  await road.loseAnswersTo(A_STATEMENT)
  await stored(relay, 3)
  road.mend()
  const alice = stopLater(await founding)
  expect(alice.me).toMatchObject({ name: 'Alice', founder: true })
  await until(alice.relay, (state) => state === 'connected')
})

test('a founder whose relay was killed before it could answer is the founder', async () => {
  const relay = await startRelay()
  const road = await lossyRoad(relay.origin)
  endings.push(() => road.close())
  const device = await newDevice()
  const founding = found(device.open(road.origin), relay.foundingLink as string, 'Alice')
  await road.loseAnswersTo(A_STATEMENT)
  await stored(relay, 3)
  await relay.kill()
  await relay.restart()
  expect(relay.foundingLink).toBeUndefined()
  road.mend()
  stopLater(await founding)
})

test('a founder who closed the tab meanwhile is the founder in the next one, and may even found again', async () => {
  const relay = await startRelay()
  const road = await lossyRoad(relay.origin)
  const device = await newDevice()
  const foundingLink = relay.foundingLink as string
  // The closed tab hears no more of it.
  found(device.open(road.origin), foundingLink, 'Alice').catch(() => {})
  await road.loseAnswersTo(A_STATEMENT)
  await stored(relay, 3)
  await road.close()

  const resumed = await device.open(relay.origin).resume()
  expect(resumed?.me).toMatchObject({ name: 'Alice', founder: true })
  await resumed?.stop()
  stopLater(await found(device.open(relay.origin), foundingLink, 'Alice'))
  await expect(found((await newDevice()).open(relay.origin), foundingLink, 'Mallory')).rejects.toMatchObject({
    code: 'already-founded',
  })
})

test('a join whose answer is lost makes a member: in the same tab when they try again, or in a new one', async () => {
  const relay = await startRelay()
  const alice = stopLater(
    await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice'),
  )
  for (const [guest, entries] of [
    ['Bob', 5],
    ['Carol', 7],
  ] as const) {
    const road = await lossyRoad(relay.origin)
    endings.push(() => road.close())
    const device = await newDevice()
    const door = device.open(road.origin)
    const code = codeOf((await alice.invite()).link)
    await door.readInvitation(code)
    const identity = await door.newIdentity()
    const joining = door.join({ code, name: guest, identity })
    await road.loseAnswersTo(A_STATEMENT)
    await stored(relay, entries)
    road.mend()
    await expect(joining).rejects.toMatchObject({ code: 'relay-unreachable' })
    const peer =
      guest === 'Bob'
        ? await door.join({ code, name: guest, identity })
        : await device.open(relay.origin).resume()
    if (!peer) throw new Error('the membership is lost')
    stopLater(peer)
    expect(peer.me).toMatchObject({ name: guest, sponsor: alice.me.id })
    await until(peer.relay, (state) => state === 'connected')
  }
})

test('a join that never arrived is sent again as it was: in the same tab, or in a new one', async () => {
  const relay = await startRelay()
  const alice = stopLater(
    await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice'),
  )
  for (const guest of ['Bob', 'Carol']) {
    const device = await newDevice()
    const door = device.open(relay.origin)
    const code = codeOf((await alice.invite()).link)
    await door.readInvitation(code)
    const identity = await door.newIdentity()
    await relay.kill()
    await expect(door.join({ code, name: guest, identity })).rejects.toMatchObject({
      code: 'relay-unreachable',
    })
    const [stored] = await device.storage.list('joining/')
    await relay.restart()
    const peer =
      guest === 'Bob'
        ? await door.join({ code, name: 'Robert', identity })
        : await device.open(relay.origin).resume()
    if (!peer) throw new Error('the join is lost')
    stopLater(peer)
    // Another name would be another identity of the same root.
    expect(peer.me.name).toBe(guest)
    const entries = (await device.storage.list('ledger/')).map(([, entry]) =>
      Buffer.from(entry as Uint8Array),
    )
    if (!stored) throw new Error('the join was not stored')
    const { statement } = stored[1] as { readonly statement: Uint8Array }
    expect(entries.filter((entry) => entry.includes(Buffer.from(statement)))).toHaveLength(1)
    expect(await device.storage.list('joining/')).toHaveLength(0)
    await until(alice.relay, (state) => state === 'connected')
  }
})

test('with another recovery phrase another person comes, and the join that never arrived is forgotten', async () => {
  const relay = await startRelay()
  const alice = stopLater(
    await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice'),
  )
  const door = (await newDevice()).open(relay.origin)
  const code = codeOf((await alice.invite()).link)
  await door.readInvitation(code)
  await relay.kill()
  await expect(door.join({ code, name: 'Bob', identity: await door.newIdentity() })).rejects.toMatchObject({
    code: 'relay-unreachable',
  })
  await relay.restart()
  const robert = stopLater(await door.join({ code, name: 'Robert', identity: await door.newIdentity() }))
  expect(robert.me.name).toBe('Robert')
})

test('a member who closes the tab is the same member in the next, in the room they were in, numbering on', async () => {
  const relay = await startRelay()
  const device = await newDevice()
  const founded = await found(device.open(relay.origin), relay.foundingLink as string, 'Alice')
  const me = founded.me.id
  const bob = stopLater(
    await join((await newDevice()).open(relay.origin), (await founded.invite()).link, 'Bob'),
  )
  const room = await founded.openRoom({ title: 'Long evening', topics: [], language: 'en' })
  const his = await joinListed(bob, 'Long evening')
  await until(room.view, (view) => view.people.length === 2)
  await room.offerStage(bob.me.id)
  await until(his.view, (view) => view.me.offered)
  await founded.stop()

  const alice = await device.open(relay.origin).resume()
  if (!alice) throw new Error('the membership is lost')
  stopLater(alice)
  expect(alice.me).toMatchObject({ id: me, name: 'Alice', founder: true })
  const pending = alice.slots.value.filter((slot) => slot.state === 'used' || slot.state === 'pending')
  expect(pending).toHaveLength(1)
  const again = await alice.joinRoom(room.view.value.id)
  expect(again.view.value.people.find((person) => person.me)).toMatchObject({ level: 100, onStage: true })
  await his.acceptStage(microphone())
  await until(again.view, (view) =>
    view.people.some(({ member, onStage }) => member === bob.me.id && onStage),
  )
  await again.muteMember(bob.me.id)
  await until(his.view, (view) => view.me.mutedByModerator)
})

test('the relay is killed: the stage goes on; it comes back: everybody is found again, and somebody new comes', async () => {
  const relay = await startRelay()
  const alice = stopLater(
    await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice'),
  )
  const bob = stopLater(
    await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Bob'),
  )
  const carol = stopLater(
    await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Carol'),
  )
  const invitation = (await alice.invite()).link
  const hers = await alice.openRoom({ title: 'Storm', topics: [], language: 'en' })
  const his = await joinListed(bob, 'Storm')
  const hersToo = await joinListed(carol, 'Storm')
  const all = [hers, his, hersToo]
  await Promise.all(all.map((session) => until(session.view, (view) => view.people.length === 3)))
  await hers.offerStage(bob.me.id)
  await until(his.view, (view) => view.me.offered)
  await allLinked()

  await relay.kill()
  await Promise.all([alice, bob, carol].map((peer) => until(peer.relay, (state) => state === 'reconnecting')))
  await his.acceptStage(microphone())
  const onStage = (member: string) => (session: (typeof all)[number]) =>
    until(session.view, (view) => view.people.some((person) => person.member === member && person.onStage))
  await Promise.all(all.map(onStage(bob.me.id)))
  await hersToo.raiseHand(true)
  await Promise.all(
    all.map((session) => until(session.view, (view) => view.people.some((p) => p.hand === 1))),
  )
  await hers.setMicrophone(microphone())
  await hers.setMuted(false)
  await until(hersToo.voices, (voices) => voices.some((voice) => voice.member === alice.me.id))

  await relay.restart()
  await Promise.all([alice, bob, carol].map((peer) => until(peer.relay, (state) => state === 'connected')))
  const david = stopLater(await join((await newDevice()).open(relay.origin), invitation, 'David'))
  const late = await joinListed(david, 'Storm')
  await onStage(bob.me.id)(late)
  await Promise.all(
    all.map((session) => until(session.view, (view) => view.people.some((p) => p.name === 'David'))),
  )
})
