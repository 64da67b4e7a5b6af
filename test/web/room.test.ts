import { afterEach, describe, expect, it, vi } from 'vitest'
import { PeerError } from '../../node/errors.ts'
import { roomAudio } from '../../web/audio/room-audio.ts'
import { MicrophoneCheck } from '../../web/state/microphone-check.svelte.ts'
import { Preferences } from '../../web/state/preferences.svelte.ts'
import { Room } from '../../web/state/room.svelte.ts'
import { type FakeRoom, FakeVillage, GARDENS, VILLAGERS } from '../support/fake-door.ts'

afterEach(() => vi.restoreAllMocks())

/** A microphone that remembers whether it was given back. */
function microphone() {
  const track = Object.assign(new EventTarget(), {
    stopped: false,
    stop: () => (track.stopped = true),
    getSettings: () => ({ deviceId: 'headset' }),
  })
  const tracks = () => [track]
  return { track, stream: { getTracks: tracks, getAudioTracks: tracks } as unknown as MediaStream }
}

/** @param question settles when the person has answered the browser */
async function scene(
  as: 'listener' | 'host',
  refuse?: PeerError,
  question: Promise<void> = Promise.resolve(),
) {
  const village = new FakeVillage()
  const peer = await village.resume()
  if (as === 'host') await peer?.openRoom({ title: 'Mine', topics: [], language: 'fr' })
  else await peer?.joinRoom(GARDENS)
  const session = village.room as FakeRoom
  const given = microphone()
  const asked: string[] = []
  let hear: (speaking: boolean) => void = () => {}
  let sound: (level: number, speaking: boolean) => void = () => {}
  const room = new Room(session, {
    audio: {
      ...roomAudio({}),
      openMicrophone: async (device) => {
        asked.push(device ?? 'microphone')
        await question
        if (refuse !== undefined) throw refuse
        return given.stream
      },
      watchLevel: (_stream, told) => {
        sound = told
        return () => asked.push('stopped trying')
      },
      watchSpeech: (_stream, told) => {
        hear = told
        return () => asked.push('stopped listening')
      },
      chime: () => asked.push('chime'),
    },
    preferences: new Preferences({ getItem: () => null, setItem: () => {} }),
    changed: () => {},
  })
  return {
    session,
    room,
    given,
    asked,
    check: new MicrophoneCheck(room.audio),
    me: session.view.value.me.member,
    speak: (on: boolean) => hear(on),
    sound: (level: number, speaking: boolean) => sound(level, speaking),
  }
}

/** Tries the microphone, and goes on stage with it when it is there. */
async function goOnStage({ room, check }: Awaited<ReturnType<typeof scene>>): Promise<boolean> {
  await check.try()
  const microphone = check.take()
  return microphone !== undefined && room.acceptStage(microphone)
}

describe('a listener', () => {
  it('is not said to be heard by all while somebody is not reached, or not yet', async () => {
    const { session, room } = await scene('listener')
    const somebody = room.view.people.find(({ me }) => !me)
    if (somebody === undefined) throw new Error('nobody is here')
    const said = (['none', 'connecting', 'connected', 'failed', 'connected'] as const).map((link) => {
      session.change(somebody.member, { link })
      return room.reachesAll
    })
    expect(said).toEqual([true, false, true, false, true])
  })

  it('is not asked for a microphone by raising a hand, being offered the stage, or declining', async () => {
    const { session, room, asked, me } = await scene('listener')
    await room.toggleHand()
    expect(room.me.hand).toBe(1)
    session.change(me, { offered: true })
    await room.declineStage()
    await room.toggleMicrophone()
    expect(room.microphone).toBe('off-stage')
    expect(asked).toEqual([])
  })

  it('is asked once, by accepting, and enters muted', async () => {
    const at = await scene('listener')
    const { session, room, asked, me } = at
    session.change(me, { offered: true })
    expect(await goOnStage(at)).toBe(true)
    expect(asked).toEqual(['microphone', 'stopped trying'])
    expect(room.microphone).toBe('muted')
    expect(session.microphones).toHaveLength(1)
  })

  it('stays in the audience when the microphone is refused, with the reason beside the question', async () => {
    const at = await scene('listener', new PeerError('microphone-denied'))
    const { session, room, check, me } = at
    session.change(me, { offered: true })
    expect(await goOnStage(at)).toBe(false)
    expect(check.attempt.failure).toBe('microphone-denied')
    expect(room.answer.failure).toBeUndefined()
    expect(room.attempt.failure).toBeUndefined()
    expect(room.me.offered).toBe(true)
  })

  it('gets the microphone back when the offer was withdrawn meanwhile', async () => {
    const at = await scene('listener')
    const { room, given } = at
    expect(await goOnStage(at)).toBe(false)
    expect(room.answer.failure).toBe('not-allowed')
    expect(given.track.stopped).toBe(true)
  })

  it('takes the hand down again', async () => {
    const { room } = await scene('listener')
    await room.toggleHand()
    await room.toggleHand()
    expect(room.me.hand).toBeUndefined()
  })

  it('may not moderate', async () => {
    const { room } = await scene('listener')
    expect(room.moderating).toBe(false)
    expect(room.view.people.filter((person) => room.mayModerate(person))).toEqual([])
  })
})

describe('the host of a fresh room', () => {
  it('stands on the stage, muted, without having been asked for a microphone', async () => {
    const { room, asked } = await scene('host')
    expect(room.hosting).toBe(true)
    expect(room.microphone).toBe('closed')
    expect(asked).toEqual([])
  })

  it('opens the microphone with one press, then mutes and opens it without giving it again', async () => {
    const { session, room, asked } = await scene('host')
    await room.toggleMicrophone()
    expect(room.microphone).toBe('open')
    await room.toggleMicrophone()
    expect(room.microphone).toBe('muted')
    await room.toggleMicrophone()
    expect(room.microphone).toBe('open')
    expect(asked).toEqual(['microphone'])
    expect(session.microphones).toHaveLength(1)
  })

  it('is muted and told when the microphone is unplugged', async () => {
    const { room, given } = await scene('host')
    await room.toggleMicrophone()
    expect(room.microphone).toBe('open')
    given.track.dispatchEvent(new Event('ended'))
    await expect.poll(() => [room.microphone, room.me.muted]).toEqual(['closed', true])
    expect(room.attempt.failure).toBe('microphone-missing')
  })

  it('moderates those below, and not themselves', async () => {
    const { session, room } = await scene('host')
    session.enter(VILLAGERS.NADIA, { level: 80, onStage: true })
    expect(room.view.people.filter((person) => room.mayModerate(person)).map(({ name }) => name)).toEqual([
      'Nadia',
    ])
  })

  it('sees raised hands in the order in which they went up', async () => {
    const { session, room } = await scene('host')
    for (const who of [VILLAGERS.LEA, VILLAGERS.KOFI, VILLAGERS.NADIA]) session.enter(who)
    session.hand(VILLAGERS.NADIA.id, true)
    session.hand(VILLAGERS.LEA.id, true)
    session.hand(VILLAGERS.KOFI.id, true)
    session.hand(VILLAGERS.NADIA.id, false)
    expect(room.hands.map(({ name, hand }) => [name, hand])).toEqual([
      ['Léa Fontaine', 1],
      ['Kofi', 2],
    ])
  })

  it('is told what could not be done, once', async () => {
    const { room } = await scene('host')
    expect(await room.mute(VILLAGERS.AMA.id)).toBe(false)
    expect(room.attempt.failure).toBe('not-allowed')
    await room.toggleMicrophone()
    expect(room.attempt.failure).toBeUndefined()
  })
})

describe('somebody whom a moderator muted', () => {
  it('cannot open the microphone until it is lifted', async () => {
    const { session, room, me } = await scene('host')
    await room.toggleMicrophone()
    session.change(me, { muted: true, mutedByModerator: true })
    expect(room.microphone).toBe('muted-by-moderator')
    await room.toggleMicrophone()
    expect(room.me.muted).toBe(true)
    session.change(me, { mutedByModerator: false })
    expect(room.microphone).toBe('muted')
  })
})

describe('push to talk', () => {
  const given = async () => {
    const at = await scene('host')
    await at.room.toggleMicrophone()
    await at.room.toggleMicrophone()
    return at
  }

  it('opens the microphone while the key is held', async () => {
    const { room } = await given()
    await room.talk(true)
    expect(room.microphone).toBe('open')
    await room.talk(false)
    expect(room.microphone).toBe('muted')
  })

  it('leaves a microphone open that was open before, and asks for none', async () => {
    const { room, asked } = await scene('host')
    await room.talk(true)
    expect([room.microphone, asked]).toEqual(['closed', []])
    await room.toggleMicrophone()
    await room.talk(true)
    await room.talk(false)
    expect(room.microphone).toBe('open')
  })

  it('does not speak over a moderator, whether the key is pressed after the mute or held through it', async () => {
    const { room, session, me } = await given()
    session.change(me, { muted: true, mutedByModerator: true })
    await room.talk(true)
    expect(room.me.muted).toBe(true)
    await room.talk(false)
    session.change(me, { mutedByModerator: false })
    await room.talk(true)
    session.change(me, { muted: true, mutedByModerator: true })
    session.change(me, { mutedByModerator: false })
    expect(room.microphone).toBe('muted')
    await room.talk(false)
    expect(room.microphone).toBe('muted')
  })
})

describe('a hand that goes up', () => {
  it('sounds for who can answer it, once for several, and not when they turned that off', async () => {
    const { session, room, asked } = await scene('host')
    for (const who of [VILLAGERS.LEA, VILLAGERS.KOFI, VILLAGERS.NADIA]) session.enter(who)
    expect(asked).toEqual([])
    session.hand(VILLAGERS.LEA.id, true)
    session.hand(VILLAGERS.KOFI.id, true)
    session.speak(VILLAGERS.LEA.id, true)
    expect(asked).toEqual(['chime'])
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000)
    room.preferences.chime = false
    session.hand(VILLAGERS.NADIA.id, true)
    expect(asked).toEqual(['chime'])
    room.preferences.chime = true
    session.hand(VILLAGERS.LEA.id, false)
    session.hand(VILLAGERS.LEA.id, true)
    expect(asked).toEqual(['chime', 'chime'])
  })

  it('sounds for nobody in the audience', async () => {
    const { session, asked } = await scene('listener')
    session.hand(VILLAGERS.LEA.id, true)
    expect(asked).toEqual([])
  })
})

describe('what a person chose about rooms', () => {
  it('is remembered on this device', () => {
    const kept = new Map<string, string>()
    const memory = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    }
    const first = new Preferences(memory)
    expect([first.chime, first.talkKey]).toEqual([true, false])
    first.chime = false
    first.talkKey = true
    const later = new Preferences(memory)
    expect([later.chime, later.talkKey]).toEqual([false, true])
  })
})

describe('the microphone is given back', () => {
  it.each<[string, (at: Awaited<ReturnType<typeof scene>>) => unknown]>([
    ['by stepping down', ({ room }) => room.stepDown()],
    ['by being taken off the stage', ({ session, me }) => session.change(me, { onStage: false, level: 0 })],
    ['by leaving', ({ room }) => room.leave()],
    ['by the end of the room', ({ session }) => session.over()],
  ])('%s', async (_how, act) => {
    const at = await scene('host')
    await at.room.toggleMicrophone()
    await act(at)
    expect(at.given.track.stopped).toBe(true)
    expect(at.asked).toEqual(['microphone', 'stopped listening'])
  })
})

describe('a microphone that is tried', () => {
  it('shows how loud it is, and once that it hears the person; the room gets none of it', async () => {
    const { session, check, given, sound } = await scene('listener')
    await check.try()
    expect([check.open, check.device, check.heard, check.meter]).toEqual([true, 'headset', false, 0])
    sound(0.01, false)
    expect(check.meter).toBeCloseTo(0.4)
    sound(0.1, true)
    sound(0, false)
    expect([check.heard, check.meter]).toEqual([true, 0])
    expect(session.microphones).toEqual([])
    expect(given.track.stopped).toBe(false)
  })

  it('is given back by closing, by another choice, and when it comes after closing', async () => {
    const { check, given, asked } = await scene('listener')
    await check.try()
    await check.try('webcam')
    expect(given.track.stopped).toBe(true)
    expect(asked).toEqual(['microphone', 'stopped trying', 'webcam'])
    const question = Promise.withResolvers<void>()
    const late = await scene('listener', undefined, question.promise)
    const trying = late.check.try()
    late.check.close()
    question.resolve()
    await trying
    expect([late.given.track.stopped, late.check.open]).toEqual([true, false])
  })

  it('is none any more when it is unplugged', async () => {
    const { check, given } = await scene('listener')
    await check.try()
    given.track.dispatchEvent(new Event('ended'))
    expect(check.open).toBe(false)
  })

  it('takes the place of the one on stage, muted', async () => {
    const { session, room, check } = await scene('host')
    await room.toggleMicrophone()
    await check.try()
    expect(await room.changeMicrophone(check.take() as MediaStream)).toBe(true)
    expect(session.microphones).toHaveLength(2)
  })
})

describe('the browser’s question for the microphone stands for a while', () => {
  /** Somebody has pressed the button and not answered the question; `answer` says yes. */
  async function asking(as: 'listener' | 'host') {
    const question = Promise.withResolvers<void>()
    const at = await scene(as, undefined, question.promise)
    if (as === 'listener') at.session.change(at.me, { offered: true })
    const pressed = as === 'host' ? at.room.toggleMicrophone() : goOnStage(at)
    return { ...at, pressed, answer: () => question.resolve() }
  }

  it.each(['listener', 'host'] as const)('and a %s who left meanwhile gets it back', async (as) => {
    const { room, check, session, given, asked, pressed, answer } = await asking(as)
    await room.leave()
    check.close()
    answer()
    expect(await pressed).toBe(false)
    expect(given.track.stopped).toBe(true)
    expect(session.microphones).toEqual([])
    expect(asked).toEqual(['microphone'])
  })

  it('and who was taken off the stage meanwhile gets it back', async () => {
    const { room, session, me, given, asked, pressed, answer } = await asking('host')
    session.change(me, { onStage: false, level: 0 })
    answer()
    expect(await pressed).toBe(false)
    expect(room.attempt.failure).toBe('not-allowed')
    expect(given.track.stopped).toBe(true)
    expect(asked).toEqual(['microphone'])
  })
})

describe('my own speech', () => {
  it('is told to the others while my microphone is open', async () => {
    const { room, speak } = await scene('host')
    await room.toggleMicrophone()
    speak(true)
    expect(room.me.speaking).toBe(true)
    speak(false)
    expect(room.me.speaking).toBe(false)
  })

  it('is nobody’s business while I am muted', async () => {
    const { room, speak } = await scene('host')
    await room.toggleMicrophone()
    await room.toggleMicrophone()
    speak(true)
    expect(room.me.speaking).toBe(false)
  })
})
