import { describe, expect, test, vi } from 'vitest'
import { second } from '../../../node/ports/clock.ts'
import { sealPresence } from '../../../node/presence.ts'
import { ask, serve } from '../../../node/requests.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import { EPOCH } from '../../../protocol/wire/epoch.ts'
import { HELLO } from '../../../protocol/wire/services.ts'
import { roomTopic } from '../../../protocol/wire/topics.ts'
import { WELCOME, type WelcomeAnswer, type WelcomeRequest } from '../../../protocol/wire/welcome.ts'
import { publicOf } from '../../../protocol/x25519.ts'
import { Allowance } from '../../../relay/allowance.ts'
import { answerWelcome } from '../../../relay/services/welcome.ts'
import { Sessions } from '../../../relay/sessions.ts'
import { UnderWay } from '../../../relay/under-way.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { createScene, settled, until } from '../mesh/scene.ts'
import { rig } from './rig.ts'

// Beacons of half a minute are signed and verified, on a machine that runs other tests too.
vi.setConfig({ testTimeout: 30_000 })

const never = AbortSignal.any([])
type Rig = Awaited<ReturnType<typeof rig>>

/** Alice has opened a room, and Bob and Carol, who hide their addresses so that voices go over a relay, may come. Nobody is ever linked but with the relay. */
async function doorstep({ isPrivate = false, burst = 32, most = 32 } = {}) {
  const scene = await createScene()
  const relay = scene.hub.add(signerOf('relay session').publicKey)
  const gate = { admit: () => {}, recognise: () => {}, revoke: () => {} }
  const sessions = new Sessions(gate, scene.clock)
  const parts = {
    network: relay,
    sessions,
    welcomes: new Allowance(scene.clock, { burst, refill: 1_000_000 }),
    answers: new Allowance(scene.clock, { burst: most, refill: 1_000_000 }),
    underWay: new UnderWay(),
  }
  /** What the relay passed on. */
  const passed: { readonly request: WelcomeRequest; readonly answer: WelcomeAnswer }[] = []
  await serve(relay, HELLO, async () => ({}))
  await serve(relay, WELCOME, async (from, request, signal) => {
    const answer = await answerWelcome(parts, from, request, signal)
    passed.push({ request, answer })
    return answer
  })

  const presenceOf = ({ person, session }: Rig) =>
    sealPresence({ ...person, session }, scene.membership().community, second(scene.clock))

  async function come(name: string): Promise<Rig> {
    const one = await rig(scene, name)
    const { network, person } = one
    for (const other of scene.hub.peers.keys()) if (other !== relay.peer) scene.hub.cut(network.peer, other)
    scene.hub.link(network.peer, relay.peer)
    network.relays = () => [relay.peer]
    network.connect = () => new Promise(() => {})
    await one.greetings.enter(relay.peer, never)
    const [presence, until] = [await presenceOf(one), second(scene.clock) + 600]
    const member = { kind: 'member', member: person.member, until, presence } as const
    sessions.enter(network.peer, member)
    return one
  }

  /** The relay passes a topic on, as gossip does. */
  function passOn(topic: string): void {
    const known = new Set<string>()
    const isNew = (data: Uint8Array) => {
      const name = Buffer.from(data).toString('base64')
      return !known.has(name) && known.add(name)
    }
    relay.subscribe(
      topic,
      () => 'accept',
      (data) => {
        if (isNew(data)) void relay.publish(topic, data)
      },
    )
  }

  async function turn(seconds: number): Promise<void> {
    for (; seconds > 0; seconds -= 1) {
      scene.clock.turn(1_000)
      for (let i = 0; i < 10; i++) await settled()
    }
  }

  const [alice, bob, carol] = [await come('Alice'), await come('Bob'), await come('Carol')]
  for (const { network } of [bob, carol]) network.hidesAddress = true
  const evening = { title: 'Evening', topics: [], language: 'en', isPrivate }
  const hers = await alice.rooms.open(evening)
  const { id } = hers.view.value
  passOn(roomTopic(scene.membership().community, id))
  if (isPrivate) await hers.letIn([carol.person.member])
  const listOf = ({ calls, directory }: Rig) => (isPrivate ? calls : directory)
  const [listed] = await until(listOf(alice).rooms, (rooms) => rooms.length === 1)
  if (listed === undefined) throw new Error('the room is not announced')
  for (const one of isPrivate ? [carol] : [bob, carol]) {
    await listOf(one).receive(listed.announcement.bytes)
    one.listRead.set(true)
  }
  /** What Carol would ask herself. */
  const request = async (words: Partial<WelcomeRequest> = {}): Promise<WelcomeRequest> => ({
    r: id,
    from: carol.session.publicKey,
    to: alice.session.publicKey,
    p: await presenceOf(carol),
    x: publicOf(bytesOf('a key')),
    heads: [],
    ...words,
  })
  return { scene, relay, passed, turn, come, presenceOf, alice, bob, carol, hers, id, request }
}

/** From now on what somebody says on a topic is not said before the promise is resolved; or is heard at once, and they do not know it before. */
function announcesSlowly({ network }: Rig, how: 'unheard' | 'heard at once' = 'unheard') {
  const { publish } = network
  const told = Promise.withResolvers<void>()
  network.publish = async (...said) => {
    if (how === 'heard at once') await publish.call(network, ...said)
    await told.promise
    if (how === 'unheard') await publish.call(network, ...said)
  }
  return told
}

const heldBy = ({ sound }: Rig) => sound.keys.held.map(({ secret }) => Buffer.from(secret).toString('hex'))
const secretOf = ({ sound }: Rig) => sound.keys.speak && Buffer.from(sound.keys.speak.secret).toString('hex')

describe('who comes into a room whose voices go over a relay', () => {
  test('WELCOME-3 knows who is there, may hear who speaks, and has the secret, before there is a link', async () => {
    const { alice, carol, hers, id, turn } = await doorstep()
    await turn(1)
    const before = secretOf(alice)
    expect(before).toBeDefined()
    const his = await carol.rooms.join(id)
    expect(carol.greetings.members.value.has(alice.network.peer)).toBe(false)
    expect(his.view.value.people.map(({ member }) => member)).toContain(alice.person.member)
    expect(carol.sound.allowed).toEqual<readonly KeyText[]>([alice.session.publicKey])
    await turn(1)
    expect(hers.view.value.people).toHaveLength(2)
    expect(carol.sound.isHeld).toBe(true)
    const now = secretOf(alice)
    expect(now).not.toBe(before)
    expect(heldBy(carol)).toEqual([now])
    // Nothing of it needs a link, now or later.
    await turn(20)
    expect(secretOf(alice)).toBe(now)
    expect(carol.greetings.members.value.size).toBe(0)
  })

  test('WELCOME-4 has the secret of each epoch that is made before they are linked', async () => {
    const { alice, bob, carol, id, turn } = await doorstep()
    await carol.rooms.join(id)
    const his = await bob.rooms.join(id)
    await turn(2)
    const before = secretOf(alice)
    await his.leave()
    await turn(5)
    expect(secretOf(alice)).not.toBe(before)
    expect(carol.greetings.members.value.size).toBe(0)
    expect(carol.sound.isHeld).toBe(true)
    expect(heldBy(carol)).toContain(secretOf(alice))
  })

  test('WELCOME-4 who asks while an epoch is made is given its secret', async () => {
    const { alice, bob, carol, id, passed, turn } = await doorstep()
    const his = await bob.rooms.join(id)
    await turn(2)
    await his.leave()
    const before = secretOf(alice)
    const told = announcesSlowly(alice)
    await turn(5)
    expect(secretOf(alice)).not.toBe(before)
    passed.length = 0
    const coming = carol.rooms.join(id)
    await turn(1)
    told.resolve()
    await coming
    await turn(1)
    expect(carol.sound.isHeld).toBe(true)
    expect(heldBy(carol)).toContain(secretOf(alice))
    expect(passed).toHaveLength(1)
  })

  test('WELCOME-4 is asked for once, also if the epoch is heard of before the answer', async () => {
    const { alice, bob, carol, id, passed, turn } = await doorstep()
    const before = await carol.rooms.join(id)
    await turn(1)
    await before.leave()
    await turn(5)
    const his = await bob.rooms.join(id)
    await turn(2)
    await his.leave()
    const old = secretOf(alice)
    const told = announcesSlowly(alice, 'heard at once')
    await turn(2)
    passed.length = 0
    await carol.rooms.join(id)
    await turn(2)
    expect(secretOf(alice)).not.toBe(old)
    told.resolve()
    await turn(1)
    expect(heldBy(carol)).toContain(secretOf(alice))
    expect(passed.length).toBe(1)
  })

  test('WELCOME-4 who asks is let in without the secret where the announcement hangs, and has it afterwards', async () => {
    const { alice, bob, carol, id, turn } = await doorstep()
    const his = await bob.rooms.join(id)
    await turn(2)
    await his.leave()
    const told = announcesSlowly(alice)
    await turn(5)
    const coming = carol.rooms.join(id)
    await turn(4)
    const hers = await coming
    expect(hers.view.value.people.map(({ member }) => member)).toContain(alice.person.member)
    expect(carol.sound.isHeld).toBe(false)
    told.resolve()
    await turn(1)
    expect(heldBy(carol)).toContain(secretOf(alice))
  })

  test('WELCOME-4 who gave up asking costs the room no epoch', async () => {
    const { alice, bob, carol, relay, id, request, turn } = await doorstep()
    const his = await bob.rooms.join(id)
    await turn(2)
    await his.leave()
    const told = announcesSlowly(alice)
    await turn(5)
    const patience = new AbortController()
    const asked = ask(relay, alice.network.peer, WELCOME, await request(), patience.signal)
    const failed = expect(asked).rejects.toThrow('given up')
    await turn(1)
    patience.abort()
    told.resolve()
    await failed
    await turn(1)
    const now = heldBy(alice)[0]
    await turn(8)
    expect(heldBy(alice)).toEqual([now])
    expect(carol.sound.isHeld).toBe(false)
  })

  test('HAND-5 who is put out while they wait for an epoch is given nothing', async () => {
    const { alice, bob, carol, relay, hers, id, request, turn } = await doorstep()
    const his = await bob.rooms.join(id)
    await turn(1)
    await hers.offerLevel(bob.person.member, 60)
    await turn(1)
    await his.acceptOffer()
    const before = await carol.rooms.join(id)
    await turn(2)
    await before.leave()
    const told = announcesSlowly(alice)
    await turn(5)
    const asked = ask(relay, alice.network.peer, WELCOME, await request(), never)
    await turn(1)
    await his.removeMember(carol.person.member, 'abuse')
    await turn(1)
    told.resolve()
    expect(await asked).toEqual({ ok: false, reason: 'not-admitted' })
  })

  test('and who left meanwhile answers nobody', async () => {
    const { alice, bob, relay, hers, id, request, turn } = await doorstep()
    const his = await bob.rooms.join(id)
    await turn(2)
    await his.leave()
    const told = announcesSlowly(alice)
    await turn(5)
    const asked = ask(relay, alice.network.peer, WELCOME, await request(), never)
    await turn(1)
    const left = hers.leave()
    expect(await asked).toEqual({ ok: false, reason: 'room-unknown' })
    told.resolve()
    await left
  })

  test('WELCOME-4 who is linked with the maker asks nobody past a relay when an epoch is made', async () => {
    const { scene, relay, come, presenceOf, alice, bob, carol, hers, id, passed, turn, request } =
      await doorstep()
    const his = await bob.rooms.join(id)
    await turn(1)
    await hers.offerStage(bob.person.member)
    await turn(1)
    await his.acceptOffer()
    await carol.rooms.join(id)
    await turn(1)
    scene.hub.link(carol.network.peer, alice.network.peer)
    await turn(2)
    expect(carol.greetings.members.value.has(alice.network.peer)).toBe(true)
    expect(passed.some(({ request: { to } }) => to === bob.session.publicKey)).toBe(true)
    const before = alice.sound.keys.speak?.epoch ?? Number.NaN
    passed.length = 0
    // The secret is longer on its way than the announcement.
    const sent = Promise.withResolvers<void>()
    const { request: send } = alice.network
    alice.network.request = async (peer, protocol, ...rest) => {
      if (protocol === EPOCH.protocol) await sent.promise
      return send.call(alice.network, peer, protocol, ...rest)
    }
    // Who asks and never comes ends the epoch.
    const dave = await come('Dave')
    const p = await presenceOf(dave)
    await ask(relay, alice.network.peer, WELCOME, await request({ from: dave.session.publicKey, p }), never)
    await turn(8)
    expect(carol.sound.isHeld).toBe(false)
    sent.resolve()
    await turn(1)
    expect(alice.sound.keys.speak?.epoch).toBeGreaterThan(before)
    expect(carol.sound.keys.held[0]?.epoch).toBe(alice.sound.keys.speak?.epoch)
    expect(passed.filter(({ request: { from } }) => from === carol.session.publicKey)).toEqual([])
    expect(passed.some(({ request: { from } }) => from === bob.session.publicKey)).toBe(true)
  })

  test('also who comes back before there is a list of rooms', async () => {
    const { alice, carol, id, turn } = await doorstep()
    const before = await carol.rooms.join(id)
    await turn(1)
    await before.leave()
    await turn(60)
    expect(carol.directory.rooms.value).toEqual([])
    await carol.rooms.join(id)
    expect(carol.sound.isHeld).toBe(false)
    await turn(12)
    expect(carol.greetings.members.value.size).toBe(0)
    expect(carol.sound.isHeld).toBe(true)
    expect(heldBy(carol)).toContain(secretOf(alice))
  })

  test('and as soon as there is one, before anybody has beaten', async () => {
    const { alice, carol, id, turn } = await doorstep()
    const before = await carol.rooms.join(id)
    await turn(1)
    await before.leave()
    await turn(60)
    const his = await carol.rooms.join(id)
    for (let i = 0; i < 10; i++) await settled()
    expect(carol.sound.isHeld).toBe(false)
    const [listed] = alice.directory.rooms.value
    await carol.directory.receive(listed?.announcement.bytes as Uint8Array)
    await until(his.view, () => carol.sound.isHeld)
    expect(heldBy(carol)).toHaveLength(1)
  })

  test('WELCOME-2 the relay reads neither the secret nor whose beacon it is', async () => {
    const { alice, carol, id, passed, turn } = await doorstep()
    await carol.rooms.join(id)
    await turn(1)
    const boxes = passed.map(({ answer }) => Buffer.from(answer.box ?? []).toString('hex'))
    expect(boxes.filter((box) => box !== '')).not.toEqual([])
    for (const box of boxes) expect(box).not.toContain(secretOf(alice))
  })

  test('WELCOME-1 nobody asks past a relay for a private room, and nobody answers', async () => {
    const { carol, id, passed, turn, request, relay, alice } = await doorstep({ isPrivate: true })
    void carol.rooms.join(id).catch(() => undefined)
    await turn(2)
    expect(passed).toEqual([])
    expect(await ask(relay, alice.network.peer, WELCOME, await request(), never)).toEqual({
      ok: false,
      reason: 'room-unknown',
    })
  })
})

describe('WELCOME-1', () => {
  test('a session answers a relay that it entered, for itself and the room that it is in', async () => {
    const { alice, bob, relay, request, scene } = await doorstep()
    scene.hub.link(alice.network.peer, bob.network.peer)
    const asked = async (words: Partial<WelcomeRequest> = {}, network = relay) =>
      ask(network, alice.network.peer, WELCOME, await request(words), never)
    expect(await asked()).toMatchObject({ ok: true })
    expect(await asked({}, bob.network)).toEqual({ ok: false, reason: 'not-admitted' })
    expect(await asked({ to: bob.session.publicKey })).toEqual({ ok: false, reason: 'wrong-peer' })
    expect(await asked({ r: alice.person.member as never })).toEqual({ ok: false, reason: 'room-unknown' })
    expect(await asked({ x: new Uint8Array(32) })).toEqual({ ok: false, reason: 'sealed-wrong' })
  })

  test('whose presence it is not, and who was removed, is told nothing', async () => {
    const { alice, bob, carol, relay, request, hers } = await doorstep()
    const asked = async (words: Partial<WelcomeRequest> = {}) =>
      ask(relay, alice.network.peer, WELCOME, await request(words), never)
    expect(await asked({ from: bob.session.publicKey })).toEqual({ ok: false, reason: 'wrong-peer' })
    await hers.removeMember(carol.person.member, 'abuse')
    expect(await asked()).toEqual({ ok: false, reason: 'not-admitted' })
  })

  test('a relay passes on what a session asks in its own name, to one that is there, and not without end', async () => {
    const { bob, carol, relay, request } = await doorstep({ burst: 3 })
    const asked = async (words: Partial<WelcomeRequest>, { network }: Rig = carol) =>
      ask(network, relay.peer, WELCOME, await request(words), never)
    expect(await asked({}, bob)).toEqual({ ok: false, reason: 'wrong-peer' })
    const nobody = signerOf('nobody').publicKey
    expect(await asked({ to: nobody })).toEqual({ ok: false, reason: 'room-unknown' })
    expect(await asked({ to: carol.session.publicKey })).toEqual({ ok: false, reason: 'room-unknown' })
    expect(await asked({})).toMatchObject({ ok: true })
    expect(await asked({})).toEqual({ ok: false, reason: 'rate-limited' })
  })

  test('a relay asks nobody more than they can answer beside their voice', async () => {
    const { carol, relay, request } = await doorstep({ most: 2 })
    const asked = async () => ask(carol.network, relay.peer, WELCOME, await request(), never)
    const answers = [await asked(), await asked(), await asked()]
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false])
  })
})
