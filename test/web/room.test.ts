import { describe, expect, it } from 'vitest'
import { PeerError } from '../../node/errors.ts'
import { Room } from '../../web/state/room.svelte.ts'
import { type FakeRoom, FakeVillage, GARDENS, VILLAGERS } from '../support/fake-door.ts'

/** A microphone that remembers whether it was given back. */
function microphone() {
  const track = Object.assign(new EventTarget(), { stopped: false, stop: () => (track.stopped = true) })
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
  const room = new Room(session, {
    openMicrophone: async () => {
      asked.push('microphone')
      await question
      if (refuse !== undefined) throw refuse
      return given.stream
    },
    watchSpeech: (_stream, told) => {
      hear = told
      return () => asked.push('stopped listening')
    },
    changed: () => {},
  })
  return { session, room, given, asked, me: session.view.value.me.member, speak: (on: boolean) => hear(on) }
}

describe('a listener', () => {
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
    const { session, room, asked, me } = await scene('listener')
    session.change(me, { offered: true })
    expect(await room.acceptStage()).toBe(true)
    expect(asked).toEqual(['microphone'])
    expect(room.microphone).toBe('muted')
    expect(session.microphones).toHaveLength(1)
  })

  it('stays in the audience when the microphone is refused, with the reason beside the question', async () => {
    const { session, room, me } = await scene('listener', new PeerError('microphone-denied'))
    session.change(me, { offered: true })
    expect(await room.acceptStage()).toBe(false)
    expect(room.answer.failure).toBe('microphone-denied')
    expect(room.attempt.failure).toBeUndefined()
    expect(room.me.offered).toBe(true)
  })

  it('gets the microphone back when the offer was withdrawn meanwhile', async () => {
    const { room, given } = await scene('listener')
    expect(await room.acceptStage()).toBe(false)
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

describe('the browser’s question for the microphone stands for a while', () => {
  /** Somebody has pressed the button and not answered the question; `answer` says yes. */
  async function asking(as: 'listener' | 'host') {
    const question = Promise.withResolvers<void>()
    const at = await scene(as, undefined, question.promise)
    if (as === 'listener') at.session.change(at.me, { offered: true })
    const pressed = as === 'host' ? at.room.toggleMicrophone() : at.room.acceptStage()
    return { ...at, pressed, answer: () => question.resolve() }
  }

  it.each(['listener', 'host'] as const)('and a %s who left meanwhile gets it back', async (as) => {
    const { room, session, given, asked, pressed, answer } = await asking(as)
    await room.leave()
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
