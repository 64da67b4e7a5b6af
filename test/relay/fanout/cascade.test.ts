import { describe, expect, it, onTestFinished } from 'vitest'
import type { Channel } from '../../../node/network/network.ts'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { CASCADE, CASCADE_PROTOCOL, type CascadeMessage } from '../../../protocol/wire/cascade.ts'
import { decodeFrame } from '../../../protocol/wire/frame.ts'
import { PULL_CONNECT_MS, PULL_OPEN_MS, SMALL_AUDIENCE } from '../../../relay/fanout/limits.ts'
import { NOON } from '../../support/community.ts'
import { connected, createScene, type Scene, type SceneRelay, type Seat } from './scene.ts'

const SPEECH = 20

/** Whose frame it is, where several speak. */
const [ALICE, WITNESS] = [0, 1]

/** Speaks on until told to stop: frame i is i, as four bytes, and then who it is. */
function speak(seat: Seat, who = ALICE): { frames: number; readonly stop: () => void } {
  const speech = { frames: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    const frame = Buffer.alloc(40)
    frame.writeUInt32BE(speech.frames)
    frame.writeUInt8(who, 4)
    seat.link.connection.send(frame, 20, SPEECH)
    speech.frames += 1
  }, 20)
  onTestFinished(speech.stop)
  return speech
}

const numbers = ({ heard }: Seat, who = ALICE) =>
  heard
    .map(({ payload }) => Buffer.from(payload))
    .flatMap((frame) => (frame[4] === who ? frame.readUInt32BE() : []))
/** Nothing lost between the first and the last that came, and nothing twice. */
const isWhole = (seat: Seat) => numbers(seat).every((n, i, all) => n === (all[0] ?? 0) + i)

async function seated(...seats: Seat[]): Promise<void> {
  await Promise.all(seats.map((seat) => seat.until(connected)))
  expect(seats.map(({ end }) => end)).toEqual(seats.map(() => undefined))
}

async function speakerAt(scene: Scene, name: string, at?: SceneRelay): Promise<Seat> {
  const guest = await scene.guest(name, at)
  scene.stage.add(guest.person.member)
  const seat = guest.sit({ speaks: true })
  await seated(seat)
  return seat
}

async function earAt(scene: Scene, name: string, at?: SceneRelay): Promise<Seat> {
  const seat = (await scene.guest(name, at)).sit()
  await seated(seat)
  return seat
}

/** Relays that each know the one before and the one after. */
async function chainOf(scene: Scene, names: readonly string[]): Promise<SceneRelay[]> {
  const relays: SceneRelay[] = []
  let before: Pick<SceneRelay, 'relay'> = scene
  for (const name of names) {
    const relay = await scene.another(name)
    scene.join(before, relay)
    relays.push(relay)
    before = relay
  }
  return relays
}

describe('relays that feed relays', () => {
  it('CASCADE-1 a speaker at one relay is heard by a listener at another, byte for byte and in order', async () => {
    const scene = await createScene()
    const [second] = (await chainOf(scene, ['the second relay'])) as [SceneRelay]
    const alice = await speakerAt(scene, 'Alice')
    const bob = await earAt(scene, 'Bob', second)
    const frames = Array.from({ length: 40 }, (_, i) => Buffer.alloc(30 + i, i))
    const speech = speak(alice)
    await bob.until(({ heard }) => heard.length >= 100)
    expect(isWhole(bob)).toBe(true)
    speech.stop()
    const before = bob.heard.length
    for (const frame of frames) alice.link.connection.send(frame, 20, SPEECH)
    const whole = () => bob.heard.map(({ payload }) => Buffer.from(payload)).slice(-frames.length)
    await bob.until(
      ({ heard }) =>
        heard.length >= before + frames.length &&
        whole()
          .at(-1)
          ?.equals(frames.at(-1) as Buffer) === true,
    )
    expect(whole()).toEqual(frames)
    expect(alice.heard).toEqual([])
    expect(scene.failures).toEqual([])
  })

  it.each([1, 2])('CASCADE-1 both ways at once, with %i processes each', async (processes) => {
    const scene = await createScene({ processes })
    const [second] = (await chainOf(scene, ['the second relay'])) as [SceneRelay]
    const seats = [
      await speakerAt(scene, 'Alice'),
      await speakerAt(scene, 'Carol', second),
      await earAt(scene, 'Bob'),
      await earAt(scene, 'David', second),
      await earAt(scene, 'Erin', second),
    ] as const
    const [alice, carol, ...ears] = seats
    speak(alice)
    for (const ear of [carol, ...ears]) await ear.until(({ heard }) => heard.length >= 50)
    for (const ear of [carol, ...ears]) expect(isWhole(ear)).toBe(true)
    expect(alice.heard).toEqual([])
    speak(carol)
    await alice.until(({ heard }) => heard.length >= 50)
    expect(isWhole(alice)).toBe(true)
  })

  it('CASCADE-1 through a chain of three, to all who listen there, each packet once', async () => {
    const scene = await createScene()
    const [second, third] = (await chainOf(scene, ['the second relay', 'the third relay'])) as [
      SceneRelay,
      SceneRelay,
    ]
    const alice = await speakerAt(scene, 'Alice')
    const ears = [
      await earAt(scene, 'Bob'),
      await earAt(scene, 'Carol', second),
      await earAt(scene, 'David', third),
    ]
    speak(alice)
    for (const ear of ears) await ear.until(({ heard }) => heard.length >= 100)
    for (const ear of ears) expect(isWhole(ear)).toBe(true)
  })

  it('CASCADE-7 one that says that it has a voice and withholds it is left for the one that it is attached to', async () => {
    const scene = await createScene()
    const liar = await scene.another('a relay that lies', { lies: 'gives-nothing' })
    const second = await scene.another('the second relay')
    scene.join(scene, liar)
    scene.join(liar, second)
    const alice = await speakerAt(scene, 'Alice')
    const member = [...scene.stage][0] as MemberId
    const [carol, bob] = [await earAt(scene, 'Carol', liar), await earAt(scene, 'Bob', second)]
    speak(alice)
    // It has the voice: those who listen there hear it.
    await carol.until(({ heard }) => heard.length >= 25)
    scene.join(scene, second)
    await carol.until(({ heard }) => heard.length >= 75)
    // Nobody said that she speaks, and it stays with the one that it turned to first.
    expect(bob.heard).toEqual([])
    scene.speaking.add(member)
    await bob.until(({ heard }) => heard.length >= 50)
    expect(isWhole(bob)).toBe(true)
    expect(scene.failures).toEqual([])
  })

  it('CASCADE-1 takes each voice once where several relays have it, from where it is attached', async () => {
    const scene = await createScene()
    const [second, third] = (await chainOf(scene, ['the second relay', 'the third relay'])) as [
      SceneRelay,
      SceneRelay,
    ]
    const alice = await speakerAt(scene, 'Alice')
    const [bob, carol] = [await earAt(scene, 'Bob', second), await earAt(scene, 'Carol', third)]
    scene.join(scene, third)
    speak(alice)
    for (const ear of [bob, carol]) {
      await ear.until(({ heard }) => heard.length >= 100)
      expect(isWhole(ear)).toBe(true)
      expect(new Set(ear.heard.map(({ slot }) => slot)).size).toBe(1)
    }
  })

  it('CASCADE-4 says nothing of who is silent, and all of who begins to speak', async () => {
    const scene = await createScene()
    const [second] = (await chainOf(scene, ['the second relay'])) as [SceneRelay]
    const [alice, carol] = [await speakerAt(scene, 'Alice'), await speakerAt(scene, 'Carol')]
    const bob = await earAt(scene, 'Bob', second)
    speak(carol)
    const silence = setInterval(() => alice.link.connection.send(Buffer.alloc(40, 0xff), 20, 127), 20)
    onTestFinished(() => clearInterval(silence))
    await bob.until(({ heard }) => heard.length >= 100)
    expect(isWhole(bob)).toBe(true)
    alice.link.connection.send(Buffer.from('a first word'), 20, SPEECH)
    await bob.until(({ heard }) =>
      heard.some(({ payload }) => Buffer.from(payload).toString() === 'a first word'),
    )
  })

  it('CASCADE-5 who leaves the stage is let go of at every relay, by what that relay knows', async () => {
    const scene = await createScene()
    const second = await scene.another('the second relay', { apart: true })
    scene.join(scene, second)
    const alice = await speakerAt(scene, 'Alice')
    const hers = [...scene.stage][0] as MemberId
    const bob = await earAt(scene, 'Bob', second)
    const speech = speak(alice)
    await bob.until(({ link }) => link.hearing === 2)
    // Bob's relay has not heard yet that she was given the floor.
    const then = speech.frames
    second.stage.add(hers)
    await bob.until(({ heard }) => heard.length >= 20)
    expect(numbers(bob)[0]).toBeGreaterThanOrEqual(then)
    // Carol speaks as she does, and stays.
    const carol = await scene.guest('Carol')
    for (const { stage } of [scene, second]) stage.add(carol.person.member)
    const witness = carol.sit({ speaks: true })
    await seated(witness)
    speak(witness, WITNESS)
    second.stage.delete(hers)
    await isLetGo(bob)
    second.stage.add(hers)
    const before = bob.heard.length
    await bob.until(({ heard }) => heard.length >= before + 20)
    // What her own relay knows ends it for everybody.
    scene.stage.delete(hers)
    await alice.until(({ end }) => end !== undefined)
    expect(alice.end).toEqual({ kind: 'refused', reason: 'level-too-low' })
    await isLetGo(bob)
    expect(bob.end).toBeUndefined()
  })

  it('TICKET-6 who is put out hears nothing more at any relay of a chain, and nobody hears them', async () => {
    const scene = await createScene()
    const [second, third] = (await chainOf(scene, ['the second relay', 'the third relay'])) as [
      SceneRelay,
      SceneRelay,
    ]
    const alice = await speakerAt(scene, 'Alice')
    const mallory = await scene.guest('Mallory', third)
    const [bob, hers] = [await earAt(scene, 'Bob', third), mallory.sit()]
    await seated(hers)
    await earAt(scene, 'Carol', second)
    speak(alice)
    speak(await speakerAt(scene, 'Erin'), WITNESS)
    for (const ear of [bob, hers]) await ear.until(({ heard }) => heard.length >= 20)
    scene.banned.add(mallory.person.member)
    await hers.until(({ end }) => end !== undefined)
    expect(hers.end).toEqual({ kind: 'refused', reason: 'not-admitted' })
    const before = bob.heard.length
    await bob.until(({ heard }) => heard.length >= before + 50)
    expect(isWhole(bob)).toBe(true)
    scene.banned.add([...scene.stage][0] as MemberId)
    await alice.until(({ end }) => end !== undefined)
    expect(alice.end).toEqual({ kind: 'refused', reason: 'not-admitted' })
    await isLetGo(bob)
  })

  it('FANOUT-5 asks a speaker for longer packets when the audience has come to other relays', async () => {
    const scene = await createScene()
    const [second] = (await chainOf(scene, ['the second relay'])) as [SceneRelay]
    const alice = await speakerAt(scene, 'Alice')
    expect(alice.link.connection.packetTime).toBe(20)
    for (let i = 0; i < SMALL_AUDIENCE; i++) await earAt(scene, `Listener ${i}`, second)
    await alice.until(({ link }) => link.hearing > SMALL_AUDIENCE && link.connection.packetTime === 60)
  })

  it('CASCADE-6 counts who listens over all relays, each once', async () => {
    const clock = turnedClock(NOON * 1000)
    const scene = await createScene({ clock })
    const [second, third] = (await chainOf(scene, ['the second relay', 'the third relay'])) as [
      SceneRelay,
      SceneRelay,
    ]
    // Their own clocks stand still: how long a connection may take is not what is turned here.
    const still = { clock: turnedClock(NOON * 1000) }
    const bob = await scene.guest('Bob')
    const seats = [
      bob.sit(still),
      (await scene.guest('Carol', second)).sit(still),
      (await scene.guest('David', third)).sit(still),
      (await scene.guest('Erin', third)).sit(still),
    ]
    await seated(...seats)
    await told(clock, 4, seats)
    scene.join(scene, third)
    const frank = (await scene.guest('Frank', second)).sit(still)
    await seated(frank)
    await told(clock, 5, [...seats, frank])
    scene.hub.cut(bob.network.peer, scene.relay.peer)
    await told(clock, 4, [...seats.slice(1), frank])
    await third.vanish()
    await told(clock, 2, [seats[1] as Seat, frank])
  })
})

/** Turns the relays' clock until these are told that so many listen. */
async function told(clock: TurnedClock, count: number, seats: readonly Seat[]): Promise<void> {
  while (seats.some(({ link }) => link.hearing !== count)) {
    clock.turn(100)
    // What is sent at a turn arrives between two.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Nothing of Alice comes any more, while twenty-five frames do of the witness, who speaks as often and over the same relays. */
async function isLetGo(seat: Seat): Promise<void> {
  let [until, last] = [numbers(seat, WITNESS).length + 25, numbers(seat).length]
  await seat.until(() => {
    const [others, hers] = [numbers(seat, WITNESS).length, numbers(seat).length]
    if (hers > last) [until, last] = [others + 25, hers]
    return others >= until
  })
}

describe('a relay that gives', () => {
  it('CASCADE-5 is replaced by another when it is lost, after a short silence', async () => {
    const scene = await createScene()
    const between = [await scene.another('the second relay'), await scene.another('the third relay')] as const
    const last = await scene.another('the last relay')
    for (const each of between) {
      scene.join(scene, each)
      scene.join(each, last)
    }
    const alice = await speakerAt(scene, 'Alice')
    // Only a relay that somebody listens at has a voice to give.
    await earAt(scene, 'Carol', between[0])
    const bob = await earAt(scene, 'Bob', last)
    speak(alice)
    await bob.until(({ heard }) => heard.length >= 50)
    const david = await earAt(scene, 'David', between[1])
    await david.until(({ heard }) => heard.length >= 20)
    await between[0].vanish()
    const before = bob.heard.length
    await bob.until(({ heard }) => heard.length >= before + 50)
    const all = numbers(bob)
    const gaps = all.slice(1).map((n, i) => n - (all[i] as number))
    expect(gaps.every((gap) => gap > 0)).toBe(true)
    // In packets of 20 ms.
    expect(Math.max(...gaps)).toBeLessThan((PULL_OPEN_MS + PULL_CONNECT_MS) / 20)
  })

  it('CASCADE-2 gives nothing to who is no relay of the community', async () => {
    const scene = await createScene()
    const mallory = await scene.guest('Mallory')
    const channel = await mallory.network.openChannel(scene.relay.peer, CASCADE_PROTOCOL, {
      signal: new AbortController().signal,
      maxBytes: CASCADE.maxBytes,
    })
    expect(await answers(channel)).toEqual([{ error: 'not-admitted', others: [] }])
  })
})

/** All that comes before the other side closes. */
async function answers(channel: Channel): Promise<CascadeMessage[]> {
  const all: CascadeMessage[] = []
  for await (const bytes of channel.messages) {
    const read = decodeFrame(CASCADE, bytes)
    if (!read.ok) throw new Error(read.reason)
    all.push(read.value)
  }
  return all
}
