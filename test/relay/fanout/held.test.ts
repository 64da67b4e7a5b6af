import process from 'node:process'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Channel } from '../../../node/network/network.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { RELAY_ANSWER, verifyRelayAnswer } from '../../../protocol/audio/relay-answer.ts'
import type { Ticket } from '../../../protocol/audio/ticket.ts'
import { open, seal } from '../../../protocol/envelope.ts'
import { MAX_HELD_LIFETIME } from '../../../protocol/limits.ts'
import { createVerifier, type Signer } from '../../../protocol/signature.ts'
import { FANOUT, FANOUT_PROTOCOL, type FanoutMessage } from '../../../protocol/wire/fanout.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { Crew } from '../../../relay/fanout/crew.ts'
import { LINKS_PER_PORT, MAX_JOINS_PER_SECOND } from '../../../relay/fanout/limits.ts'
import { readOffer } from '../../../relay/fanout/offer.ts'
import { NOON, signerOf } from '../../support/community.ts'
import { freePort } from './free-port.ts'
import { FINGERPRINT, offerOf, SLOT, ticketOf, VOICE } from './handmade.ts'
import {
  connected,
  createScene as createAnyScene,
  type Guest,
  OTHER_ROOM,
  ROOM,
  type Scene,
  type SceneOptions,
  type Seat,
} from './scene.ts'

/** Links that are held before there is a room (FANOUT-6). */

const SPEECH = 20
/** Of somebody who never connects. */
const OFFER = offerOf(SLOT)

const stands = ({ link, end }: Seat): boolean => link.connection.state === 'connected' || end !== undefined
const isOver = ({ end }: Seat): boolean => end !== undefined

/** A relay that holds links however busy the machine of this test is. */
async function createScene(options?: SceneOptions): Promise<Scene> {
  const scene = await createAnyScene(options)
  if (options?.processes !== 0) vi.spyOn(scene.crew, 'load', 'get').mockReturnValue(0)
  return scene
}

async function onStage(scene: Scene, name: string): Promise<Guest> {
  const guest = await scene.guest(name)
  scene.stage.add(guest.person.member)
  return guest
}

/** One more session of somebody, as the network has it. */
function anotherSession(scene: Scene, { person }: Guest, name: string): Guest['network'] {
  const network = scene.hub.add(signerOf(`${name} session`).publicKey)
  scene.hub.link(network.peer, scene.relay.peer)
  const presence = new Uint8Array()
  scene.sessions.enter(network.peer, { kind: 'member', member: person.member, until: 2 ** 40, presence })
  return network
}

/** A stream to the relay, and what comes on it. */
class Wire {
  readonly channel: Channel
  readonly #words: AsyncIterator<Uint8Array>

  constructor(channel: Channel) {
    this.channel = channel
    this.#words = channel.messages[Symbol.asyncIterator]()
  }

  static async open(scene: Scene, network: Guest['network']): Promise<Wire> {
    const { signal } = new AbortController()
    const { maxBytes } = FANOUT
    return new Wire(await network.openChannel(scene.relay.peer, FANOUT_PROTOCOL, { signal, maxBytes }))
  }

  say(message: FanoutMessage): Promise<void> {
    return this.channel.send(encodeFrame(FANOUT, message))
  }

  /** What comes next; undefined when nothing does any more. */
  async next(): Promise<FanoutMessage | undefined> {
    const { value, done } = await this.#words.next()
    if (done) return undefined
    const message = decodeFrame(FANOUT, value)
    if (!message.ok) throw new Error(message.reason)
    return message.value
  }
}

/** A stream on which something is held. */
async function heldBy(scene: Scene, network: Guest['network']): Promise<Wire> {
  const wire = await Wire.open(scene, network)
  await wire.say({ hold: OFFER })
  expect(Object.keys((await wire.next()) ?? {})).toEqual(['held'])
  return wire
}

describe('FANOUT-6 a link that is held', () => {
  it('carries nothing and counts for nobody, and is a listener’s from its ticket on, without another handshake', async () => {
    const scene = await createScene()
    const speaker = (await onStage(scene, 'Alice')).sit({ speaks: true })
    const [held, ear] = [(await scene.guest('Bob')).sit({ isHeld: true }), (await scene.guest('Carol')).sit()]
    await Promise.all([speaker.until(connected), ear.until(connected), held.until(stands)])
    const before = Array.from({ length: 20 }, (_, i) => Buffer.alloc(30, i))
    const after = Array.from({ length: 20 }, (_, i) => Buffer.alloc(31, i))
    for (const frame of before) speaker.link.connection.send(frame, 20, SPEECH)
    await ear.until(({ heard }) => heard.length === before.length)
    expect([held.link.connected, held.heard, scene.fanout.hearing(ROOM)]).toEqual([false, [], 2])
    const { connection } = held.link
    held.bind(ROOM)
    await held.until(connected)
    expect([held.end, scene.fanout.hearing(ROOM)]).toEqual([undefined, 3])
    for (const frame of after) speaker.link.connection.send(frame, 20, SPEECH)
    await held.until(({ heard }) => heard.length === after.length)
    expect(held.heard.map(({ payload }) => Buffer.from(payload))).toEqual(after)
    expect(held.link.connection).toBe(connection)
  })

  it('hears what comes to another process, too', async () => {
    const scene = await createScene({ processes: 2 })
    const speaker = (await onStage(scene, 'Alice')).sit({ speaks: true })
    await speaker.until(connected)
    // Those who come next are in either.
    const seats = [
      (await scene.guest('Bob')).sit({ isHeld: true }),
      (await scene.guest('Carol')).sit({ isHeld: true }),
    ]
    await Promise.all(seats.map((seat) => seat.until(stands)))
    for (const seat of seats) seat.bind(ROOM)
    await Promise.all(seats.map((seat) => seat.until(connected)))
    let n = 0
    const timer = setInterval(() => speaker.link.connection.send(Buffer.alloc(40, n++), 20, SPEECH), 20)
    onTestFinished(() => clearInterval(timer))
    await Promise.all(seats.map((seat) => seat.until(({ heard }) => heard.length >= 5)))
  })

  it('lives for two minutes, and its room’s ticket ends that', async () => {
    const clock = turnedClock(NOON * 1000)
    const scene = await createScene({ clock })
    const still = turnedClock(NOON * 1000)
    const held = (await scene.guest('Bob')).sit({ isHeld: true, clock: still })
    const bound = (await scene.guest('Carol')).sit({ isHeld: true, clock: still })
    await Promise.all([held.until(stands), bound.until(stands)])
    clock.turn((MAX_HELD_LIFETIME - 1) * 1000)
    still.turn((MAX_HELD_LIFETIME - 1) * 1000)
    bound.bind(ROOM)
    await bound.until(connected)
    expect([held.end, bound.end]).toEqual([undefined, undefined])
    clock.turn(1000)
    await held.until(isOver)
    expect(held.end).toEqual({ kind: 'refused', reason: 'expired' })
    clock.turn(1000)
    expect([bound.link.connected, scene.fanout.hearing(ROOM)]).toEqual([true, 1])
  })

  it('is gone with its stream, at once: its connection, and its place', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const closed = Promise.withResolvers<void>()
    const close = scene.crew.close.bind(scene.crew)
    vi.spyOn(scene.crew, 'close').mockImplementationOnce((link) => {
      close(link)
      closed.resolve()
    })
    await heldBy(scene, bob.network)
    for (const i of [2, 3, 4]) await heldBy(scene, anotherSession(scene, bob, `Bob ${i}`))
    const fifth = anotherSession(scene, bob, 'Bob 5')
    const late = await Wire.open(scene, fifth)
    await late.say({ hold: OFFER })
    expect(await late.next()).toEqual({ error: 'rate-limited', others: [] })
    scene.hub.cut(bob.network.peer, scene.relay.peer)
    await closed.promise
    await heldBy(scene, fifth)
  })

  it('ends with the process that has it, which gives its place back', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const wires = [await heldBy(scene, bob.network)]
    for (const i of [2, 3, 4]) wires.push(await heldBy(scene, anotherSession(scene, bob, `Bob ${i}`)))
    for (const pid of scene.crew.pids) process.kill(pid, 'SIGKILL')
    expect(await Promise.all(wires.map((wire) => wire.next()))).toEqual(wires.map(() => ({ bye: true })))
    await heldBy(scene, anotherSession(scene, bob, 'Bob 5'))
  })

  it('leaves its place on a port to the next one', async () => {
    const scene = await createScene({ ports: [await freePort()] })
    const [bob, ear] = [await scene.guest('Bob'), (await scene.guest('Carol')).sit()]
    // Somebody has the port all the time: the library is not done with one at once when its last link goes.
    await ear.until(connected)
    // Each takes the place of the one before.
    for (let i = 0; i <= LINKS_PER_PORT; i++) await heldBy(scene, bob.network)
  })

  it('is one of the links that a member may begin', async () => {
    const scene = await createScene({ processes: 0, clock: turnedClock(NOON * 1000) })
    const bob = await scene.guest('Bob')
    for (const error of [...Array.from({ length: 32 }, () => 'relay-full'), 'rate-limited']) {
      const wire = await Wire.open(scene, bob.network)
      await wire.say({ hold: OFFER })
      expect(await wire.next()).toMatchObject({ error })
    }
  })

  it('gives its place back when it has a room', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const first = await heldBy(scene, bob.network)
    for (const i of [2, 3, 4]) await heldBy(scene, anotherSession(scene, bob, `Bob ${i}`))
    await first.say({ bind: await ticketOf(scene, bob, 'Bob') })
    expect(Object.keys((await first.next()) ?? {})).toEqual(['bound'])
    await heldBy(scene, anotherSession(scene, bob, 'Bob 5'))
  })

  it('is refused by a relay that carries nothing, which names others', async () => {
    const others = ['/dns4/other.example/tcp/443/tls/ws/p2p/12D3KooWOther']
    const scene = await createScene({ processes: 0, others })
    const wire = await Wire.open(scene, (await scene.guest('Bob')).network)
    await wire.say({ hold: OFFER })
    expect(await wire.next()).toEqual({ error: 'relay-full', others })
  })

  it('leaves the last places on the ports to those who come with a ticket', async () => {
    const scene = await createScene({ ports: [await freePort()] })
    const seats: Seat[] = []
    for (let i = 0; i < 15; i++) {
      const seat = (await scene.guest(`Listener ${i}`)).sit({ isHeld: i === 14 })
      await seat.until(i === 14 ? stands : connected)
      seats.push(seat)
    }
    expect(seats.map(({ end }) => end)).toEqual(seats.map(() => undefined))
    const [held, ticketed] = [
      (await scene.guest('Bob')).sit({ isHeld: true }),
      (await scene.guest('Carol')).sit(),
    ]
    await Promise.all([held.until(isOver), ticketed.until(connected)])
    expect([held.end, ticketed.end]).toEqual([{ kind: 'refused', reason: 'relay-full' }, undefined])
  })

  it('is one of the links that a relay begins within a second', async () => {
    const clock = turnedClock(NOON * 1000)
    const crew = new Crew({
      processes: 1,
      ports: [],
      bind: '127.0.0.1',
      announce: [],
      secret: new Uint8Array(16),
      clock,
      report() {},
    })
    onTestFinished(() => crew.stop())
    expect(crew.joining).toBe(0)
    const offer = readOffer(OFFER)
    if (!offer.ok) throw new Error(offer.reason)
    const wish = { packetTime: 20, dtx: false }
    const events = { answered() {}, connected() {}, ended() {} }
    for (let i = 0; i < 2; i++)
      await crew.open({ room: undefined, offer: offer.value, as: 'listener', wish, events })
    expect(crew.joining).toBe(2 / MAX_JOINS_PER_SECOND)
    clock.turn(1000)
    expect(crew.joining).toBe(0)
  })

  it('is refused with a voice of its own', async () => {
    const scene = await createScene()
    const wire = await Wire.open(scene, (await onStage(scene, 'Alice')).network)
    await wire.say({ hold: offerOf(SLOT, VOICE) })
    expect(await wire.next()).toMatchObject({ error: 'wrong-description' })
  })

  it('ends with its member', async () => {
    const clock = turnedClock(NOON * 1000)
    const scene = await createScene({ clock })
    const bob = await scene.guest('Bob')
    const wire = await heldBy(scene, bob.network)
    scene.sessions.leave(bob.network.peer)
    clock.turn(1000)
    expect(await wire.next()).toMatchObject({ error: 'not-admitted' })
  })

  it('may have its ticket before its answer, and hears', async () => {
    const scene = await createScene()
    const speaker = (await onStage(scene, 'Alice')).sit({ speaks: true })
    await speaker.until(connected)
    const bob = await scene.guest('Bob')
    const seat = bob.sit({
      isHeld: true,
      network: {
        openChannel: async (...args) => {
          const real = await bob.network.openChannel(...args)
          return {
            messages: real.messages,
            closed: real.closed,
            send: async (bytes) => {
              await real.send(bytes)
              const said = decodeFrame(FANOUT, bytes)
              if (said.ok && said.value.hold !== undefined) seat.bind(ROOM)
            },
            close: () => real.close(),
            abort: (error) => real.abort(error),
          }
        },
      },
    })
    await seat.until(connected)
    speaker.link.connection.send(Buffer.alloc(40), 20, SPEECH)
    await seat.until(({ heard, end }) => heard.length === 1 || end !== undefined)
    expect(seat.end).toBeUndefined()
  })

  it('has what vouches for its answer after that', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const wire = await Wire.open(scene, bob.network)
    const ticket = await ticketOf(scene, bob, 'Bob')
    await Promise.all([wire.say({ hold: OFFER }), wire.say({ bind: ticket })])
    const [{ held = '' } = {}, { bound = new Uint8Array() } = {}] = [await wire.next(), await wire.next()]
    const { community } = scene.membership()
    const [relay, to] = [signerOf('relay session').publicKey, signerOf('Bob session').publicKey]
    const now = Math.floor(Date.now() / 1000)
    const expected = { room: ROOM, relay, to, offer: OFFER, now }
    expect(await verifyRelayAnswer(createVerifier(), community, bound, held, expected)).toMatchObject({
      ok: true,
    })
  })
})

const NOW = Math.floor(Date.now() / 1000)
describe('FANOUT-6 a ticket for what is held', () => {
  it.each<[string, string, Partial<Ticket>]>([
    ['TICKET-2 at another relay', 'wrong-peer', { relay: signerOf('another relay').publicKey }],
    ['TICKET-2 of another session', 'wrong-peer', { from: signerOf('Mallory session').publicKey }],
    ['TICKET-3 that has expired', 'expired', { at: NOW - 1000, exp: NOW - 900 }],
    ['TICKET-3 for longer than two minutes', 'expired', { exp: NOW + 600 }],
    ['TICKET-3 from the future', 'not-yet-valid', { at: NOW + 1000, exp: NOW + 1100 }],
    ['TICKET-5 for another certificate', 'wrong-fingerprint', { fp: new Uint8Array(32) }],
    ['TICKET-6 for a room that the relay does not know', 'not-admitted', { r: OTHER_ROOM }],
    ['FANOUT-6 for a voice of its own', 'wrong-description', { as: 'speaker' }],
  ])('is refused: %s', async (_name, reason, change) => {
    const scene = await createScene()
    const bob = await onStage(scene, 'Bob')
    const wire = await heldBy(scene, bob.network)
    await wire.say({ bind: await ticketOf(scene, bob, 'Bob', change) })
    expect([await wire.next(), await wire.next()]).toEqual([{ error: reason, others: [] }, undefined])
  })

  it('TICKET-1 that is forged, damaged or of another is refused', async () => {
    const scene = await createScene()
    const [bob, mallory] = [await scene.guest('Bob'), await scene.guest('Mallory')]
    const damaged = await ticketOf(scene, bob, 'Bob')
    damaged[damaged.length - 40] = (damaged.at(-40) ?? 0) ^ 1
    for (const [network, ticket, error] of [
      [bob.network, await ticketOf(scene, bob, 'Bob', {}, mallory.person.device), 'not-member'],
      [bob.network, damaged, 'signature-wrong'],
      [mallory.network, await ticketOf(scene, bob, 'Bob'), 'wrong-peer'],
    ] as const) {
      const wire = await heldBy(scene, network)
      await wire.say({ bind: ticket })
      expect(await wire.next()).toMatchObject({ error })
    }
  })

  it('TICKET-6 of who may not listen is refused', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    scene.banned.add(bob.person.member)
    const wire = await heldBy(scene, bob.network)
    await wire.say({ bind: await ticketOf(scene, bob, 'Bob') })
    expect(await wire.next()).toMatchObject({ error: 'not-admitted' })
  })

  it('comes once, after it is held, and nothing else in its place', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const ticket = await ticketOf(scene, bob, 'Bob')
    const held: readonly FanoutMessage[] = [{ renew: ticket }, { ticket, offer: OFFER }, { hold: OFFER }]
    for (const said of held) {
      const wire = await heldBy(scene, bob.network)
      await wire.say(said)
      expect(await wire.next()).toMatchObject({ error: 'field-unknown' })
    }
    const first = await Wire.open(scene, bob.network)
    await first.say({ bind: ticket })
    expect(await first.next()).toMatchObject({ error: 'field-unknown' })
    const twice = await heldBy(scene, bob.network)
    await twice.say({ bind: ticket })
    await twice.next()
    await twice.say({ bind: ticket })
    expect(await twice.next()).toMatchObject({ error: 'field-unknown' })
  })
})

describe('FANOUT-6 a listener refuses what vouches for a held answer', () => {
  /** Bob's relay, whose words are changed on the way. */
  async function misled(change: (message: FanoutMessage, scene: Scene) => Promise<readonly FanoutMessage[]>) {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const network = {
      openChannel: async (...args: Parameters<Guest['network']['openChannel']>) => {
        const real = await bob.network.openChannel(...args)
        async function* changed() {
          for await (const bytes of real.messages) {
            const message = decodeFrame(FANOUT, bytes)
            if (!message.ok) throw new Error(message.reason)
            for (const each of await change(message.value, scene)) yield encodeFrame(FANOUT, each)
          }
        }
        return {
          messages: changed(),
          closed: real.closed,
          send: (bytes: Uint8Array) => real.send(bytes),
          close: () => real.close(),
          abort: (error: Error) => real.abort(error),
        }
      },
    }
    return bob.sit({ isHeld: true, network })
  }

  it('before it asked for it', async () => {
    const seat = await misled(async (message) => [
      message,
      ...(message.held === undefined ? [] : [{ bound: Uint8Array.of(1) }]),
    ])
    await seat.until(isOver)
    expect(seat.end).toEqual({ kind: 'refused', reason: 'field-unknown' })
  })

  it('that another relay signed, or for another room', async () => {
    const forge = (signer: Signer, change: object) =>
      misled(async (message, scene) => {
        if (message.bound === undefined) return [message]
        const { community } = scene.membership()
        const opened = open(RELAY_ANSWER, community, message.bound)
        if (!opened.ok) throw new Error(opened.reason)
        const forged = await seal(RELAY_ANSWER, community, { ...opened.value.payload, ...change }, [signer])
        return [{ bound: forged.bytes }]
      })
    for (const [seat, reason] of [
      [await forge(signerOf('another relay'), {}), 'signer-unexpected'],
      [await forge(signerOf('relay session'), { r: OTHER_ROOM }), 'foreign-room'],
      [await forge(signerOf('relay session'), { fp: FINGERPRINT }), 'wrong-fingerprint'],
    ] as const) {
      await seat.until(stands)
      seat.bind(ROOM)
      await seat.until(isOver)
      expect([seat.end, seat.link.connected]).toEqual([{ kind: 'refused', reason }, false])
    }
  })
})
