import { createSocket } from 'node:dgram'
import process from 'node:process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { MAX_TICKET_LIFETIME } from '../../../protocol/limits.ts'
import {
  MAX_HALF_OPEN,
  MAX_JOINS_PER_SECOND,
  SMALL_AUDIENCE,
  VOICE_PACKETS_PER_SECOND,
} from '../../../relay/fanout/limits.ts'
import { type Offer, readOffer } from '../../../relay/fanout/offer.ts'
import { NOON } from '../../support/community.ts'
import { freePort } from './free-port.ts'
import { offerOf, SLOT } from './handmade.ts'
import { connected, createScene, type Guest, OTHER_ROOM, ROOM, type Scene, type Seat } from './scene.ts'

const SPEECH = 20

/** Speaks on until told to stop: frame i is i, as four bytes. */
function speak(seat: Seat): { frames: number; readonly stop: () => void } {
  const speech = { frames: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    const frame = Buffer.alloc(40)
    frame.writeUInt32BE(speech.frames)
    seat.link.connection.send(frame, 20, SPEECH)
    speech.frames += 1
  }, 20)
  onTestFinished(speech.stop)
  return speech
}

const numbers = ({ heard }: Seat) => heard.map(({ payload }) => Buffer.from(payload).readUInt32BE())
/** Nothing lost between the first and the last that came. */
const isWhole = (seat: Seat) => numbers(seat).every((n, i, all) => n === (all[0] ?? 0) + i)

async function seated(...seats: Seat[]): Promise<void> {
  await Promise.all(seats.map((seat) => seat.until(connected)))
  expect(seats.map(({ end }) => end)).toEqual(seats.map(() => undefined))
}

async function onStage(scene: Scene, name: string): Promise<Guest> {
  const guest = await scene.guest(name)
  scene.stage.add(guest.person.member)
  return guest
}

describe('voices over a relay', () => {
  it('FANOUT-3 a speaker is heard by two listeners, byte for byte, and not by herself', async () => {
    const scene = await createScene()
    const alice = await onStage(scene, 'Alice')
    const speaker = alice.sit({ speaks: true })
    const ears = [(await scene.guest('Bob')).sit(), (await scene.guest('Carol')).sit()]
    await seated(speaker, ...ears)
    const frames = Array.from({ length: 40 }, (_, i) => Buffer.alloc(30 + i, i))
    for (const frame of frames) speaker.link.connection.send(frame, 20, SPEECH)
    for (const ear of ears) {
      await ear.until(({ heard }) => heard.length === frames.length)
      expect(ear.heard.map(({ payload }) => Buffer.from(payload))).toEqual(frames)
      expect(new Set(ear.heard.map(({ slot }) => slot))).toEqual(new Set([0]))
    }
    expect(speaker.heard).toEqual([])
  })

  it('FANOUT-3 of five who speak at once, three are heard, each in a slot of their own', async () => {
    const scene = await createScene()
    const names = ['Alice', 'Carol', 'David', 'Erin', 'Frank']
    const speakers = await Promise.all(
      names.map(async (name) => (await onStage(scene, name)).sit({ speaks: true })),
    )
    const ear = (await scene.guest('Bob')).sit()
    await seated(ear, ...speakers)
    speakers.forEach(speak)
    await ear.until(({ heard }) => heard.length > 300)
    const bySlot = [0, 1, 2].map((slot) => ear.heard.filter((packet) => packet.slot === slot))
    for (const heard of bySlot) {
      expect(heard.length).toBeGreaterThan(80)
      const sequences = heard.map(({ sequence }) => (sequence - (heard[0]?.sequence ?? 0)) & 0xffff)
      expect(sequences).toEqual(sequences.map((_, i) => i))
    }
  })

  it('carries voices from one process to the listeners of another', async () => {
    const scene = await createScene({ processes: 2 })
    const speaker = (await onStage(scene, 'Alice')).sit({ speaks: true })
    await seated(speaker)
    const ears = await Promise.all(
      ['Bob', 'Carol', 'David'].map(async (name) => (await scene.guest(name)).sit()),
    )
    await seated(...ears)
    expect(scene.crew.pids).toHaveLength(2)
    speak(speaker)
    for (const ear of ears) {
      await ear.until(({ heard }) => heard.length >= 50)
      expect(isWhole(ear)).toBe(true)
    }
  })

  it('FANOUT-5 tells how many listen', async () => {
    const scene = await createScene()
    const seats = [(await scene.guest('Alice')).sit(), (await scene.guest('Bob')).sit()]
    await Promise.all(seats.map((seat) => seat.until(({ link }) => link.hearing === 2)))
  })

  it('FANOUT-5 asks a speaker for longer packets when an audience has come', async () => {
    const scene = await createScene()
    const speaker = (await onStage(scene, 'Alice')).sit({ speaks: true })
    await seated(speaker)
    expect(speaker.link.connection.packetTime).toBe(20)
    for (let i = 0; i < SMALL_AUDIENCE; i++) await seated((await scene.guest(`Listener ${i}`)).sit())
    await speaker.until(({ link }) => link.hearing > SMALL_AUDIENCE)
    expect(speaker.link.connection.packetTime).toBe(60)
  })
})

describe('a link', () => {
  it('FANOUT-1 ends with its stream, at once', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const [seat, other] = [bob.sit(), (await scene.guest('Carol')).sit()]
    await other.until(({ link }) => link.hearing === 2)
    scene.hub.cut(bob.network.peer, scene.relay.peer)
    await seat.until(({ end }) => end !== undefined)
    expect(seat.end).toMatchObject({ kind: 'failed', reason: 'signalling-lost' })
    await other.until(({ link }) => link.hearing === 1)
  })

  it('FANOUT-1 gives way to the next one of its session', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const [first, second] = [bob.sit(), bob.sit()]
    await first.until(({ end }) => end !== undefined)
    await seated(second)
  })

  it('TICKET-3 ends with its ticket, unless that is renewed', async () => {
    const clock = turnedClock(NOON * 1000)
    const scene = await createScene({ clock })
    // A listener whose own clock stands still never renews.
    const [bob, carol] = [await scene.guest('Bob'), await scene.guest('Carol')]
    const [forgetful, careful] = [bob.sit({ clock: turnedClock(NOON * 1000) }), carol.sit()]
    await seated(forgetful, careful)
    for (let passed = 0; passed < MAX_TICKET_LIFETIME + 30; passed += 5) {
      clock.turn(5000)
      // The renewal's signature is made and verified between two turns.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await forgetful.until(({ end }) => end !== undefined)
    expect(forgetful.end).toEqual({ kind: 'refused', reason: 'expired' })
    expect(careful.link.connected).toBe(true)
  })

  it('TICKET-6 ends when its member has no place in the room any more', async () => {
    const scene = await createScene()
    const alice = await onStage(scene, 'Alice')
    const bob = await scene.guest('Bob')
    const [speaker, ear] = [alice.sit({ speaks: true }), bob.sit()]
    await seated(speaker, ear)
    scene.stage.delete(alice.person.member)
    await speaker.until(({ end }) => end !== undefined)
    expect(speaker.end).toEqual({ kind: 'refused', reason: 'level-too-low' })
    scene.banned.add(bob.person.member)
    await ear.until(({ end }) => end !== undefined)
    expect(ear.end).toEqual({ kind: 'refused', reason: 'not-admitted' })
  })

  it('TICKET-6 is refused to who may not speak, or not listen, or in a room that the relay does not know', async () => {
    const scene = await createScene()
    const bob = await scene.guest('Bob')
    const [carol, david] = [await scene.guest('Carol'), await scene.guest('David')]
    scene.banned.add(carol.person.member)
    const seats = [bob.sit({ speaks: true }), carol.sit(), david.sit({ room: OTHER_ROOM })]
    await Promise.all(seats.map((seat) => seat.until(({ end }) => end !== undefined)))
    expect(seats.map(({ end }) => end?.reason)).toEqual(['level-too-low', 'not-admitted', 'not-admitted'])
  })

  it('FANOUT-4 is refused by a full relay, which names others', async () => {
    const port = await freePort()
    const others = ['/dns4/other.example/tcp/443/tls/ws/p2p/12D3KooWOther']
    const scene = await createScene({ ports: [port], others })
    for (let i = 0; i < 20; i++) await seated((await scene.guest(`Listener ${i}`)).sit())
    const late = (await scene.guest('Late')).sit()
    await late.until(({ end }) => end !== undefined)
    expect(late.end).toEqual({ kind: 'refused', reason: 'relay-full' })
    expect(late.others).toEqual(others)
  })

  it('is refused when the ports are taken by another program, which ends nothing', async () => {
    const taken = createSocket('udp4')
    await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      taken.close()
    })
    const scene = await createScene({ ports: [taken.address().port] })
    const seat = (await scene.guest('Bob')).sit()
    await seat.until(({ end }) => end !== undefined)
    expect(seat.end).toEqual({ kind: 'refused', reason: 'relay-full' })
    expect(scene.failures).toEqual([])
  })
})

describe('a media process that is killed', () => {
  it('is started again, and its listeners come again', async () => {
    const scene = await createScene()
    const [alice, bob] = [await onStage(scene, 'Alice'), await scene.guest('Bob')]
    const before = [alice.sit({ speaks: true }), bob.sit()]
    await seated(...before)
    const [pid] = scene.crew.pids
    process.kill(pid as number, 'SIGKILL')
    await Promise.all(before.map((seat) => seat.until(({ end }) => end !== undefined)))
    expect(before.map(({ end }) => end?.reason)).toEqual(['bye', 'bye'])
    const after = await untilSeated(() => [alice.sit({ speaks: true }), bob.sit()])
    expect(scene.crew.pids).not.toContain(pid)
    speak(after[0] as Seat)
    await (after[1] as Seat).until(({ heard }) => heard.length >= 10)
  })
})

describe('an enemy', () => {
  it.each([
    ['noise in place of Opus', (n: number) => noise(96, n)],
    [
      'nothing but padding',
      (n: number) => Buffer.concat([noise(111, n, 0xa0).subarray(0, 12), Buffer.from([0, 0, 3])]),
    ],
    ['Opus at a thousand packets a second', (n: number) => noise(111, n)],
  ])('who sends %s is cut off, and the others hear on', async (_what, packet) => {
    const scene = await createScene()
    const [alice, mallory] = [await onStage(scene, 'Alice'), await onStage(scene, 'Mallory')]
    const [speaker, flood] = [alice.sit({ speaks: true }), mallory.sit({ speaks: true })]
    const ear = (await scene.guest('Bob')).sit()
    await seated(speaker, flood, ear)
    speak(speaker)
    await ear.until(({ heard }) => heard.length > 5)
    let n = 0
    const begun = performance.now()
    const timer = setInterval(() => {
      for (let i = 0; i < 10; i++) flood.link.connection.sendRaw(packet(n++))
    }, 10)
    onTestFinished(() => clearInterval(timer))
    await flood.until(({ end }) => end !== undefined)
    expect(flood.end).toEqual({ kind: 'refused', reason: 'rate-limited' })
    clearInterval(timer)
    const seconds = (performance.now() - begun) / 1000
    const first = ear.heard[0]?.slot
    const length = ear.heard.length
    await ear.until(({ heard }) => heard.length > length + 25)
    const hers = ear.heard.filter(({ slot }) => slot === first)
    const frames = hers.map(({ payload }) => Buffer.from(payload).readUInt32BE())
    expect(frames).toEqual(frames.map((_, i) => (frames[0] as number) + i))
    // What a voice may send in that time and no more came through: a second of it was saved up.
    expect(ear.heard.length - hers.length).toBeLessThanOrEqual((seconds + 1) * VOICE_PACKETS_PER_SECOND)
  })

  it('with ten thousand handshakes that never end takes nothing from those who listen', async () => {
    const scene = await createScene()
    const speaker = (await onStage(scene, 'Alice')).sit({ speaks: true })
    const ear = (await scene.guest('Bob')).sit()
    await seated(speaker, ear)
    const speech = speak(speaker)
    await ear.until(({ heard }) => heard.length > 5)
    const events = { answered() {}, connected() {}, ended() {} }
    let admitted = 0
    const begun = performance.now()
    for (let i = 0; i < 10_000; i++) {
      const link = await scene.crew.open({
        room: ROOM,
        offer: NOBODYS,
        as: 'listener',
        wish: { packetTime: 20, dtx: false },
        events,
      })
      if (link !== undefined) admitted += 1
    }
    const seconds = Math.ceil((performance.now() - begun) / 1000)
    expect(admitted).toBeLessThanOrEqual(Math.min(MAX_HALF_OPEN, (seconds + 1) * MAX_JOINS_PER_SECOND))
    expect(admitted).toBeGreaterThan(0)
    const now = speech.frames
    await ear.until((seat) => (numbers(seat).at(-1) ?? 0) > now + 50)
    expect(isWhole(ear)).toBe(true)
    expect(scene.failures).toEqual([])
  })
})

/** Of somebody who never comes. */
const NOBODYS: Offer = (() => {
  const read = readOffer(offerOf(SLOT))
  if (!read.ok) throw new Error(read.reason)
  return read.value
})()

/** An RTP packet of the headless speaker's source. */
function noise(payloadType: number, n: number, first = 0x80): Buffer {
  const bytes = Buffer.alloc(60, n)
  bytes[0] = first
  bytes[1] = payloadType
  bytes.writeUInt16BE(n & 0xffff, 2)
  bytes.writeUInt32BE(n * 48, 4)
  bytes.writeUInt32BE(1, 8)
  return bytes
}

async function untilSeated(sit: () => Seat[]): Promise<Seat[]> {
  for (;;) {
    const seats = sit()
    await Promise.all(seats.map((seat) => seat.until(connected)))
    if (seats.every(({ end }) => end === undefined)) return seats
    await Promise.all(seats.map(({ link }) => link.close()))
  }
}
