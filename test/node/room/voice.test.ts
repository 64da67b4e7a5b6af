import { afterEach, expect, test } from 'vitest'
import type { LinkView, Mesh, WantedLink } from '../../../node/mesh/mesh.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { Observed } from '../../../node/observed.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import type { Apart, Carriage, CarriageView } from '../../../node/room/carriage.ts'
import { createVoice, type RoomVoice } from '../../../node/room/voice.ts'
import type { VoiceCheck } from '../../../node/voice/opener.ts'
import { idOf, type KeyText, type MemberId } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'

/** Alice hears a room directly and over a relay at once. */

const BOB = idOf<MemberId>(bytesOf('Bob'))
const CAROL = idOf<MemberId>(bytesOf('Carol'))
const laptop = signerOf('Bob laptop').publicKey
const phone = signerOf('Bob phone').publicKey
const carol = signerOf('Carol session').publicKey

const links = new Observed<readonly LinkView[]>([])
const view = new Observed<CarriageView | undefined>(undefined)
let clock = turnedClock(0)
/** What the connections were told of her own voice, in its order. */
let rests: boolean[] = []
/** Whether voices can go over relays. */
let reached = false
let voice: RoomVoice | undefined

afterEach(async () => {
  await voice?.stop()
  links.set([])
  view.set(undefined)
  clock = turnedClock(0)
  rests = []
  reached = false
})

/** @param audible those whom she plays */
function hears(
  sessions: readonly (readonly [KeyText, MemberId])[],
  ...audible: readonly MemberId[]
): RoomVoice {
  const mesh: Mesh = {
    links,
    update() {},
    setMicrophone() {},
    use() {},
    rest: (resting) => void rests.push(resting),
    levels: async () => new Map(),
    traffic: async () => new Map(),
    stop: async () => {},
  }
  const carriage: Carriage = {
    view,
    checks: new Observed<ReadonlyMap<KeyText, VoiceCheck>>(new Map()),
    unheard: new Observed<ReadonlySet<KeyText>>(new Set()),
    apart: new Observed<Apart | undefined>(undefined),
    cutOff: new Observed<ReadonlySet<KeyText>>(new Set()),
    lacked: new Observed<readonly KeyText[]>([]),
    settle() {},
    hold() {},
    setMicrophone() {},
    allow() {},
    carries: () => true,
    reaches: () => reached,
    stateOf: () => 'connected',
    levels: () => [],
    traffic: () => undefined,
    stop: async () => {},
  }
  voice = createVoice(mesh, carriage, clock)
  const wanted = sessions.map(([key, member]): WantedLink => {
    return { peer: peerIdOf(key), key, member, send: false, receive: true }
  })
  voice.update([], wanted, new Set(audible))
  return voice
}

const streamOf = (name: string) => ({ id: name }) as MediaStream

function direct(key: KeyText, member: MemberId, stream: MediaStream | undefined): LinkView {
  const peer = peerIdOf(key)
  return { peer, member, state: 'connected', reason: undefined, stream, check: undefined }
}

/** What comes in the slots of the relay, under the name of each. */
function over(...speakers: readonly KeyText[]): CarriageView {
  const relay = { peer: peerIdOf(signerOf('Relay').publicKey), key: signerOf('Relay').publicKey }
  const slots = speakers.map((speaker, i) => ({ speaker, stream: streamOf(`slot ${i}`) }))
  return {
    relay: { ...relay, name: 'relay.example', roundTrip: undefined },
    listeners: 0,
    whole: false,
    slots,
  }
}

const played = ({ voices }: RoomVoice) => voices.value.map(({ member, stream }) => [member, stream.id])

test('CARRY-3 who comes directly too is heard once, and directly', () => {
  const voice = hears([[laptop, BOB]], BOB)
  view.set(over(laptop))
  expect(played(voice)).toEqual([[BOB, 'slot 0']])
  links.set([direct(laptop, BOB, streamOf('direct'))])
  expect(played(voice)).toEqual([[BOB, 'direct']])
  links.set([direct(laptop, BOB, undefined)])
  expect(played(voice)).toEqual([[BOB, 'slot 0']])
})

test('CARRY-6 of a link that broke nothing is heard while the voice comes over a relay', () => {
  const voice = hears([[laptop, BOB]], BOB)
  links.set([direct(laptop, BOB, streamOf('direct'))])
  links.set([{ ...direct(laptop, BOB, streamOf('direct')), state: 'connecting' }])
  // Nothing better comes.
  expect(played(voice)).toEqual([[BOB, 'direct']])
  view.set(over(laptop))
  expect(played(voice)).toEqual([[BOB, 'slot 0']])
  links.set([direct(laptop, BOB, streamOf('direct'))])
  expect(played(voice)).toEqual([[BOB, 'direct']])
})

test('CARRY-6 a link that is not there is shown to stand where voices go over a relay', () => {
  const voice = hears([[laptop, BOB]], BOB)
  voice.update([], [], new Set([BOB]))
  const shown = () => voice.links.value.map(({ state }) => state)
  links.set([{ ...direct(laptop, BOB, undefined), state: 'failed' }])
  expect(shown()).toEqual(['failed'])
  reached = true
  voice.update([], [], new Set([BOB]))
  expect(shown()).toEqual(['connected'])
  links.set([{ ...direct(laptop, BOB, undefined), state: 'idle' }])
  expect(shown()).toEqual(['idle'])
})

test('CARRY-3 another session of the same member does not keep a voice from being heard', () => {
  const voice = hears(
    [
      [laptop, BOB],
      [phone, BOB],
    ],
    BOB,
  )
  links.set([direct(phone, BOB, streamOf('phone'))])
  view.set(over(laptop))
  expect(played(voice)).toEqual([
    [BOB, 'phone'],
    [BOB, 'slot 0'],
  ])
})

test('CARRY-3 who is not played is silent whichever way their voice comes, at once', () => {
  const sessions = [
    [laptop, BOB],
    [carol, CAROL],
  ] as const
  const voice = hears(sessions, BOB, CAROL)
  links.set([direct(laptop, BOB, streamOf('direct'))])
  view.set(over(carol))
  expect(played(voice)).toHaveLength(2)
  voice.update([], [], new Set())
  expect(played(voice)).toEqual([])
})

test('VOICE-4 her voice rests before she ever spoke, and from half a second after she muted; a word goes out at once', () => {
  const voice = hears([])
  expect(rests).toEqual([true])
  voice.setOpen(true)
  expect(rests).toEqual([true, false])
  voice.setOpen(false)
  clock.turn(499)
  expect(rests).toEqual([true, false])
  clock.turn(1)
  expect(rests).toEqual([true, false, true])
})

test('VOICE-4 nothing rests in the middle of a word that came soon after another', () => {
  const voice = hears([])
  voice.setOpen(true)
  voice.setOpen(false)
  clock.turn(400)
  voice.setOpen(true)
  clock.turn(10_000)
  expect(rests).toEqual([true, false, false])
})
