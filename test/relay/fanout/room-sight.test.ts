import { expect, it, onTestFinished, vi } from 'vitest'
import { readOperation } from '../../../node/gossip/received.ts'
import { roomValidator } from '../../../node/gossip/room.ts'
import { Observed } from '../../../node/observed.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { serve } from '../../../node/requests.ts'
import { createAgreement } from '../../../node/room/agreement.ts'
import type { ListedRoom } from '../../../node/room/directory.ts'
import { createRoomLog, type RoomLog } from '../../../node/room/log.ts'
import { answerSync } from '../../../node/room/sync.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import { BEACON_EXPIRY } from '../../../protocol/limits.ts'
import { BEACON, type Beacon } from '../../../protocol/room/beacon.ts'
import { signedFrom } from '../../../protocol/room/history.ts'
import { LEVEL } from '../../../protocol/room/level.ts'
import { ROOM, type Room, roomOf } from '../../../protocol/room/opening.ts'
import {
  type Act,
  type FurtherAct,
  OPERATION,
  type Operation,
  type SignedOperation,
} from '../../../protocol/room/operation.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { SYNC } from '../../../protocol/wire/services.ts'
import { roomTopic } from '../../../protocol/wire/topics.ts'
import { FORGET_ROOM_MS, PULL_MS } from '../../../relay/fanout/limits.ts'
import { RoomSight } from '../../../relay/fanout/room-sight.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { PATIENCE } from '../../support/patience.ts'
import { connected, createScene, type Guest, type Seat } from './scene.ts'

/** A relay learns who may be heard in Alice's room from what its members signed. Its clock stands still unless a test turns it: nothing is swept. */

const verifier = createVerifier()

async function story({ vis = 'open' as Room['vis'] } = {}) {
  const clock = turnedClock(NOON * 1000)
  const listed = new Observed<readonly ListedRoom[]>([])
  let sight: RoomSight | undefined
  const failures: unknown[] = []
  const scene = await createScene({
    clock,
    gate: (network, judging) => {
      sight = new RoomSight({
        directory: { rooms: listed, isOver: () => false },
        judging,
        network,
        clock,
        report: (_where, error) => failures.push(error),
      })
      return sight
    },
  })
  onTestFinished(() => {
    sight?.stop()
    expect(failures).toEqual([])
  })
  const judging = { verifier, membership: scene.membership }
  const alice = await scene.guest('Alice')
  const payload: Room = {
    m: alice.person.member,
    title: 'A room',
    topics: [],
    lang: 'en',
    vis,
    hands: 'everybody',
    nonce: bytesOf('room').slice(0, 16),
    at: NOON,
  }
  const { community } = scene.membership()
  const opening: Envelope<Room> = await seal(ROOM, community, payload, [alice.person.device])
  const room = roomOf(opening)
  if (vis !== 'private') listed.set([{ id: room, opening, received: NOON } as ListedRoom])
  const topic = roomTopic(community, room)
  scene.relay.subscribe(
    topic,
    roomValidator(judging, room, clock, (message) => {
      sight?.take(room, message)
      return true
    }),
    () => {},
  )
  /** What a participant who sees everything has. */
  const all = createRoomLog(opening)

  return {
    clock,
    scene,
    /** What the relay knows. */
    sight: sight as RoomSight,
    alice,
    room,
    opening,
    all,
    /** Signs an act after everything that was done before, and tells nobody. */
    async act({ person }: Guest, act: Act, also?: readonly FurtherAct[]): Promise<SignedOperation> {
      const { history } = all
      const mine = history.store.operations
        .slice(0, history.size)
        .filter(({ operation }) => operation.m === person.member)
      const fields = {
        r: room,
        m: person.member,
        n: mine.length,
        heads: history.heads,
        at: NOON,
        ...act,
        ...(also && { also }),
      }
      const { bytes } = await seal(OPERATION, community, fields as Operation, [person.device])
      const read = await readOperation(judging, room, bytes)
      if (!read.ok) throw new Error(read.reason)
      expect(all.add(read.value)).toBe('new')
      return read.value
    },
    /** Gossips it. */
    tell: ({ network }: Guest, { envelope }: SignedOperation) => network.publish(topic, envelope.bytes),
    /** From now on the guest shows these operations to whoever asks. */
    show: ({ network }: Guest, log: RoomLog = all) =>
      serve(network, SYNC, async (_from, request) => answerSync(log, createAgreement(log), [], request)),
  }
}

type Story = Awaited<ReturnType<typeof story>>

async function onStage({ act, alice }: Story, guest: Guest): Promise<void> {
  const grant = await act(alice, { k: 'grant', to: guest.person.member, level: LEVEL.speaker })
  await act(guest, { k: 'accept', ref: grant.id })
}

async function endOf(seat: Seat): Promise<string | undefined> {
  await seat.until(({ end }) => end !== undefined)
  return seat.end?.reason
}

async function seated(...seats: readonly Seat[]): Promise<void> {
  await Promise.all(seats.map((seat) => seat.until(connected)))
  expect(seats.map(({ end }) => end)).toEqual(seats.map(() => undefined))
}

it('TICKET-6 lets in a speaker who shows what she was granted, and nobody who was granted nothing', async () => {
  const tale = await story()
  const [bob, carol] = [await tale.scene.guest('Bob'), await tale.scene.guest('Carol')]
  await onStage(tale, bob)
  await Promise.all([tale.alice, bob, carol].map((guest) => tale.show(guest)))
  const { room } = tale
  await seated(tale.alice.sit({ room, speaks: true }), bob.sit({ room, speaks: true }), carol.sit({ room }))
  const bold = (await tale.scene.guest('David')).sit({ room, speaks: true })
  expect(await endOf(bold)).toBe('level-too-low')
})

it('TICKET-6 lets nobody speak who does not show it', async () => {
  const tale = await story()
  const bob = await tale.scene.guest('Bob')
  await onStage(tale, bob)
  // He serves nothing: the request fails.
  expect(await endOf(bob.sit({ room: tale.room, speaks: true }))).toBe('level-too-low')
})

/** Bob is on the stage beside Alice, and both speak over the relay, which has seen it. */
async function bothSpeak(tale: Awaited<ReturnType<typeof story>>) {
  const bob = await tale.scene.guest('Bob')
  await onStage(tale, bob)
  await Promise.all([tale.alice, bob].map((guest) => tale.show(guest)))
  const { room } = tale
  const [hers, his] = [tale.alice.sit({ room, speaks: true }), bob.sit({ room, speaks: true })]
  await seated(hers, his)
  return { bob, hers, his }
}

it.each([
  ['lower', 'level-too-low', { k: 'lower' }],
  ['remove', 'not-admitted', { k: 'remove', why: 'abuse' }],
  ['ban', 'not-admitted', { k: 'ban', why: 'abuse' }],
] as const)(
  'TICKET-6 ends the link of a speaker with the %s that reaches the relay, and no other',
  async (_k, reason, act) => {
    const tale = await story()
    const { bob, hers, his } = await bothSpeak(tale)
    await tale.tell(tale.alice, await tale.act(tale.alice, { ...act, to: bob.person.member }))
    expect(await endOf(his)).toBe(reason)
    expect(hers.link.connected).toBe(true)
  },
)

it('OP-8 ends the link of a speaker with a ban that came beside other acts', async () => {
  const tale = await story()
  const { bob, hers, his } = await bothSpeak(tale)
  const ban = { k: 'ban', to: bob.person.member, why: 'spam' } as const
  await tale.tell(tale.alice, await tale.act(tale.alice, { k: 'lock' }, [ban, { k: 'unlock' }]))
  expect(await endOf(his)).toBe('not-admitted')
  expect(hers.link.connected).toBe(true)
})

it('SYNC-2 takes no more acts of one answer than somebody honest sends', async () => {
  const tale = await story()
  const bob = await tale.scene.guest('Bob')
  const locks = Array<FurtherAct>(31).fill({ k: 'lock' })
  for (let i = 0; i < 8; i++) await tale.act(tale.alice, { k: 'lock' }, locks)
  await onStage(tale, bob)
  const ops = signedFrom(tale.all.history).map(({ envelope }) => envelope.bytes)
  expect(ops).toHaveLength(10)
  let atOnce = true
  await serve(bob.network, SYNC, async (_from, request) => {
    const answer = answerSync(tale.all, createAgreement(tale.all), [], request)
    return atOnce ? { ...answer, ops, next: undefined } : answer
  })
  const { room } = tale
  expect(await endOf(bob.sit({ room, speaks: true }))).toBe('level-too-low')
  atOnce = false
  await seated(bob.sit({ room, speaks: true }))
})

it('TICKET-6 ends the links of all when the room is over', async () => {
  const tale = await story()
  await tale.show(tale.alice)
  const { room } = tale
  const seats = [tale.alice.sit({ room, speaks: true }), (await tale.scene.guest('Bob')).sit({ room })]
  await seated(...seats)
  await tale.tell(tale.alice, await tale.act(tale.alice, { k: 'end' }))
  expect(await Promise.all(seats.map(endOf))).toEqual(['not-admitted', 'not-admitted'])
})

it('TICKET-6 learns what gossip lost from those who are there', async () => {
  const tale = await story()
  const bob = await tale.scene.guest('Bob')
  await tale.show(tale.alice)
  const { room } = tale
  // She was there first, and is the first to be asked.
  const hers = tale.alice.sit({ room, speaks: true })
  await seated(hers)
  const his = bob.sit({ room })
  await seated(his)
  await tale.act(tale.alice, { k: 'ban', to: bob.person.member, why: 'spam' })
  tale.clock.turn(PULL_MS)
  expect(await endOf(his)).toBe('not-admitted')
  expect(hers.link.connected).toBe(true)
})

it('TICKET-6 is not talked out of a ban by whoever leaves it out', async () => {
  const tale = await story()
  const bob = await tale.scene.guest('Bob')
  await onStage(tale, bob)
  await tale.show(tale.alice)
  const kept = createRoomLog(tale.opening)
  for (const each of tale.all.history.store.operations) kept.add(each)
  await tale.show(bob, kept)
  await tale.act(tale.alice, { k: 'ban', to: bob.person.member, why: 'spam' })
  const { room } = tale
  await seated(tale.alice.sit({ room, speaks: true }))
  expect(await endOf(bob.sit({ room, speaks: true }))).toBe('not-admitted')
})

it('TICKET-6 takes nothing from who has no right to it: a listener bans nobody', async () => {
  const tale = await story()
  const mallory = await tale.scene.guest('Mallory')
  await tale.show(tale.alice)
  const { room } = tale
  const hers = tale.alice.sit({ room, speaks: true })
  await seated(hers, mallory.sit({ room }))
  await tale.tell(mallory, await tale.act(mallory, { k: 'ban', to: tale.alice.person.member, why: 'spam' }))
  await tale.tell(mallory, await tale.act(mallory, { k: 'lower', to: tale.alice.person.member }))
  // Whoever comes now is judged by a state that has both.
  await seated((await tale.scene.guest('Carol')).sit({ room }))
  expect(hers.link.connected).toBe(true)
})

it('TICKET-6 carries no private room, whatever is shown of it', async () => {
  const tale = await story({ vis: 'private' })
  await tale.show(tale.alice)
  expect(await endOf(tale.alice.sit({ room: tale.room, speaks: true }))).toBe('not-admitted')
})

it('forgets a room that nobody is in, and learns it anew', async () => {
  const tale = await story()
  await tale.show(tale.alice)
  const { room } = tale
  const first = tale.alice.sit({ room, speaks: true })
  await seated(first)
  await first.link.close()
  tale.clock.turn(FORGET_ROOM_MS + 2 * PULL_MS)
  await seated(tale.alice.sit({ room, speaks: true }))
})

it('CASCADE-7 knows who on the stage says that they speak, for as long as it is said', async () => {
  const tale = await story()
  const { scene, alice, room, clock } = tale
  const [bob, carol] = [await scene.guest('Bob'), await scene.guest('Carol')]
  await onStage(tale, bob)
  await Promise.all([alice, bob, carol].map((guest) => tale.show(guest)))
  await seated(bob.sit({ room, speaks: true }), carol.sit({ room }))
  const { community } = scene.membership()
  let seq = clock.now()
  const session = signerOf('Bob session').publicKey
  async function say({ person, network }: Guest, change: Partial<Beacon> = {}): Promise<void> {
    seq += 1
    const base = { r: room, m: person.member, peer: session, seq, here: true, hand: 0 }
    const beacon: Beacon = { ...base, mic: 'open', speak: true, ...change }
    const { bytes } = await seal(BEACON, community, beacon, [person.device])
    await network.publish(roomTopic(community, room), bytes)
  }
  const speaks = ({ person }: Guest) => tale.sight.speaks(room, person.member, session)
  expect(speaks(bob)).toBe(false)
  await say(bob)
  await vi.waitUntil(() => speaks(bob), PATIENCE)
  // She is not on the stage, whatever she says, and it is not for her to say of his session.
  await say(carol, { speak: false })
  await say(carol)
  expect([speaks(bob), speaks(carol)]).toEqual([true, false])
  for (const change of [{ speak: false }, { mic: 'muted' as const }, { here: false }]) {
    await say(bob)
    await vi.waitUntil(() => speaks(bob), PATIENCE)
    await say(bob, change)
    await vi.waitUntil(() => !speaks(bob), PATIENCE)
  }
  await say(bob)
  await vi.waitUntil(() => speaks(bob), PATIENCE)
  clock.turn((BEACON_EXPIRY + 1) * 1000)
  expect(speaks(bob)).toBe(false)
})
