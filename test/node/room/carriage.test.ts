import { beforeEach, describe, expect, test } from 'vitest'
import type { KnownRelay } from '../../../node/audience/carrier.ts'
import type { LinkView } from '../../../node/mesh/mesh.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { Observed } from '../../../node/observed.ts'
import { type Carriage, createCarriage, type Inmate } from '../../../node/room/carriage.ts'
import type { VoiceCheck } from '../../../node/voice/opener.ts'
import { idOf, type KeyText, type MemberId } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { createScene, ROOM, type Scene, type Session, settled, verifier } from '../mesh/scene.ts'
import type { MemoryEar } from './memory-relay.ts'
import { type MemoryRelay, memoryAudience, memoryRelay } from './memory-relay.ts'

/** Alice is in a room with many, and a relay is there. */

const MICROPHONE = { kind: 'audio', enabled: true } as MediaStreamTrack

let scene: Scene
let alice: Session
let relay: MemoryRelay
let known: KnownRelay[]
let ears: Set<MemoryEar>
let reports: string[]
/** Relays that one which had no room for Alice named. */
let named: string[]
let carriage: Carriage

/** The platform makes no connection more. */
let isExhausted = false

beforeEach(async () => {
  scene = await createScene()
  alice = await scene.session('Alice')
  relay = await memoryRelay(scene.hub, scene.membership().community, 'Relay')
  scene.hub.link(alice.network.peer, relay.network.peer)
  known = [{ peer: relay.network.peer, key: relay.key, name: 'relay.example', roundTrip: undefined }]
  ears = new Set()
  isExhausted = false
  reports = []
  named = []
  const { person, network, key } = alice
  carriage = createCarriage({
    room: ROOM,
    me: { member: person.member, device: person.device, peer: key },
    network,
    connections: {
      audience: {
        open(speaks, listener) {
          if (isExhausted) throw new DOMException('Cannot create so many PeerConnections', 'UnknownError')
          return memoryAudience(ears).open(speaks, listener)
        },
      },
      allow() {},
      checks: new Observed<ReadonlyMap<KeyText, VoiceCheck>>(new Map()),
    },
    relays: () => known,
    meet: (others) => void named.push(...others),
    clock: scene.clock,
    verifier,
    membership: scene.membership,
    report: (_where, error) => reports.push((error as Error).message),
  })
  carriage.hold(true)
})

/** Somebody else in the room. */
function inmate(name: string, onStage: boolean, over?: KeyText, hides = false): Inmate {
  const peer = signerOf(`${name} session`).publicKey
  const relay = { ...(over === undefined ? {} : { relay: over }), ...(hides ? { hides } : {}) }
  const base = {
    r: ROOM,
    m: idOf<MemberId>(bytesOf(name)),
    peer,
    seq: 1,
    here: true,
    hand: 0,
    mic: 'none',
    speak: false,
  }
  return { beacon: { ...base, mic: 'none', ...relay }, onStage }
}

/** So many others, the first of them on the stage. */
function others(count: number, over?: KeyText): readonly Inmate[] {
  return Array.from({ length: count }, (_, i) => inmate(`other ${i}`, i === 0, over))
}

/** Time goes on, and all that follows from it has happened. */
async function later(milliseconds: number): Promise<void> {
  await settled()
  for (let passed = 0; passed < milliseconds; passed += 500) {
    scene.clock.turn(Math.min(500, milliseconds - passed))
    await settled()
  }
}

describe('CARRY-1', () => {
  test('eight need no relay, nine do, and at six it is enough again', async () => {
    carriage.settle('listener', others(7), [])
    await later(1_000)
    expect([relay.tickets, carriage.view.value]).toEqual([[], undefined])
    carriage.settle('listener', others(8), [])
    await settled()
    expect(carriage.view.value?.relay).toBe(known[0])
    carriage.settle('listener', others(6), [])
    await settled()
    expect(carriage.view.value).toBeDefined()
    carriage.settle('listener', others(5), [])
    await settled()
    expect([carriage.view.value, relay.attached.size, ears.size]).toEqual([undefined, 0, 0])
    carriage.settle('listener', others(7), [])
    await settled()
    expect(relay.tickets).toEqual(['listener'])
  })

  test('where the platform makes no connection the room goes on, and one is tried again later', async () => {
    isExhausted = true
    carriage.settle('listener', others(8), [])
    expect(reports).toEqual(['Cannot create so many PeerConnections'])
    isExhausted = false
    await later(2_000)
    expect(carriage.view.value?.relay).toBe(known[0])
  })

  test('whoever enters where nine are, as the list says, turns to a relay before they know who is there', async () => {
    carriage.settle('listener', [], [], 8)
    await later(1_000)
    expect(relay.tickets).toEqual([])
    carriage.settle('listener', [], [], 9)
    await settled()
    expect(carriage.view.value?.relay).toBe(known[0])
    carriage.settle('listener', others(5), [])
    await settled()
    expect([carriage.view.value, relay.attached.size]).toEqual([undefined, 0])
  })

  test('who is on the stage of a large room speaks over a relay', async () => {
    carriage.setMicrophone(MICROPHONE)
    carriage.settle('speaker', others(7), [])
    await settled()
    expect(relay.tickets).toEqual([])
    carriage.settle('speaker', others(8), [])
    await settled()
    expect([...relay.attached.values()]).toEqual(['speaker'])
    expect([...ears].map(({ speaks, sends }) => [speaks, sends])).toEqual([[true, MICROPHONE]])
    carriage.setMicrophone(undefined)
    expect([...ears].map(({ sends }) => sends)).toEqual([undefined])
  })

  test('who comes on the stage attaches anew, as a speaker, and is not said to be heard before', async () => {
    carriage.settle('listener', others(8), [])
    await settled()
    carriage.settle('speaker', others(8), [])
    expect(carriage.view.value).toBeUndefined()
    await settled()
    expect(carriage.view.value).toBeDefined()
    expect([relay.tickets, [...relay.attached.values()], ears.size]).toEqual([
      ['listener', 'speaker'],
      ['speaker'],
      1,
    ])
  })

  test('who has no place in the room any more is at no relay', async () => {
    carriage.settle('listener', others(8), [])
    await settled()
    carriage.settle(undefined, others(8), [])
    await settled()
    expect([carriage.view.value, relay.attached.size, ears.size]).toEqual([undefined, 0, 0])
  })

  test('the relay says how many listen', async () => {
    carriage.settle('listener', others(8), [])
    await settled()
    await relay.hearing(7)
    await settled()
    expect(carriage.view.value?.listeners).toBe(7)
  })
})

describe('CARRY-5', () => {
  const bob = signerOf('Bob session').publicKey
  const carol = signerOf('Carol session').publicKey

  /** Alice hears eight others over the relay, Bob and Carol on the stage. @param speaking of the two */
  async function listening(...speaking: readonly ('Bob' | 'Carol')[]): Promise<MemoryEar> {
    carriage.allow([bob, carol])
    say(...speaking)
    await settled()
    return [...ears][0] as MemoryEar
  }

  /** What the beacons of the two say now. */
  function say(...speaking: readonly ('Bob' | 'Carol')[]): void {
    const stage = (['Bob', 'Carol'] as const).map((name) => {
      const { beacon } = inmate(name, true, relay.key)
      const speak = speaking.includes(name)
      return { beacon: { ...beacon, mic: 'open' as const, speak }, onStage: true }
    })
    carriage.settle('listener', [...stage, ...others(8).slice(2)], [])
  }

  test('nothing comes of who says that they speak: the relay is left, and tried again minutes later', async () => {
    await listening('Bob')
    await later(3_500)
    expect(carriage.view.value).toBeDefined()
    await later(500)
    expect([carriage.view.value, ears.size, reports]).toEqual([undefined, 0, ['nothing comes over it']])
    await later(299_000)
    expect(relay.tickets).toHaveLength(1)
    await later(1_000)
    expect([relay.tickets.length, carriage.view.value?.relay]).toEqual([2, known[0]])
  })

  test('who says a word now and then, and nothing of it comes, is not missing; who goes on with it is', async () => {
    await listening('Bob')
    for (let words = 0; words < 5; words++) {
      say('Bob')
      await later(3_000)
      say()
      await later(3_000)
    }
    expect([carriage.view.value?.relay, reports]).toEqual([known[0], []])
    // Twice as long in silence is no more than silence.
    await later(60_000)
    say('Bob')
    await later(3_500)
    expect(carriage.view.value?.relay).toBe(known[0])
    await later(500)
    expect(carriage.view.value).toBeUndefined()
  })

  test('of a silent stage nothing is missing', async () => {
    await listening()
    await later(60_000)
    expect([carriage.view.value?.relay, [...carriage.unheard.value]]).toEqual([known[0], []])
  })

  test('who is heard a third of the time is not missing, who is heard for less is', async () => {
    const ear = await listening('Bob')
    const look = async (...speakers: readonly KeyText[]) => {
      ear.bring(...speakers)
      scene.clock.turn(250)
      await settled()
    }
    for (let i = 0; i < 40; i++) {
      await look(bob)
      await look()
      await look()
    }
    expect([...carriage.unheard.value, ...carriage.lacked.value]).toEqual([])
    for (let i = 0; i < 40; i++) {
      await look(bob)
      for (let j = 0; j < 4; j++) await look()
    }
    expect(carriage.lacked.value).toEqual([bob])
  })

  test('who does not hold the room’s secret is told that nobody comes through, and leaves no relay for it', async () => {
    carriage.hold(false)
    const ear = await listening('Bob')
    await later(60_000)
    expect([carriage.view.value?.relay, [...carriage.unheard.value]]).toEqual([known[0], [bob]])
    carriage.hold(true)
    await later(1_000)
    ear.bring(bob)
    await later(1_000)
    expect([[...carriage.unheard.value], reports]).toEqual([[], []])
  })

  test('once the secret has been held for four seconds, what does not come is the relay’s; without it for a moment between, too', async () => {
    carriage.hold(false)
    await listening('Bob')
    await later(10_000)
    for (let epochs = 0; epochs < 3; epochs++) {
      carriage.hold(false)
      await later(500)
      carriage.hold(true)
      await later(1_500)
    }
    expect(carriage.view.value?.relay).toBe(known[0])
    await later(1_500)
    expect([carriage.view.value, reports]).toEqual([undefined, ['nothing comes over it']])
  })

  test('what one relay brought is no reason to believe the next', async () => {
    const other = await memoryRelay(scene.hub, scene.membership().community, 'Other relay')
    scene.hub.link(alice.network.peer, other.network.peer)
    const ear = await listening('Bob')
    ear.bring(bob)
    await later(61_000)
    const next = { peer: other.network.peer, key: other.key, name: 'other.example', roundTrip: undefined }
    known = [...known, next]
    scene.hub.cut(alice.network.peer, relay.network.peer)
    await settled()
    expect(carriage.view.value?.relay).toBe(next)
    await later(4_000)
    expect([carriage.view.value, other.attached.size]).toEqual([undefined, 0])
    expect(reports).toContain('nothing comes over it')
  })

  test('nobody is missing whose voice finds no slot', async () => {
    const ear = await listening('Bob')
    ear.bring(...['Dave', 'Erin', 'Frank'].map((name) => signerOf(`${name} session`).publicKey))
    await later(60_000)
    expect([carriage.view.value?.relay, [...carriage.unheard.value]]).toEqual([known[0], []])
  })

  test('who is not played is not waited for', async () => {
    await listening('Bob')
    carriage.allow([carol])
    await later(60_000)
    expect(carriage.view.value?.relay).toBe(known[0])
  })
})

describe('CARRY-9 a relay brings others, and nothing of Bob, who speaks', () => {
  const bob = signerOf('Bob session').publicKey
  const carol = signerOf('Carol session').publicKey
  let ear: MemoryEar
  const who = (name: 'Bob' | 'Carol', speak = true, hides = false): Inmate => {
    const { beacon } = inmate(name, true, relay.key, hides)
    return { beacon: { ...beacon, mic: 'open', speak }, onStage: true }
  }
  const say = (...stage: readonly Inmate[]) =>
    carriage.settle('listener', [...stage, ...others(8).slice(2)], [])
  const state = () => [
    carriage.view.value?.relay.key,
    [...carriage.unheard.value],
    carriage.lacked.value,
    carriage.carries(who('Bob')),
  ]

  beforeEach(async () => {
    carriage.allow([bob, carol])
    say(who('Bob'), who('Carol'))
    await settled()
    ear = [...ears][0] as MemoryEar
    ear.bring(carol)
  })

  async function addRelay(name: string): Promise<MemoryRelay> {
    const other = await memoryRelay(scene.hub, scene.membership().community, name)
    scene.hub.link(alice.network.peer, other.network.peer)
    known = [...known, { peer: other.network.peer, key: other.key, name, roundTrip: undefined }]
    return other
  }

  test('and there is no other relay: in four seconds he is asked to send it directly, and nobody else is', async () => {
    await later(3_500)
    expect(state()).toEqual([relay.key, [], [], true])
    await later(500)
    await later(500)
    expect(state()).toEqual([relay.key, [], [bob], false])
    expect(carriage.carries(who('Carol'))).toBe(true)
    // It comes again. It is his direct voice for five minutes, and then the relay's.
    ear.bring(bob, carol)
    await later(299_000)
    expect(state()).toEqual([relay.key, [], [bob], false])
    await later(1_000)
    expect(state()).toEqual([relay.key, [], [], true])
  })

  test('for as long as it does not come again', async () => {
    await later(4_500)
    await later(900_000)
    expect(state()).toEqual([relay.key, [], [bob], false])
    say(who('Carol'))
    await later(500)
    expect(carriage.lacked.value).toEqual([])
  })

  test('and he hides his address: he is shown as not coming through, and asked for nothing', async () => {
    say(who('Bob', true, true), who('Carol'))
    await later(60_000)
    expect(state().slice(0, 3)).toEqual([relay.key, [bob], []])
  })

  test('another relay is tried beside it, and takes over when it brings him; the one before is not turned to for five minutes', async () => {
    const other = await addRelay('other')
    await later(4_500)
    expect([relay.attached.size, other.attached.size]).toEqual([1, 1])
    const next = [...ears].at(-1) as MemoryEar
    // What it brings of others is no reason.
    next.bring(carol)
    await later(2_000)
    expect(state()).toEqual([relay.key, [bob], [], true])
    next.bring(carol, bob)
    await later(2_500)
    expect(state()).toEqual([other.key, [], [], true])
    expect(relay.attached.size).toBe(0)
    known = known.map((each) => ({ ...each, roundTrip: each.key === relay.key ? 1 : 500 }))
    await later(290_000)
    expect(relay.tickets).toHaveLength(1)
    await later(10_000)
    expect(relay.tickets).toHaveLength(2)
  })

  test('nor does the other relay: it is let go of, not tried again for five minutes, and he is asked directly', async () => {
    const other = await addRelay('other')
    await later(4_500)
    const next = [...ears].at(-1) as MemoryEar
    next.bring(carol)
    await later(5_000)
    expect([other.attached.size, carriage.lacked.value]).toEqual([1, []])
    await later(1_500)
    expect([other.attached.size, ...state()]).toEqual([0, relay.key, [], [bob], false])
    await later(60_000)
    expect(other.tickets).toHaveLength(1)
  })

  test('a pause of his does not end the try', async () => {
    const other = await addRelay('other')
    await later(4_500)
    const next = [...ears].at(-1) as MemoryEar
    say(who('Bob', false), who('Carol'))
    await later(30_000)
    expect(other.attached.size).toBe(1)
    say(who('Bob'), who('Carol'))
    next.bring(bob)
    await later(500)
    expect(state()[0]).toBe(other.key)
  })

  test('who stays silent for a minute then ends it', async () => {
    const other = await addRelay('other')
    await later(4_500)
    say(who('Bob', false), who('Carol'))
    await later(61_000)
    expect([other.attached.size, ...state()]).toEqual([0, relay.key, [], [], true])
  })

  test('the relay that carries is lost meanwhile: the other one carries', async () => {
    const other = await addRelay('other')
    await later(4_500)
    scene.hub.cut(alice.network.peer, relay.network.peer)
    await settled()
    expect(state()[0]).toBe(other.key)
  })

  test('a listener who lacks a speaker’s voice is sent it directly by the speaker', async () => {
    carriage.settle('speaker', others(8, relay.key), [])
    await settled()
    const carol = inmate('Carol', false, relay.key)
    const lacks = (...keys: readonly KeyText[]) => ({ ...carol, beacon: { ...carol.beacon, lacks: keys } })
    expect(carriage.carries(lacks(bob))).toBe(true)
    expect(carriage.carries(lacks(bob, alice.key))).toBe(false)
    // An address that is hidden stays so, whoever asks.
    expect(carriage.carries({ ...carol, beacon: { ...lacks(alice.key).beacon, hides: true } })).toBe(true)
  })
})

describe('CARRY-7 of several relays', () => {
  let other: MemoryRelay
  const at = (relay: MemoryRelay, roundTrip?: number): KnownRelay => {
    return { peer: relay.network.peer, key: relay.key, name: 'a relay', roundTrip }
  }
  const carrying = () => carriage.view.value?.relay.key

  beforeEach(async () => {
    other = await memoryRelay(scene.hub, scene.membership().community, 'Other relay')
    scene.hub.link(alice.network.peer, other.network.peer)
  })

  test('the nearest carries', async () => {
    known = [at(relay, 80), at(other, 20)]
    carriage.settle('listener', others(8), [])
    await settled()
    expect([carrying(), relay.tickets]).toEqual([other.key, []])
  })

  test('one that is full names others, and the next one carries at once', async () => {
    relay.refusal = { reason: 'relay-full', others: ['/dns/other.example/tcp/443/tls/ws/p2p/12D3Koo'] }
    carriage.settle('listener', others(8), [])
    await settled()
    expect([named, carrying()]).toEqual([relay.refusal.others, undefined])
    known = [...known, at(other)]
    await later(250)
    expect(carrying()).toBe(other.key)
  })

  test('one dies, and another carries without a wait', async () => {
    known = [at(relay, 20), at(other, 80)]
    carriage.settle('listener', others(8), [])
    await settled()
    scene.hub.cut(alice.network.peer, relay.network.peer)
    await settled()
    expect(carrying()).toBe(other.key)
  })

  test.each(['listener', 'speaker'] as const)(
    'a much nearer one takes over, for a %s, and the one before goes when it stands',
    async (part) => {
      known = [at(relay, 100)]
      carriage.setMicrophone(MICROPHONE)
      carriage.settle(part, others(8), [])
      await later(60_000)
      known = [at(relay, 100), at(other, 40)]
      const seen: unknown[] = []
      carriage.view.subscribe((view) => seen.push(view && [view.relay.key, relay.attached.size]))
      await later(250)
      expect([carrying(), relay.attached.size, other.attached.size, ears.size]).toEqual([other.key, 0, 1, 1])
      expect(seen).toEqual([[other.key, 1]])
      expect([...ears].map(({ sends }) => sends)).toEqual([part === 'speaker' ? MICROPHONE : undefined])
      // And not to and fro.
      known = [at(relay, 10), at(other, 40)]
      await later(30_000)
      expect(carrying()).toBe(other.key)
    },
  )

  test.each([
    ['when it brings voices too', true],
    ['two seconds after it stands, where it brings none', false],
  ])('somebody speaks: the one before goes %s', async (_when, brings) => {
    known = [at(relay, 100)]
    carriage.settle('listener', others(8), [])
    await later(60_000)
    const carol = signerOf('Carol session').publicKey
    const [before] = [...ears] as [MemoryEar]
    before.bring(carol)
    known = [at(relay, 100), at(other, 40)]
    await later(250)
    await later(1_500)
    expect([carrying(), relay.attached.size, other.attached.size]).toEqual([relay.key, 1, 1])
    const next = [...ears].at(-1) as MemoryEar
    if (brings) next.bring(carol)
    else await later(500)
    await settled()
    expect([carrying(), relay.attached.size, other.attached.size]).toEqual([other.key, 0, 1])
  })

  test('one that is a little nearer is no reason to change', async () => {
    known = [at(relay, 100), at(other)]
    carriage.settle('listener', others(8), [])
    await later(61_000)
    known = [at(relay, 100), at(other, 70)]
    await later(5_000)
    expect([carrying(), other.tickets]).toEqual([relay.key, []])
    // Nor is one that is nearer by much, and as far by half.
    known = [at(relay, 300), at(other, 200)]
    await later(5_000)
    expect([carrying(), other.tickets]).toEqual([relay.key, []])
  })

  test('the change fails, and all is as it was', async () => {
    known = [at(relay, 100)]
    carriage.settle('listener', others(8), [])
    await later(61_000)
    other.refusal = { reason: 'not-admitted', others: [] }
    known = [at(relay, 100), at(other, 10)]
    await later(10_000)
    expect([carrying(), relay.attached.size, ears.size]).toEqual([relay.key, 1, 1])
    expect(other.tickets).toHaveLength(1)
  })
})

describe('CARRY-6', () => {
  const bob = inmate('Bob', true)
  const carol = inmate('Carol', false)

  function linkTo({ beacon }: Inmate, state: LinkView['state']): LinkView {
    const peer = peerIdOf(beacon.peer)
    return { peer, member: beacon.m, state, reason: undefined, stream: undefined, check: undefined }
  }

  const isAttached = () => carriage.view.value !== undefined

  test.each([
    ['a listener whom a speaker does not reach', 'listener', bob, 'failed'],
    ['a speaker whom another does not reach', 'speaker', bob, 'failed'],
    ['a speaker who does not reach a listener', 'speaker', carol, 'failed'],
  ] as const)(
    '%s directly turns to a relay, at once when the link failed',
    async (_who, part, other, state) => {
      carriage.settle(part, [other], [linkTo(other, 'connecting')])
      await settled()
      expect(relay.tickets).toEqual([])
      carriage.settle(part, [other], [linkTo(other, state)])
      await settled()
      expect(relay.tickets).toEqual([part])
      // The link is tried again, or not any more, and that is no reason to leave.
      for (const tried of [[], [linkTo(other, 'connecting')]]) {
        carriage.settle(part, [other], tried)
        await later(10_000)
        expect(isAttached()).toBe(true)
      }
      carriage.settle(part, [other], [linkTo(other, 'connected')])
      await later(3_500)
      expect(isAttached()).toBe(true)
      await later(500)
      expect([carriage.view.value, relay.attached.size]).toEqual([undefined, 0])
    },
  )

  test('after four seconds when nothing is known of it yet, and half a second after it broke', async () => {
    carriage.settle('listener', [bob], [])
    await later(3_500)
    expect(relay.tickets).toEqual([])
    await later(500)
    expect(relay.tickets).toEqual(['listener'])
    carriage.settle('listener', [bob], [linkTo(bob, 'connected')])
    await later(4_000)
    expect(isAttached()).toBe(false)
    carriage.settle('listener', [bob], [linkTo(bob, 'connecting')])
    await settled()
    expect(isAttached()).toBe(false)
    await later(500)
    expect(isAttached()).toBe(true)
  })

  test('where neither has a voice yet, neither listens to the other, or who spoke has left, nothing is looked for', async () => {
    carriage.settle('speaker', [bob], [linkTo(bob, 'idle')])
    await later(10_000)
    carriage.settle('listener', [carol], [])
    await later(10_000)
    expect(relay.tickets).toEqual([])
    carriage.settle('listener', [bob], [linkTo(bob, 'failed')])
    await settled()
    expect(isAttached()).toBe(true)
    carriage.settle('listener', [], [])
    await settled()
    expect([carriage.view.value, relay.attached.size]).toEqual([undefined, 0])
  })

  test('pair by pair: who reaches both speaks to both directly, though both are at a relay', async () => {
    const there = [inmate('Bob', true, relay.key), inmate('Carol', false, relay.key)]
    const links = there.map((each) => linkTo(each, 'connected'))
    carriage.settle('speaker', there, links)
    await later(10_000)
    expect(relay.tickets).toEqual([])
    // Dave does not reach her either; Carol and she go on as before.
    const dave = inmate('Dave', false, relay.key)
    carriage.settle('speaker', [...there, dave], [...links, linkTo(dave, 'failed')])
    await settled()
    expect(isAttached()).toBe(true)
    // Nor does she give up on a link with Dave: the relay is there until it stands.
    expect([...there, dave].map(carriage.carries)).toEqual([false, false, false])
    expect(carriage.reaches(dave.beacon.peer, dave.beacon.m)).toBe(true)
  })

  test('a relay over which one of the stage says to speak and is not heard is left, also in a small room', async () => {
    const speaking = inmate('Bob', true, relay.key)
    const bobSpeaks = { ...speaking, beacon: { ...speaking.beacon, mic: 'open', speak: true } } as const
    carriage.allow([bobSpeaks.beacon.peer])
    carriage.settle('speaker', [bobSpeaks], [linkTo(bobSpeaks, 'failed')])
    await settled()
    expect(carriage.stateOf(bobSpeaks.beacon.peer, bobSpeaks.beacon.m)).toBe('connected')
    await later(4_500)
    expect(carriage.reaches(bobSpeaks.beacon.peer, bobSpeaks.beacon.m)).toBe(false)
    expect(relay.attached.size).toBe(0)
  })

  test('a private room is carried by no relay (TICKET-6), and who is not reached is shown as cut off', async () => {
    const cutOff = () => [...carriage.cutOff.value]
    carriage.settle('speaker', [bob, carol], [linkTo(bob, 'connected'), linkTo(carol, 'connecting')], 0, true)
    await later(3_500)
    expect(cutOff()).toEqual([])
    await later(500)
    expect([cutOff(), relay.tickets]).toEqual([[carol.beacon.peer], []])
    // Also somebody with whom there is no connection of any kind, and until the link stands.
    carriage.settle('speaker', [bob, carol], [linkTo(carol, 'connected')], 0, true)
    await later(4_000)
    expect(cutOff()).toEqual([bob.beacon.peer])
    await later(10_000)
    expect(relay.tickets).toEqual([])
  })

  test('who is not reached, and is at no relay, is shown as cut off four seconds later, until there is one', async () => {
    carriage.settle('listener', [bob], [linkTo(bob, 'failed')])
    await later(3_500)
    expect([isAttached(), [...carriage.cutOff.value]]).toEqual([true, []])
    await later(500)
    expect([...carriage.cutOff.value]).toEqual([bob.beacon.peer])
    carriage.settle('listener', [inmate('Bob', true, relay.key)], [linkTo(bob, 'failed')])
    await later(250)
    expect([...carriage.cutOff.value]).toEqual([])
  })
})

describe('CARRY-2', () => {
  const speaker = (over?: KeyText) => inmate('Bob', true, over)

  test('a voice goes over relays when both are at one, and no other way', async () => {
    expect(carriage.carries(speaker(relay.key))).toBe(false)
    carriage.settle('listener', others(8), [])
    await settled()
    expect(carriage.carries(speaker(relay.key))).toBe(true)
    expect(carriage.carries(speaker())).toBe(false)
    expect(carriage.carries(speaker(signerOf('another relay').publicKey))).toBe(true)
    expect(carriage.carries(inmate('Carol', false, relay.key))).toBe(false)
  })

  test('those on the stage hear each other directly', async () => {
    carriage.settle('speaker', others(8), [])
    await settled()
    expect(carriage.carries(speaker(relay.key))).toBe(false)
    expect(carriage.carries(inmate('Carol', false, relay.key))).toBe(true)
  })

  test('the relay dies: nothing is said to go over it from that moment, and when it is back it does again', async () => {
    carriage.settle('listener', others(8), [])
    await settled()
    known = []
    scene.hub.cut(alice.network.peer, relay.network.peer)
    await settled()
    expect([carriage.view.value, carriage.carries(speaker(relay.key)), ears.size]).toEqual([
      undefined,
      false,
      0,
    ])
    expect(reports).toEqual(['signalling-lost'])
    await later(60_000)
    scene.hub.link(alice.network.peer, relay.network.peer)
    known = [{ peer: relay.network.peer, key: relay.key, name: 'relay.example', roundTrip: undefined }]
    carriage.settle('listener', others(8), [])
    await settled()
    expect(carriage.carries(speaker(relay.key))).toBe(true)
  })

  test('the road to it is gone for a moment: so are the voices', async () => {
    carriage.settle('listener', others(8), [])
    await settled()
    const [ear] = ears
    ear?.become('disconnected')
    await settled()
    expect(carriage.view.value).toBeUndefined()
    ear?.become('connected')
    await settled()
    expect(carriage.view.value).toBeDefined()
  })

  test('a relay that refuses is asked again later and later', async () => {
    relay.refusal = { reason: 'not-admitted', others: [] }
    carriage.settle('listener', others(8), [])
    await later(500)
    expect([relay.tickets.length, carriage.view.value]).toEqual([1, undefined])
    await later(1_000)
    expect(relay.tickets.length).toBe(2)
    await later(1_000)
    expect(relay.tickets.length).toBe(2)
    await later(1_000)
    expect(relay.tickets.length).toBe(3)
    await later(120_000)
    expect(relay.tickets.length).toBeLessThan(10)
    relay.refusal = undefined
    await later(30_000)
    expect(carriage.view.value).toBeDefined()

    // It carried for a while: when it is lost, what it refused before counts no more.
    await later(60_000)
    scene.hub.cut(alice.network.peer, relay.network.peer)
    await settled()
    expect(carriage.view.value).toBeUndefined()
    scene.hub.link(alice.network.peer, relay.network.peer)
    await later(1_500)
    expect(carriage.view.value).toBeDefined()
  })

  test('a relay that takes us and drops us is asked again later and later too', async () => {
    carriage.settle('listener', others(8), [])
    await settled()
    const stood: number[] = []
    for (let second = 0; second < 200; second++) {
      await later(1_000)
      const [ear] = ears
      if (ear === undefined) continue
      if (carriage.view.value !== undefined) stood.push(second)
      ear.become('failed')
      await settled()
    }
    const waits = stood.slice(1).map((at, i) => at - (stood[i] as number))
    expect(waits.slice(0, 5)).toEqual([2, 3, 5, 9, 17])
    expect(waits.slice(5).every((wait) => wait === 31)).toBe(true)
    // At last it stands, and is lost a minute later: that is another matter.
    await later(90_000)
    expect(carriage.view.value).toBeDefined()
    ;[...ears][0]?.become('failed')
    // A second for its last words, and one of rest.
    await later(2_500)
    expect(carriage.view.value).toBeDefined()
  })

  test('who has left asks nobody any more', async () => {
    relay.refusal = { reason: 'not-admitted', others: [] }
    carriage.settle('listener', others(8), [])
    await settled()
    await carriage.stop()
    await later(60_000)
    carriage.settle('listener', others(8), [])
    await settled()
    expect([relay.tickets.length, ears.size, relay.attached.size]).toEqual([1, 0, 0])
  })

  test('who has left while the voices came over it leaves nothing behind that waits', async () => {
    carriage.settle('speaker', others(8), [])
    await settled()
    expect(carriage.view.value).toBeDefined()
    await carriage.stop()
    await settled()
    expect([scene.clock.pending, ears.size, relay.attached.size]).toEqual([0, 0, 0])
  })
})

describe('CARRY-8', () => {
  const stateOf = ({ beacon }: Inmate) => carriage.stateOf(beacon.peer, beacon.m)
  const bob = inmate('Bob', true)

  test('who hides their address turns to a relay at once, in a room of two, and is linked with nobody', async () => {
    alice.network.hidesAddress = true
    expect(carriage.carries(bob)).toBe(true)
    carriage.settle('listener', [bob], [])
    expect([carriage.apart.value, stateOf(bob)]).toEqual(['connecting', 'connecting'])
    await settled()
    expect([relay.tickets, carriage.apart.value]).toEqual([['listener'], 'carried'])
    expect(stateOf(bob)).toBe('connecting')
    const there = inmate('Bob', true, relay.key)
    carriage.settle('listener', [there], [])
    expect([carriage.carries(there), stateOf(there)]).toEqual([true, 'connected'])
    // Six or two, the room is never small enough.
    carriage.settle('listener', [], [])
    await later(1_000)
    expect(carriage.view.value).toBeDefined()
  })

  test.each([
    ['a listener turns to a relay for a speaker who hides', 'listener', true, ['listener']],
    ['a speaker turns to a relay for a speaker who hides', 'speaker', true, ['speaker']],
    ['a speaker turns to a relay for a listener who hides', 'speaker', false, ['speaker']],
    ['two listeners have no voice to share', 'listener', false, []],
  ] as const)('%s', async (_what, part, onStage, tickets) => {
    carriage.settle(part, [inmate('Bob', onStage, undefined, true), inmate('Carol', true)], [])
    await settled()
    expect(relay.tickets).toEqual(tickets)
    expect(carriage.carries(inmate('Bob', onStage, undefined, true))).toBe(true)
    expect(carriage.carries(inmate('Carol', true, relay.key))).toBe(false)
    expect(carriage.apart.value).toBe(tickets.length > 0 ? 'carried' : undefined)
    carriage.settle(part, [inmate('Carol', true)], [])
    await settled()
    expect([carriage.view.value, carriage.apart.value]).toEqual([undefined, undefined])
  })

  test('a session of one’s own that hides, or did before it was made anew, takes no relay', async () => {
    const { beacon } = inmate('Alice tablet', true, undefined, true)
    carriage.settle('speaker', [{ beacon: { ...beacon, m: alice.person.member }, onStage: true }], [])
    await settled()
    expect([relay.tickets, carriage.apart.value]).toEqual([[], undefined])
  })

  test('where no relay carries, nobody is linked directly, and the two are told after a moment', async () => {
    known = []
    const bob = inmate('Bob', true, relay.key, true)
    carriage.settle('speaker', [bob], [])
    await later(3_500)
    expect([carriage.apart.value, stateOf(bob)]).toEqual(['connecting', 'connecting'])
    await later(1_000)
    expect([carriage.apart.value, stateOf(bob)]).toEqual(['unheard', 'failed'])
    expect(carriage.carries(bob)).toBe(true)
    known = [{ peer: relay.network.peer, key: relay.key, name: 'relay.example', roundTrip: undefined }]
    await later(1_000)
    expect([carriage.apart.value, stateOf(bob)]).toEqual(['carried', 'connected'])
  })

  test('who names no relay is not heard, and that is no fault of ours', async () => {
    const bob = inmate('Bob', true, undefined, true)
    carriage.settle('listener', [bob], [])
    carriage.allow([bob.beacon.peer])
    await later(5_000)
    expect([carriage.apart.value, stateOf(bob)]).toEqual(['carried', 'failed'])
    await later(60_000)
    expect([relay.tickets, reports]).toEqual([['listener'], []])
  })

  test('no relay is asked about a private room', async () => {
    alice.network.hidesAddress = true
    carriage.settle('speaker', [bob], [], 0, true)
    await later(5_000)
    expect([relay.tickets, carriage.carries(bob), carriage.apart.value]).toEqual([[], true, 'unheard'])
    expect(stateOf(bob)).toBe('failed')
  })
})
