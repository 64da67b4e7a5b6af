import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { AudienceLink } from '../../node/audience/audience-link.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { readOperation } from '../../node/gossip/received.ts'
import { type HeadlessConnection, headlessAudience } from '../../node/headless/audience-connections.ts'
import type { PeerNetwork } from '../../node/network/network.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import { startPeerNetwork } from '../../node/network/peer-network.ts'
import { Observed } from '../../node/observed.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { ask, serve } from '../../node/requests.ts'
import { createAgreement } from '../../node/room/agreement.ts'
import { createRoomLog } from '../../node/room/log.ts'
import { answerSync } from '../../node/room/sync.ts'
import type { Device, Member, Membership } from '../../protocol/community/membership.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { ANNOUNCE } from '../../protocol/room/announcement.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import { ROOM, type Room, roomOf } from '../../protocol/room/opening.ts'
import { type Act, OPERATION, type Operation } from '../../protocol/room/operation.ts'
import { signerFromSeed } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { HELLO, ROOMS, SYNC } from '../../protocol/wire/services.ts'
import { communityTopic, roomTopic } from '../../protocol/wire/topics.ts'
import { bytesOf, type Person, presence } from '../support/community.ts'
import { PATIENCE, until } from '../support/node-peer.ts'
import { now } from '../support/raw-client.ts'
import { type SeededRelay, startSeededRelay } from '../support/seeded-relay.ts'

/** Alice's room over a real relay: its own process, its media processes, its gossip. */

const verifier = await platformVerifier()
let seeded: SeededRelay
const networks: PeerNetwork[] = []

beforeAll(async () => {
  seeded = await startSeededRelay()
})

afterAll(async () => {
  await Promise.all(networks.map((network) => network.stop()))
  await seeded?.relay.close()
})

/** A session of somebody, which the relay has let in. */
async function sessionOf(person: Person) {
  const seed = randomBytes(32)
  const session = signerFromSeed(seed)
  const network = await startPeerNetwork({ sessionSeed: seed, iceServers: [] })
  networks.push(network)
  const entered = Promise.withResolvers<void>()
  network.join(seeded.site.addresses, async (relay, signal) => {
    const { bytes: p } = await presence(person, session, now())
    const answer = await ask(network, relay, HELLO, { p }, signal)
    if (!answer.ok) throw new Error(answer.reason)
    entered.resolve()
  })
  await entered.promise
  return { person, session, network, relay: seeded.site.relay }
}

type Session = Awaited<ReturnType<typeof sessionOf>>

function seat(
  { person, session, network, relay }: Session,
  room: ReturnType<typeof roomOf>,
  speaks: boolean,
) {
  const view = new Observed({ connected: false, end: undefined as string | undefined, heard: 0 })
  const link = new AudienceLink<HeadlessConnection>({
    room,
    relay: { peer: relay, key: keyOf(relay) as KeyText },
    speaks,
    me: { member: person.member, device: person.device, peer: session.publicKey },
    network,
    connections: headlessAudience({
      bind: '127.0.0.1',
      onPacket: () => view.set({ ...view.value, heard: view.value.heard + 1 }),
    }),
    clock: systemClock,
    verifier,
    membership,
    onChange: () => view.set({ ...view.value, connected: link.connected && link.hearing > 0 }),
    onEnd: ({ reason }) => view.set({ ...view.value, connected: false, end: reason }),
  })
  return { link, view }
}

/** As much of the community as judging what its members sign needs. */
function membership(): Membership {
  const { alice, bob, mallory } = seeded
  const people = [alice, bob, mallory]
  const members = people.map(
    ({ member }) => [member, { id: member, standing: 'active' } as unknown as Member] as const,
  )
  const devices = people.map(
    ({ member, device: { publicKey: key } }) => [key, { key, member } as unknown as Device] as const,
  )
  return {
    community: alice.community,
    members: new Map(members),
    devices: new Map(devices),
  } as unknown as Membership
}

it('TICKET-6 a relay carries who is on the stage, and whoever is banned hears nothing from that moment on', async () => {
  const { alice, bob, mallory } = seeded
  const [hers, his, other] = [await sessionOf(alice), await sessionOf(bob), await sessionOf(mallory)]
  const { community } = alice
  const payload: Room = {
    m: alice.member,
    title: 'A room',
    topics: [],
    lang: 'en',
    vis: 'open',
    hands: 'everybody',
    nonce: bytesOf('room').slice(0, 16),
    at: toLedgerTime(now()),
  }
  const opening: Envelope<Room> = await seal(ROOM, community, payload, [alice.device])
  const room = roomOf(opening)
  const log = createRoomLog(opening)
  const judging = { verifier, membership }
  for (const { network } of [hers, his, other]) {
    for (const topic of [communityTopic(community), roomTopic(community, room)])
      network.subscribe(
        topic,
        async () => 'accept' as const,
        () => {},
      )
    await serve(network, SYNC, async (_from, request) => answerSync(log, createAgreement(log), [], request))
  }
  const act = async (person: Person, fields: Act) => {
    const { history } = log
    const n = history.store.operations.filter(({ operation }) => operation.m === person.member).length
    const whole = { r: room, m: person.member, n, heads: history.heads, at: now(), ...fields } as Operation
    const { bytes } = await seal(OPERATION, community, whole, [person.device])
    const read = await readOperation(judging, room, bytes)
    if (!read.ok) throw new Error(read.reason)
    expect(log.add(read.value)).toBe('new')
    return read.value
  }
  const grant = await act(alice, { k: 'grant', to: bob.member, level: LEVEL.speaker })
  await act(bob, { k: 'accept', ref: grant.id })
  const announcement = await seal(
    ANNOUNCE,
    community,
    {
      r: room,
      m: alice.member,
      peer: hers.session.publicKey,
      seq: Date.now(),
      opening: opening.bytes,
      people: 3,
      // Nobody's word on who is on the stage counts.
      here: [{ m: mallory.member, stage: true }],
    },
    [alice.device],
  )
  const topics = [communityTopic(community), roomTopic(community, room)]
  const hears = (topic: string) => hers.network.subscribers(topic).includes(hers.relay)
  await vi.waitUntil(() => topics.every(hears), PATIENCE)
  await hers.network.publish(communityTopic(community), announcement.bytes)
  await vi.waitUntil(async () => {
    const list = await ask(hers.network, hers.relay, ROOMS, {}, AbortSignal.timeout(PATIENCE))
    return list.ok && list.value.rooms?.length === 1
  }, PATIENCE)

  const [speaker, listener] = [seat(hers, room, true), seat(his, room, true)]
  await until(speaker.view, ({ connected, end }) => connected || end !== undefined)
  await until(listener.view, ({ connected, end }) => connected || end !== undefined)
  expect([speaker.view.value.end, listener.view.value.end]).toEqual([undefined, undefined])
  const bold = seat(other, room, true)
  await until(bold.view, ({ end }) => end !== undefined)
  expect(bold.view.value.end).toBe('level-too-low')

  const frames = setInterval(() => speaker.link.connection.send(Buffer.alloc(60, 1), 20, 20), 20)
  try {
    await until(listener.view, ({ heard }) => heard > 20)
    const ban = await act(alice, { k: 'ban', to: bob.member, why: 'abuse' })
    await hers.network.publish(roomTopic(community, room), ban.envelope.bytes)
    await until(listener.view, ({ end }) => end !== undefined)
    expect(listener.view.value.end).toBe('not-admitted')
    const again = seat(his, room, false)
    await until(again.view, ({ end }) => end !== undefined)
    expect(again.view.value.end).toBe('not-admitted')
    expect(speaker.view.value.connected).toBe(true)
  } finally {
    clearInterval(frames)
    await speaker.link.close()
  }
})
