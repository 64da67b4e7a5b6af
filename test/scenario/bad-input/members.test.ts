/** What a hostile member does to the peers of the others: in gossip, and on a direct link. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PeerIdString } from '../../../node/network/network.ts'
import { NetworkError } from '../../../node/network/network-error.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import type { Peer, RoomSession } from '../../../node/view.ts'
import { type Envelope, open, seal } from '../../../protocol/envelope.ts'
import type { RoomId } from '../../../protocol/ids.ts'
import { DAY } from '../../../protocol/limits.ts'
import { ANNOUNCE } from '../../../protocol/room/announcement.ts'
import { BEACON, type Beacon } from '../../../protocol/room/beacon.ts'
import { type Act, OPERATION } from '../../../protocol/room/operation.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { HELLO, LEDGER, PROFILES, ROOMS, SYNC } from '../../../protocol/wire/services.ts'
import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../../protocol/wire/signalling.ts'
import { communityTopic, roomTopic } from '../../../protocol/wire/topics.ts'
import { type Person, presence, signerOf } from '../../support/community.ts'
import { type Liar, startLiar } from '../../support/liar.ts'
import { MALFORMED, ONE_OF_EACH } from '../../support/malformed.ts'
import { type Device, joinListed, PATIENCE, until } from '../../support/node-peer.ts'
import { now } from '../../support/raw-client.ts'
import { deviceOf } from '../../support/seeded-relay.ts'
import { besieged, elsewhere } from './besieged.ts'
import { signedBy, withBrokenSignature } from './forged.ts'

const town = besieged()
let device: Device
let alice: Peer
let bob: Peer
let hers: RoomSession
let his: RoomSession
let mallory: Liar
let room: RoomId
/** Alice's session. */
let target: PeerIdString

beforeAll(async () => {
  const { seeded } = town
  const resume = async (at: Device) => {
    const peer = await at.open(seeded.relay.origin).resume()
    if (!peer) throw new Error('the membership is not known')
    return peer
  }
  device = await deviceOf(seeded.alice)
  alice = await resume(device)
  bob = await resume(await deviceOf(seeded.bob))
  await Promise.all([alice, bob].map((peer) => until(peer.relay, (state) => state === 'connected')))
  hers = await alice.openRoom({ title: 'Siege', topics: [], language: 'en' })
  his = await joinListed(bob, 'Siege')
  await until(hers.view, (view) => view.people.length === 2)
  room = hers.view.value.id
  mallory = await startLiar(seeded.site, seeded.mallory)
  const listed = (await mallory.ask(seeded.site.relay, ROOMS, {})) as {
    readonly rooms: readonly Uint8Array[]
  }
  const announced = open(ANNOUNCE, seeded.alice.community, listed.rooms[0] as Uint8Array)
  if (!announced.ok) throw new Error(announced.reason)
  target = peerIdOf(announced.value.payload.peer)
})

afterAll(async () => {
  await mallory?.network.stop()
  for (const peer of [alice, bob]) await peer?.stop()
})

/** What the honest can still do with each other. */
async function honestTrafficFlows(): Promise<void> {
  const up = hers.view.value.people.every((person) => person.hand === undefined)
  await his.raiseHand(up)
  await until(hers.view, (view) => view.people.some((person) => person.hand === 1) === up)
}

/** Whoever is in the room is looked for: by that, and by looking, a liar comes to a direct link with Alice. */
async function linkToTarget({ network, session }: Liar, person: Person): Promise<void> {
  const topic = roomTopic(person.community, room)
  network.subscribe(
    topic,
    () => 'accept',
    () => {},
  )
  await expect.poll(() => network.subscribers(topic).length, { timeout: PATIENCE }).toBeGreaterThan(0)
  await network.publish(topic, (await beacon(person, session)).bytes)
  const roads = [`/p2p/${town.seeded.site.relay}/p2p-circuit`]
  await network.connect(target, roads, AbortSignal.timeout(PATIENCE))
}

/** What Alice's device keeps, but for what she did in her room herself: when nothing was done for ten seconds she signs what she has seen. */
async function keptOfOthers(): Promise<unknown> {
  const { community, member } = town.seeded.alice
  const isHers = (value: unknown) => {
    const opened = value instanceof Uint8Array ? open(OPERATION, community, value) : undefined
    return opened?.ok === true && opened.value.payload.m === member
  }
  return (await device.storage.list('')).filter(([, value]) => !isHers(value))
}

/**
 * Sends this where voices are negotiated, until Alice ends it: at once if it is for her to open the voice between the two (the lower PeerId does), otherwise
 * as soon as she sees that it is bad. Either may be before all of it is sent.
 */
async function endedByTarget({ network }: Liar, bytes: Uint8Array): Promise<void> {
  try {
    const channel = await network.openChannel(target, SIGNALLING_PROTOCOL, {
      signal: AbortSignal.timeout(PATIENCE),
      maxBytes: 4 * SIGNALLING.maxBytes,
    })
    await channel.send(bytes)
    await channel.closed
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'closed') throw error
  }
  expect(network.connections()).toContainEqual({ peer: target, direct: true })
}

function beacon(person: Person, session: Signer, change: Partial<Beacon> = {}): Promise<Envelope<Beacon>> {
  const payload: Beacon = {
    r: room,
    m: person.member,
    peer: session.publicKey,
    seq: Date.now(),
    here: true,
    hand: 0,
    mic: 'none',
    speak: false,
    ...change,
  }
  return seal(BEACON, person.community, payload, [person.device])
}

function operation(person: Person, deed: Act, r: RoomId = room) {
  const payload = { r, m: person.member, n: 0, heads: [], at: now(), ...deed }
  return seal(OPERATION, person.community, payload, [person.device])
}

test('in gossip: nothing of it is carried on, and what is honest is', async () => {
  const { seeded } = town
  const { community } = seeded.alice
  const her = seeded.mallory
  const observer = await startLiar(seeded.site, seeded.oscar)
  const carried: string[] = []
  const seen = (data: Uint8Array) => void carried.push(Buffer.from(data).toString('hex'))
  for (const topic of [communityTopic(community), roomTopic(community, room)]) {
    observer.network.subscribe(topic, () => 'accept', seen)
    mallory.network.subscribe(
      topic,
      () => 'accept',
      () => {},
    )
  }
  const said = ({ bytes }: { readonly bytes: Uint8Array }) =>
    carried.includes(Buffer.from(bytes).toString('hex'))
  // As soon as one of hers arrives, all would.
  await expect
    .poll(
      async () => {
        await mallory.network.publish(roomTopic(community, room), (await beacon(her, mallory.session)).bytes)
        return carried.length
      },
      { timeout: PATIENCE },
    )
    .toBeGreaterThan(0)

  const eve = (await elsewhere(seeded.at)).founder
  const end = await operation(her, { k: 'end' })
  const garbage: Uint8Array[] = [
    (await beacon(eve, mallory.session)).bytes,
    (await beacon({ ...her, member: seeded.bob.member }, mallory.session)).bytes,
    (await beacon({ ...her, device: signedBy(her.device, mallory.session) }, mallory.session)).bytes,
    withBrokenSignature(end.bytes),
    (await operation(her, { k: 'end' }, seeded.alice.community as string as RoomId)).bytes,
    her.profile.bytes,
  ]
  for (const bytes of garbage) await mallory.network.publish(roomTopic(community, room), bytes)
  const honest = await beacon(her, mallory.session)
  await mallory.network.publish(roomTopic(community, room), honest.bytes)
  await expect.poll(() => said(honest), { timeout: PATIENCE }).toBe(true)
  // In order and truly hers, but nothing that she may do: it is carried, and changes nothing.
  await mallory.network.publish(roomTopic(community, room), end.bytes)
  await expect.poll(() => said(end), { timeout: PATIENCE }).toBe(true)

  // Whoever goes on like this is not listened to any more.
  for (const { bytes } of ONE_OF_EACH) {
    await mallory.network.publish(roomTopic(community, room), bytes)
    await mallory.network.publish(communityTopic(community), bytes)
  }
  await honestTrafficFlows()
  for (const bytes of [...garbage, ...ONE_OF_EACH.map((one) => one.bytes)])
    expect(said({ bytes })).toBe(false)
  expect(hers.view.value.status).toBe('open')
  expect(his.view.value.status).toBe('open')
  await observer.network.stop()
})

test('on a direct link: each gets its code, nothing is stored, and the room goes on', async () => {
  const { seeded } = town
  const { site } = seeded
  const other = await startLiar(site, seeded.trudy)
  await linkToTarget(other, seeded.trudy)
  const greeting = { p: (await presence(seeded.trudy, other.session, now())).bytes }
  expect(await other.ask(target, HELLO, greeting)).toHaveProperty('p')
  const before = await keptOfOthers()
  const eve = (await elsewhere(seeded.at)).founder
  expect(await other.ask(target, LEDGER, { put: seeded.bob.identity.bytes })).toBe('not-log')
  const hellos: [Promise<Envelope<unknown>>, string][] = [
    [presence(seeded.trudy, mallory.session, now()), 'wrong-peer'],
    [presence(seeded.trudy, other.session, now() - DAY), 'expired'],
    [presence(eve, other.session, now()), 'foreign-community'],
    [presence({ ...seeded.trudy, member: seeded.bob.member }, other.session, now()), 'not-member'],
    [presence(seeded.trudy, signedBy(other.session, signerOf('forger')), now()), 'signature-wrong'],
  ]
  for (const [hello, reason] of hellos)
    expect(await other.ask(target, HELLO, { p: (await hello).bytes }), reason).toBe(reason)
  const proof = { i: (await presence(seeded.trudy, other.session, now())).bytes }
  expect(await other.ask(target, HELLO, proof)).toBe('not-admitted')

  for (const service of [HELLO, LEDGER, PROFILES, ROOMS, SYNC]) {
    for (const { name, bytes, reason } of MALFORMED) {
      const due = bytes.length > service.request.maxBytes ? 'too-large' : reason
      expect(await other.say(target, service, bytes), `${service.protocol} ${name}`).toBe(due)
    }
    const most = Math.max(service.request.maxBytes, service.answer.maxBytes)
    expect(await other.say(target, service, new Uint8Array(most + 1)), service.protocol).toBe('reset')
  }
  expect(await other.ask(target, SYNC, { r: seeded.alice.community as string as RoomId, heads: [] })).toBe(
    'room-unknown',
  )
  expect(await other.ask(target, PROFILES, { put: seeded.bob.profile.bytes })).toBe('not-admitted')
  expect(await other.ask(target, SYNC, { r: room, heads: [] })).toHaveProperty('opening')

  for (const bytes of [Uint8Array.of(0xf6), new Uint8Array(SIGNALLING.maxBytes + 1)])
    await endedByTarget(other, bytes)

  await honestTrafficFlows()
  expect(await keptOfOthers()).toEqual(before)
  await other.network.stop()
})

test('and whoever never says who they are is told nothing, and sent away', async () => {
  const { seeded } = town
  const silent = await startLiar(seeded.site, seeded.trudy)
  const gone = new Promise<void>((resolve) => {
    silent.network.on('disconnect', (peer) => peer === target && resolve())
  })
  await linkToTarget(silent, seeded.trudy)
  expect(await silent.ask(target, PROFILES, { get: [seeded.alice.member] })).toBe('not-admitted')
  expect(await silent.ask(target, LEDGER, { get: 0 })).toBe('not-admitted')
  expect(await silent.ask(target, ROOMS, {})).toBe('not-admitted')
  expect(await silent.ask(target, SYNC, { r: room, heads: [] })).toBe('not-admitted')
  await gone
  await honestTrafficFlows()
  await silent.network.stop()
})
