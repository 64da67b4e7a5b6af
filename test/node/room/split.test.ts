import { describe, expect, test } from 'vitest'
import { second } from '../../../node/ports/clock.ts'
import { peekType, seal } from '../../../protocol/envelope.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { type Act, OPERATION } from '../../../protocol/room/operation.ts'
import { roomTopic } from '../../../protocol/wire/topics.ts'
import { settled } from '../mesh/scene.ts'
import { evening } from './evening.ts'

/** On a busy machine; alone it is a second for each. */
/** How long a network stays apart, and how soon after it heals everybody has to say the same. Milliseconds. */
const APART = 60_000
const SOON = 5_000

describe('a room that falls apart', () => {
  test('SYNC-1 into five, and heals: everybody has the same operations and says the same five seconds later', async () => {
    const { peers, alice, bob, carol, dave, erin, of, said, part, heal, turn } = await evening()
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    part()
    await of(alice).setLocked(true)
    // Each puts out somebody whom the other let speak.
    await of(bob).removeMember(dave.person.member, 'abuse')
    await of(carol).removeMember(erin.person.member, 'spam')
    await of(dave).stepDown()
    await turn(APART)
    expect(said(bob)).not.toEqual(said(carol))
    heal()
    await turn(SOON)
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    expect(said(alice).digest).toBeInstanceOf(Uint8Array)
    expect(
      of(alice)
        .view.value.record.map(({ what }) => what)
        .toSorted(),
    ).toEqual(['lock', 'remove', 'remove'])
    expect(of(erin).view.value.status).toBe('out')
  })

  test('SYNC-1 into three, and heals: asking is enough, for everything that was said while it was apart and by nobody again', async () => {
    const { scene, id, peers, alice, bob, carol, dave, erin, of, said, levelIn, part, heal, turn } =
      await evening()
    part()
    const parts = [[alice, dave], [bob, erin], [carol]] as const
    for (const [one, other] of parts) if (other) scene.hub.link(one.network.peer, other.network.peer)
    // Whoever acted a moment ago writes no checkpoint: nothing is said of the room for as long as it takes.
    await turn(APART - SOON)
    await of(alice).removeFromStage(carol.person.member)
    await of(alice).changeRoom({ title: 'Alice’s evening' })
    await of(bob).changeRoom({ title: 'Bob’s evening' })
    await of(bob).muteMember(dave.person.member)
    await of(carol).changeRoom({ title: 'Carol’s evening' })
    await of(carol).removeFromStage(erin.person.member)
    await of(erin).stepDown()
    await turn(SOON)
    for (const [one, other] of parts) if (other) expect(said(other)).toEqual(said(one))
    expect(new Set([alice, bob, carol].map((peer) => String(said(peer).digest))).size).toBe(3)
    const told = new Set<unknown>()
    for (const { network } of peers) {
      const publish = network.publish.bind(network)
      network.publish = async (topic, bytes) => {
        const type = peekType(bytes)
        if (topic === roomTopic(scene.membership().community, id)) told.add(type.ok && type.value)
        return publish(topic, bytes)
      }
    }
    heal()
    await turn(SOON)
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    expect(told).toEqual(new Set(['beacon']))
    for (const peer of peers) {
      expect(of(peer).view.value.title).toBe('Alice’s evening')
      expect(levelIn(peer, carol)).toBe(0)
    }
  })

  test('ROOM-4 while its host lowers a moderator: what they did meanwhile counts for nobody', async () => {
    const { peers, alice, bob, dave, of, said, levelIn, part, heal, turn } = await evening()
    part()
    await of(alice).removeFromStage(bob.person.member)
    await of(bob).banMember(dave.person.member, 'other')
    await turn(APART)
    expect(of(bob).view.value.record.map(({ what }) => what)).toContain('ban')
    heal()
    await turn(SOON)
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    for (const peer of peers) {
      expect(levelIn(peer, bob)).toBe(0)
      expect(levelIn(peer, dave)).toBe(20)
      expect(of(peer).view.value.record.map(({ what }) => what)).toEqual(['lower'])
    }
  })

  test('ROOM-4 while its host lowers a moderator: a room that they ended meanwhile goes on for everybody', async () => {
    const { scene, peers, alice, bob, carol, of, said, part, turn } = await evening()
    part()
    scene.hub.link(bob.network.peer, carol.network.peer)
    await turn(SOON)
    await of(bob).end()
    await settled()
    expect([of(bob), of(carol)].map(({ view }) => view.value.status)).toEqual(['ended', 'ended'])
    await of(alice).removeFromStage(bob.person.member)
    await turn(SOON)
    for (const peer of peers)
      for (const other of peers) if (peer !== other) scene.hub.link(peer.network.peer, other.network.peer)
    await turn(2 * SOON)
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    expect(peers.map((peer) => of(peer).view.value.status)).toEqual(peers.map(() => 'open'))
  })

  test('ROOM-8 after a host who hands it over: it is the other’s once it is taken, and nothing of before is lost', async () => {
    const { alice, bob, dave, of, said, levelIn, turn, peers } = await evening()
    await of(alice).offerLevel(bob.person.member, 90)
    await settled()
    await of(alice).banMember(dave.person.member, 'other')
    await settled()
    await of(bob).acceptOffer()
    await turn(SOON)
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    expect([levelIn(alice, bob), levelIn(alice, alice)]).toEqual([90, 0])
    expect(of(dave).view.value.status).toBe('out')
  })
})

describe('a modified client in a room', () => {
  /** Mallory, a member who signs what she likes; Dave passes it on to all others. */
  async function besieged() {
    const there = await evening()
    const { scene, id, alice, bob, carol, dave, erin, turn } = there
    const { person } = await scene.session('Mallory')
    const { community } = scene.membership()
    const shout = async (bytes: Uint8Array) => {
      await dave.network.publish(roomTopic(community, id), bytes)
      await settled()
    }
    const say = async (m: MemberId, at: number, act: Act) => {
      const heads = there.said(alice).heads ?? []
      await shout(
        (await seal(OPERATION, community, { r: id, m, n: 0, heads, at, ...act }, [person.device])).bytes,
      )
    }
    // Nobody writes a checkpoint any more.
    await turn(12_000)
    return { ...there, peers: [alice, bob, carol, erin], person, shout, say, now: () => second(scene.clock) }
  }

  test('OP-3 is not the host by saying so', async () => {
    const { peers, alice, of, say, said, person, now } = await besieged()
    const before = said(alice)
    await say(alice.person.member, now(), { k: 'end' })
    for (const peer of peers) expect(said(peer)).toEqual(before)
    expect(of(alice).view.value.status).toBe('open')
    // The same under her own name is heard, and changes nothing but what is known.
    await say(person.member, now(), { k: 'end' })
    for (const peer of peers) {
      expect(said(peer).heads).not.toEqual(before.heads)
      expect(of(peer).view.value.status).toBe('open')
    }
  })

  test('OP-7 does nothing from the future, until that has come', async () => {
    const { peers, alice, say, said, person, now, turn } = await besieged()
    const before = said(alice)
    const at = now() + 301
    await say(person.member, at, { k: 'checkpoint' })
    for (const peer of peers) expect(said(peer)).toEqual(before)
    await turn(1_000)
    await say(person.member, at, { k: 'checkpoint' })
    for (const peer of peers) expect(said(peer).heads).not.toEqual(before.heads)
  })

  test('ROOM-4 brings nobody back by saying again what was said before', async () => {
    const { peers, alice, bob, dave, id, of, said, levelIn, shout } = await besieged()
    const { ops = [] } = alice.rooms.current?.sync(bob.network.peer, { r: id, heads: [] }) ?? {}
    expect(ops.length).toBeGreaterThan(8)
    await of(alice).removeFromStage(dave.person.member)
    await settled()
    const before = said(alice)
    for (const bytes of ops) await shout(bytes)
    for (const peer of peers) {
      expect(said(peer)).toEqual(before)
      expect(levelIn(peer, dave)).toBe(0)
    }
  })
})
