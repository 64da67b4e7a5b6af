import { describe, expect, test } from 'vitest'
import type { Network } from '../../../node/network/network.ts'
import { NetworkError } from '../../../node/network/network-error.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { second } from '../../../node/ports/clock.ts'
import { sealPresence } from '../../../node/presence.ts'
import { ask, serve } from '../../../node/requests.ts'
import { open } from '../../../protocol/envelope.ts'
import type { MemberId, RoomId } from '../../../protocol/ids.ts'
import { sealCall } from '../../../protocol/room/call.ts'
import { OPERATION } from '../../../protocol/room/operation.ts'
import { PRESENCE } from '../../../protocol/session.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { EPOCH } from '../../../protocol/wire/epoch.ts'
import { decodeFrame } from '../../../protocol/wire/frame.ts'
import { CALL, TELL } from '../../../protocol/wire/private-room.ts'
import { HELLO, SYNC } from '../../../protocol/wire/services.ts'
import { roomTopic } from '../../../protocol/wire/topics.ts'
import { Allowance } from '../../../relay/allowance.ts'
import { answerCalls } from '../../../relay/services/calls.ts'
import { Sessions } from '../../../relay/sessions.ts'
import { UnderWay } from '../../../relay/under-way.ts'
import { bytesOf, type Person, signerOf } from '../../support/community.ts'
import { microphone } from '../../support/node-peer.ts'
import { memberOf } from '../../support/stage.ts'
import { createScene, settled, until } from '../mesh/scene.ts'
import { rig } from './rig.ts'

// Three people, and every beacon of half a minute signed and verified, on a machine that runs other tests too.
const SECRET_EVENING = { title: 'The surprise', topics: [], language: 'en', isPrivate: true }
const never = AbortSignal.any([])

/** Alice, Bob and Carol at one relay, which answers calls as the real one does. */
async function village() {
  const scene = await createScene()
  const relay = scene.hub.add(signerOf('relay session').publicKey)
  const gate = { admit: () => {}, recognise: () => {}, revoke: () => {} }
  const sessions = new Sessions(gate, scene.clock)
  const allowance = new Allowance(scene.clock, { burst: 1000, refill: 1 })
  const parts = { network: relay, sessions, gets: allowance, calls: allowance, underWay: new UnderWay() }
  await serve(relay, HELLO, async () => ({}))
  await serve(relay, CALL, (from, request) => answerCalls(parts, from, request))
  /** Everything that was said on a topic, whoever listens. */
  const published: string[] = []

  async function come(name: string) {
    const one = await rig(scene, name)
    const { network, person, session } = one
    for (const other of scene.hub.peers.keys()) if (other !== relay.peer) scene.hub.cut(network.peer, other)
    scene.hub.link(network.peer, relay.peer)
    network.relays = () => [relay.peer]
    await one.greetings.enter(relay.peer, never)
    const publish = network.publish.bind(network)
    network.publish = async (topic, data) => {
      published.push(topic)
      await publish(topic, data)
    }
    await enter(person, session)
    return one
  }
  /** Lets another session of somebody in. */
  async function enter({ member, device }: Person, session: Signer): Promise<void> {
    const now = second(scene.clock)
    const presence = await sealPresence({ member, device, session }, scene.membership().community, now)
    sessions.enter(peerIdOf(session.publicKey), { kind: 'member', member, until: now + 600, presence })
  }
  /** Lets time go by, a second at a time. */
  async function turn(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      scene.clock.turn(1_000)
      for (let i = 0; i < 10; i++) await settled()
    }
  }
  return {
    scene,
    relay,
    turn,
    come,
    enter,
    published,
    alice: await come('Alice'),
    bob: await come('Bob'),
    carol: await come('Carol'),
  }
}

/** The same, where Alice has opened a private room and let Bob in, who is there. */
async function evening() {
  const all = await village()
  const { alice, bob, turn } = all
  const hers = await alice.rooms.open(SECRET_EVENING)
  const id = hers.view.value.id
  await hers.letIn([bob.person.member])
  await until(bob.calls.rooms, (rooms) => rooms.length === 1)
  const joining = bob.rooms.join(id)
  await turn(3_000)
  const his = await joining
  await until(hers.view, ({ people }) => people.length === 2)
  return { ...all, hers, his, id }
}

type Rig = Awaited<ReturnType<typeof rig>>

/** Links two, who then know of each other who they are. */
async function meet({ scene }: Pick<Awaited<ReturnType<typeof village>>, 'scene'>, one: Rig, other: Rig) {
  scene.hub.link(one.network.peer, other.network.peer)
  await until(one.greetings.members, (members) => members.has(other.network.peer))
  await until(other.greetings.members, (members) => members.has(one.network.peer))
}

describe('a private room', () => {
  test('PRIVATE-3 is in the list of those whom it lets in, and of nobody else', async () => {
    const { alice, bob, carol, turn } = await village()
    const hers = await alice.rooms.open(SECRET_EVENING)
    await turn(30_000)
    for (const one of [alice, bob, carol]) expect(one.directory.rooms.value).toEqual([])
    expect(bob.calls.rooms.value).toEqual([])
    await hers.letIn([bob.person.member])
    const [listed] = await until(bob.calls.rooms, (rooms) => rooms.length === 1)
    expect(listed?.opening.payload).toMatchObject({ title: 'The surprise', vis: 'private' })
    await turn(30_000)
    expect(bob.calls.rooms.value).toHaveLength(1)
    expect(carol.calls.rooms.value).toEqual([])
    for (const one of [alice, bob, carol]) expect(one.directory.rooms.value).toEqual([])
  })

  test('PRIVATE-4 is on no topic, and those in it hear each other at once', async () => {
    const { scene, hers, his, alice, bob, turn, published, id } = await evening()
    await his.raiseHand(true)
    await turn(1_000)
    await until(hers.view, ({ people }) => people.some(({ hand }) => hand === 1))
    await hers.offerStage(bob.person.member)
    await until(his.view, ({ me }) => me.offered)
    await his.acceptOffer()
    await until(hers.view, ({ people }) => people.filter(({ onStage }) => onStage).length === 2)
    expect(published.filter((topic) => topic.includes(id))).toEqual([])
    expect(published).toEqual([])
    const topic = roomTopic(scene.membership().community, id)
    expect([...alice.network.subscribers(topic), ...bob.network.subscribers(topic)]).toEqual([])
  })

  test('OP-8 several are let in by one message', async () => {
    const { scene, hers, alice, bob, id, turn } = await evening()
    const guests = ['Dave', 'Erin', 'Frank'].map(memberOf)
    await hers.letIn(guests)
    await turn(1_000)
    expect(bob.rooms.current?.session.view.value.letIn).toHaveLength(4)
    const { ops = [] } = alice.rooms.current?.sync(bob.network.peer, { r: id, heads: [] }) ?? {}
    const { community } = scene.membership()
    const said = ops.flatMap((bytes) => {
      const opened = open(OPERATION, community, bytes)
      return opened.ok && opened.value.payload.k === 'admit' ? opened.value.payload : []
    })
    expect(said.map(({ also }) => also?.length)).toEqual([undefined, 2])
  })

  test('TICKET-6 is carried by no relay, as other rooms may be', async () => {
    const { alice, bob, hers } = await evening()
    expect([alice, bob].map(({ relayed }) => [...relayed])).toEqual([[undefined], [undefined]])
    await hers.leave()
    await alice.rooms.open({ ...SECRET_EVENING, isPrivate: false })
    expect(alice.relayed).toContain('speaker')
  })

  test('CARRY-6 tells both, the one who speaks too, when their devices do not reach each other, until they do', async () => {
    const { scene, alice, bob, hers, his, turn } = await evening()
    scene.media.sever()
    await hers.setMicrophone(microphone())
    const shown = () => {
      const herBob = hers.view.value.people.find(({ member }) => member === bob.person.member)
      const hisAlice = his.view.value.people.find(({ member }) => member === alice.person.member)
      return [herBob?.link, herBob?.failure, hisAlice?.link, hisAlice?.failure]
    }
    const come = async (...wanted: readonly unknown[]) => {
      for (let seconds = 0; seconds < 60 && String(shown()) !== String(wanted); seconds++) await turn(1_000)
      expect(shown()).toEqual(wanted)
    }
    await come('failed', 'unreached', 'failed', 'unreached')
    scene.media.heal()
    await come('connected', undefined, 'connected', undefined)
  })

  test('PRIVATE-3 leaves the list when nobody calls any more, and at once when it ends', async () => {
    const { hers, his, bob, turn } = await evening()
    await his.leave()
    await turn(15_000)
    expect(bob.calls.rooms.value).toHaveLength(1)
    await hers.shutOut(bob.person.member)
    await turn(45_000)
    expect(bob.calls.rooms.value).toEqual([])
    await hers.letIn([bob.person.member])
    await until(bob.calls.rooms, (rooms) => rooms.length === 1)
    await hers.end()
    await until(bob.calls.rooms, (rooms) => rooms.length === 0)
    await expect(bob.rooms.join(hers.view.value.id)).rejects.toMatchObject({ code: 'room-gone' })
  })

  test('PRIVATE-5 puts out whoever is shut out, and tells them', async () => {
    const { hers, his, bob } = await evening()
    await hers.shutOut(bob.person.member)
    await until(his.view, ({ status }) => status === 'out')
    expect(his.view.value.out).toMatchObject({ by: 'private' })
    await until(hers.view, ({ people }) => people.length === 1)
  })

  test('PRIVATE-5 asks nothing more of whoever is shut out, though they stay linked', async () => {
    const { hers, his, alice, bob, turn } = await evening()
    const asked: string[] = []
    const request = alice.network.request.bind(alice.network)
    alice.network.request = (peer, protocol, ...rest) => {
      if (peer === bob.network.peer) asked.push(protocol)
      return request(peer, protocol, ...rest)
    }
    await turn(20_000)
    expect(asked).toContain(SYNC.protocol)
    await hers.shutOut(bob.person.member)
    await until(his.view, ({ status }) => status === 'out')
    asked.length = 0
    await turn(20_000)
    expect(alice.network.connections().map(({ peer }) => peer)).toContain(bob.network.peer)
    expect(asked).toEqual([])
    await hers.letIn([bob.person.member])
    await turn(20_000)
    expect(asked).toContain(SYNC.protocol)
  })

  test.each(['remove', 'ban'] as const)(
    'PRIVATE-5 says to whom a %s is about that they are out',
    async (deed) => {
      const { hers, his, bob } = await evening()
      if (deed === 'ban') await hers.banMember(bob.person.member, 'abuse')
      else await hers.removeMember(bob.person.member, 'abuse')
      await until(his.view, ({ status }) => status === 'out')
      expect(his.view.value.out).toMatchObject({ by: deed, why: 'abuse' })
    },
  )

  test('is found again by its host who comes back while another leads it', async () => {
    const { alice, hers, his, bob, turn, id } = await evening()
    await hers.offerLevel(bob.person.member, 60)
    await until(his.view, ({ me }) => me.offered)
    await his.acceptOffer()
    await hers.leave()
    await until(his.view, ({ people }) => people.length === 1)
    const back = await alice.rooms.join(id)
    await turn(15_000)
    await until(back.view, ({ people }) => people.length === 2)
    await until(his.view, ({ people }) => people.length === 2)
  })
})

describe('who was not let in', () => {
  test('PRIVATE-5 is refused by everybody in it, whatever they ask by its id', async () => {
    const all = await evening()
    const { alice, bob, carol, id } = all
    await meet(all, carol, alice)
    await meet(all, carol, bob)
    const { network } = carol
    for (const { peer } of [alice.network, bob.network]) {
      const refused = { ok: false, reason: 'not-admitted' }
      expect(await ask(network, peer, SYNC, { r: id, heads: [] }, never)).toMatchObject(refused)
      const secret = { r: id, n: 1, g: 0, s: bytesOf('a secret') }
      expect(await ask(network, peer, EPOCH, secret, never)).toMatchObject(refused)
      const told = await ask(network, peer, TELL, { r: id, of: [bytesOf('anything')] }, never)
      expect(told).toMatchObject(refused)
    }
    const yes = await ask(bob.network, alice.network.peer, SYNC, { r: id, heads: [] }, never)
    expect(yes).toMatchObject({ ok: true, value: { opening: expect.any(Uint8Array) } })
  })

  test('ANN-2 finds it in no list that others give', async () => {
    const all = await evening()
    for (const { directory } of [all.alice, all.bob]) expect(directory.rooms.value).toEqual([])
    all.carol.listRead.set(true)
    await expect(all.carol.rooms.join(all.id)).rejects.toMatchObject({ code: 'room-gone' })
  })

  test('is told so when they come with a call that somebody passed on to them', async () => {
    const all = await evening()
    const { alice, bob, carol, turn, id } = all
    const [listed] = bob.calls.rooms.value
    await carol.calls.receive(listed?.announcement.bytes as Uint8Array)
    const joining = carol.rooms.join(id)
    await turn(5_000)
    const { view } = await joining
    expect(view.value).toMatchObject({ status: 'out', out: { by: 'private' }, title: 'The surprise' })
    expect(view.value.people).toHaveLength(1)
    for (const { rooms } of [alice, bob]) {
      const people = rooms.current?.session.view.value.people ?? []
      expect(people.map(({ member }) => member)).not.toContain(carol.person.member)
    }
    // Alice changes her mind.
    await alice.rooms.current?.session.letIn([carol.person.member])
    await turn(10_000)
    await until(view, ({ status, people }) => status === 'open' && people.length === 3)
  })

  test('PRIVATE-5 learns nothing of who is joining and knows nobody yet', async () => {
    const all = await village()
    const { alice, bob, carol } = all
    const hers = await alice.rooms.open(SECRET_EVENING)
    const { id } = hers.view.value
    await hers.letIn([bob.person.member])
    await until(bob.calls.rooms, (rooms) => rooms.length === 1)
    // Alice is not reached.
    bob.network.connect = async () => {
      throw new Error('out of reach')
    }
    const joining = bob.rooms.join(id)
    const failed = expect(joining).rejects.toMatchObject({ code: 'room-unreachable' })
    while (bob.rooms.current === undefined) await settled()
    await meet(all, carol, bob)
    expect(await ask(carol.network, bob.network.peer, SYNC, { r: id, heads: [] }, never)).toEqual({
      ok: false,
      reason: 'room-unknown',
    })
    await all.turn(21_000)
    await failed
  })

  test('TELL-1 tells nothing into a room that is not private', async () => {
    const all = await village()
    const { alice, bob } = all
    const hers = await alice.rooms.open({ ...SECRET_EVENING, isPrivate: false })
    await meet(all, alice, bob)
    const told = (r: RoomId) =>
      ask(bob.network, alice.network.peer, TELL, { r, of: [bytesOf('anything')] }, never)
    expect(await told(hers.view.value.id)).toEqual({ ok: false, reason: 'foreign-room' })
    await hers.leave()
    expect(await told(hers.view.value.id)).toEqual({ ok: false, reason: 'room-unknown' })
  })
})

describe('a call', () => {
  async function called() {
    const all = await evening()
    const { bob, carol, scene, relay } = all
    const [listed] = bob.calls.rooms.value
    const bytes = listed?.announcement.bytes as Uint8Array
    const to = carol.session.publicKey
    const call = sealCall(scene.membership().community, to, bytes, bytesOf('seed'))
    return {
      ...all,
      bytes,
      to,
      call,
      at: (from: Network) => ask(from, carol.network.peer, CALL, { to, call }, never),
      relay,
    }
  }

  test('CALL-1 is taken of a relay, and of no other', async () => {
    const all = await called()
    await meet(all, all.bob, all.carol)
    expect(await all.at(all.bob.network)).toEqual({ ok: false, reason: 'not-admitted' })
    expect(all.carol.calls.rooms.value).toEqual([])
    expect(await all.at(all.relay)).toEqual({ ok: true, value: {} })
    expect(all.carol.calls.rooms.value).toHaveLength(1)
  })

  test('CALL-1 is answered alike whatever comes of it: a relay cannot find out which calls are into one room', async () => {
    const all = await called()
    const { alice, carol, to, scene, bytes } = all
    const { community } = scene.membership()
    await alice.rooms.open({ ...SECRET_EVENING, isPrivate: false })
    await all.turn(1_000)
    const [foreign] = await until(alice.directory.rooms, (rooms) => rooms.length === 1)
    const known = foreign?.announcement.bytes as Uint8Array
    for (const each of [bytes, bytes, known, bytesOf('no announcement')]) {
      const call = sealCall(community, to, each, bytesOf('seed'))
      const answer = await ask(all.relay, carol.network.peer, CALL, { to, call }, never)
      expect(answer).toEqual({ ok: true, value: {} })
    }
    expect(carol.calls.rooms.value).toHaveLength(1)
  })

  test('PRIVATE-2 that a relay plays back brings no room into the list again', async () => {
    const { hers, his, bob, relay, turn } = await evening()
    await his.leave()
    const again: (() => Promise<unknown>)[] = []
    const request = relay.request.bind(relay)
    relay.request = (peer, protocol, ...rest) => {
      if (peer === bob.network.peer && protocol === CALL.protocol)
        again.push(() => request(peer, protocol, ...rest))
      return request(peer, protocol, ...rest)
    }
    await turn(20_000)
    expect([again.length >= 2, bob.calls.rooms.value.length]).toEqual([true, 1])
    await hers.leave()
    await turn(45_000)
    expect(bob.calls.rooms.value).toEqual([])
    for (const play of again) await play()
    expect(bob.calls.rooms.value).toEqual([])
  })

  test('CALL-1 to a session that never takes it keeps nobody else from being called', async () => {
    const { alice, bob, carol, relay, turn } = await village()
    let waiting = 0
    const request = relay.request.bind(relay)
    relay.request = (peer, protocol, ...rest) => {
      if (peer !== bob.network.peer || protocol !== CALL.protocol) return request(peer, protocol, ...rest)
      waiting += 1
      return Promise.withResolvers<never>().promise
    }
    const hers = await alice.rooms.open(SECRET_EVENING)
    await hers.letIn([bob.person.member, carol.person.member])
    await turn(1_000)
    expect(carol.calls.rooms.value).toHaveLength(1)
    await turn(120_000)
    expect([carol.calls.rooms.value.length, waiting]).toEqual([1, 4])
  })

  test('CALL-1 that a relay fails to pass on keeps nobody else from being called', async () => {
    const { alice, bob, carol, turn } = await village()
    const request = alice.network.request.bind(alice.network)
    alice.network.request = async (peer, protocol, body, ...rest) => {
      const asked = protocol === CALL.protocol ? decodeFrame(CALL.request, body) : undefined
      if (asked?.ok && asked.value.to === bob.session.publicKey)
        throw new NetworkError('refused', 'no stream')
      return request(peer, protocol, body, ...rest)
    }
    const hers = await alice.rooms.open(SECRET_EVENING)
    await hers.letIn([bob.person.member, carol.person.member])
    await turn(1_000)
    expect([bob, carol].map(({ calls }) => calls.rooms.value.length)).toEqual([0, 1])
  })

  test('PRIVATE-3 waits for the round before: a slow relay is not asked more and more', async () => {
    const { alice, bob, turn } = await village()
    const request = alice.network.request.bind(alice.network)
    const slow: (() => void)[] = []
    alice.network.request = async (peer, protocol, ...rest) => {
      if (protocol === CALL.protocol) await new Promise<void>((resolve) => slow.push(resolve))
      return request(peer, protocol, ...rest)
    }
    const hers = await alice.rooms.open(SECRET_EVENING)
    await hers.letIn([bob.person.member])
    await turn(60_000)
    expect(slow).toHaveLength(1)
    for (let i = 0; i < 2; i++) {
      slow[i]?.()
      await turn(1_000)
    }
    expect(bob.calls.rooms.value).toHaveLength(1)
  })

  test('CALL-1 names some sessions of everybody, however many somebody has', async () => {
    const { scene, relay, alice, bob, carol, enter } = await village()
    for (let i = 0; i < 15; i++) await enter(bob.person, signerOf(`tab ${i}`))
    const of = [alice, bob, carol].map(({ person }) => person.member)
    const others = Array.from({ length: 29 }, (_, i) => memberOf(`Somebody ${i}`))
    const whoIs = async (members: readonly MemberId[]) => {
      const answer = await ask(alice.network, relay.peer, CALL, { of: members }, never)
      return (answer.ok ? (answer.value.here ?? []) : []).map((presence) => {
        const opened = open(PRESENCE, scene.membership().community, presence)
        return opened.ok ? opened.value.payload.m : undefined
      })
    }
    const count = (named: readonly unknown[], member: MemberId) =>
      named.filter((one) => one === member).length
    const few = await whoIs(of)
    expect(of.map((member) => count(few, member))).toEqual([1, 16, 1])
    const many = await whoIs([...of, ...others])
    expect(of.map((member) => count(many, member))).toEqual([1, 2, 1])
  })

  test('CALL-1 is for the session that takes it, and sealed for it', async () => {
    const { relay, carol, bob, call, to } = await called()
    const at = (request: Parameters<typeof ask<{ to: typeof to; call: typeof call }, never>>[3]) =>
      ask(relay, carol.network.peer, CALL, request, never)
    const other = bob.session.publicKey
    expect(await at({ to: other, call })).toEqual({ ok: false, reason: 'wrong-peer' })
    const damaged = { ...call, box: call.box.with(9, (call.box[9] as number) ^ 1) }
    expect(await at({ to, call: damaged })).toEqual({ ok: false, reason: 'sealed-wrong' })
  })

  test('ANN-2 is into a private room, and a private room is announced in no other way', async () => {
    const { alice, bob, carol, bytes, turn } = await called()
    expect(await carol.directory.receive(bytes)).toMatchObject({ ok: false, reason: 'foreign-room' })
    await alice.rooms.open({ ...SECRET_EVENING, isPrivate: false })
    await turn(1_000)
    const [open] = alice.directory.rooms.value
    const announced = open?.announcement.bytes as Uint8Array
    expect(await bob.calls.receive(announced)).toMatchObject({ ok: false, reason: 'foreign-room' })
    expect(await bob.directory.receive(announced)).toMatchObject({ ok: true })
  })
})
