import { describe, expect, test } from 'vitest'
import { NetworkError } from '../../../node/network/network-error.ts'
import { createScene, settled, until } from '../mesh/scene.ts'
import { rig } from './rig.ts'

const EVENING = { title: 'Evening', topics: [], language: 'en' }

/** A microphone that remembers whether it was given back. */
function microphone() {
  const track = { kind: 'audio', enabled: true, stopped: false, stop: () => (track.stopped = true) }
  const tracks = [track as unknown as MediaStreamTrack]
  return {
    track,
    stream: { getTracks: () => tracks, getAudioTracks: () => tracks } as unknown as MediaStream,
  }
}

describe('the microphone', () => {
  test('is closed at once when its room is left, however long the goodbye takes', async () => {
    const { rooms, network } = await rig(await createScene(), 'Alice')
    const session = await rooms.open(EVENING)
    const given = microphone()
    await session.setMicrophone(given.stream)
    const goodbye = Promise.withResolvers<void>()
    network.publish = () => goodbye.promise
    const left = session.leave()
    expect(given.track.stopped).toBe(true)
    expect(session.view.value.status).toBe('left')
    goodbye.resolve()
    await left
    expect(rooms.current).toBeUndefined()
  })

  test.each(['left', 'ended'] as const)('is given back when it comes after the room was %s', async (how) => {
    const { rooms } = await rig(await createScene(), 'Alice')
    const session = await rooms.open(EVENING)
    if (how === 'left') await session.leave()
    else await session.end()
    const given = microphone()
    await expect(session.setMicrophone(given.stream)).rejects.toMatchObject({ code: 'room-gone' })
    expect(given.track.stopped).toBe(true)
  })
})

describe('FANOUT-6 what is held for the next room', () => {
  test('is wanted while somebody looks at the list, and by nobody who is in a room', async () => {
    const { rooms, standby } = await rig(await createScene(), 'Alice')
    rooms.expect(true)
    rooms.expect(false)
    expect(standby).toEqual(['want', 'letGo'])
    const session = await rooms.open(EVENING)
    standby.length = 0
    // The list is shown before the goodbyes are over.
    const left = session.leave()
    rooms.expect(true)
    expect(standby).toEqual(['letGo'])
    await left
    expect(standby).toEqual(['letGo', 'want'])
  })

  test('is for nobody who opened a room of their own and left it again, unless they look at the list then', async () => {
    const { rooms, standby } = await rig(await createScene(), 'Alice')
    rooms.expect(true)
    const session = await rooms.open(EVENING)
    expect(standby).toEqual(['want', 'letGo'])
    await session.leave()
    expect(standby).toEqual(['want', 'letGo'])
  })

  test('is let go of when the room is entered, and when it cannot be', async () => {
    const { rooms, standby, listRead } = await rig(await createScene(), 'Alice')
    listRead.set(true)
    const session = await rooms.open(EVENING)
    const { id } = session.view.value
    await session.leave()
    standby.length = 0
    await rooms.join(id)
    expect(standby).toEqual(['letGo'])
    await rooms.current?.session.end()
    await rooms.current?.session.leave()
    standby.length = 0
    await expect(rooms.join(id)).rejects.toMatchObject({ code: 'room-gone' })
    expect(standby).toEqual(['letGo'])
  })
})

describe('a room that cannot be entered', () => {
  test.each(['the network', 'the record of the stage'] as const)(
    'leaves nothing behind that runs, when it is %s that fails, and can be entered later',
    async (what) => {
      const scene = await createScene()
      const { rooms, network, stage } = await rig(scene, 'Alice')
      const first = await rooms.open(EVENING)
      const { id } = first.view.value
      await first.leave()
      /** What was to be said once more is over. */
      const running = async () => {
        scene.clock.turn(10_000)
        await settled()
        return scene.clock.pending
      }
      const before = await running()
      const broken = new Error(`${what} has stopped`)
      const { subscribe } = network
      if (what === 'the network')
        network.subscribe = () => {
          throw broken
        }
      else
        stage.follow = async () => {
          throw broken
        }
      await expect(rooms.join(id)).rejects.toBe(broken)
      expect([rooms.current, await running()]).toEqual([undefined, before])
      network.subscribe = subscribe
      stage.follow = async () => {}
      const again = await rooms.join(id)
      expect(again.view.value.status).toBe('open')
      await again.leave()
      expect(await running()).toBe(before)
    },
  )
})

describe('a room is left', () => {
  test('once, and by everybody who asks when it is done', async () => {
    const { rooms, locks } = await rig(await createScene(), 'Alice')
    const session = await rooms.open(EVENING)
    await Promise.all([session.leave(), session.leave()])
    const release = await locks.take(`palabre/room/${session.view.value.id}`)
    expect(release).toBeTypeOf('function')
  })

  test('also when the network takes no goodbye any more', async () => {
    const { rooms, network } = await rig(await createScene(), 'Alice')
    const session = await rooms.open(EVENING)
    network.publish = async () => {
      throw new NetworkError('closed', 'the network has stopped')
    }
    await session.leave()
    expect(rooms.current).toBeUndefined()
  })

  test('when another one is opened', async () => {
    const { rooms } = await rig(await createScene(), 'Alice')
    const first = await rooms.open(EVENING)
    const [second, third] = await Promise.all([rooms.open(EVENING), rooms.open(EVENING)])
    expect([first, second, third].map(({ view }) => view.value.status)).toEqual(['left', 'left', 'open'])
    expect(rooms.current?.session).toBe(third)
  })

  test('for no room that another tab is in', async () => {
    const { rooms, locks } = await rig(await createScene(), 'Alice')
    const first = await rooms.open(EVENING)
    await first.leave()
    const second = await rooms.open(EVENING)
    const release = await locks.take(`palabre/room/${first.view.value.id}`)
    await expect(rooms.join(first.view.value.id)).rejects.toMatchObject({ code: 'other-tab' })
    expect(second.view.value.status).toBe('open')
    release?.()
    expect((await rooms.join(first.view.value.id)).view.value.status).toBe('open')
  })
})

describe('a room is joined', () => {
  async function aliceAndBob() {
    const scene = await createScene()
    const alice = await rig(scene, 'Alice')
    const bob = await rig(scene, 'Bob')
    const hers = await alice.rooms.open(EVENING)
    await settled()
    const list = () =>
      Promise.all(alice.directory.rooms.value.map((room) => bob.directory.receive(room.announcement.bytes)))
    const meet = () => {
      scene.hub.cut(alice.network.peer, bob.network.peer)
      scene.hub.link(alice.network.peer, bob.network.peer)
    }
    return { scene, bob, hers, id: hers.view.value.id, list, meet }
  }

  test('once somebody in it has answered', async () => {
    const { bob, id, list, meet } = await aliceAndBob()
    await list()
    const joining = bob.rooms.join(id)
    meet()
    expect((await joining).view.value.status).toBe('open')
  })

  test('by a listener, whose link to a host without a microphone has not failed', async () => {
    const { scene, bob, hers, id, list, meet } = await aliceAndBob()
    await list()
    const joining = bob.rooms.join(id)
    meet()
    const his = await joining
    const linkOf = ({ view }: typeof his, member: string) =>
      view.value.people.find((person) => person.member === member)?.link
    const host = hers.view.value.me.member
    for (let second = 0; second < 60; second++) {
      scene.clock.turn(1_000)
      for (let i = 0; i < 20; i++) await settled()
      expect(linkOf(his, host)).not.toBe('failed')
    }
    // Neither has a voice to send: nothing failed, and nothing is being tried.
    expect(linkOf(his, host)).toBe('none')
    await hers.setMicrophone(microphone().stream)
    await until(his.view, () => linkOf(his, host) === 'connected')
    expect(linkOf(hers, his.view.value.me.member)).toBe('connected')
    expect(his.voices.value.map(({ member }) => member)).toEqual([host])
  })

  test('not when whoever answers has left it', async () => {
    const { scene, bob, hers, id, list, meet } = await aliceAndBob()
    await list()
    await hers.leave()
    const joining = bob.rooms.join(id)
    const refused = expect(joining).rejects.toMatchObject({ code: 'room-unreachable' })
    meet()
    await settled()
    expect(bob.rooms.current?.session.view.value.status).toBe('joining')
    scene.clock.turn(20_000)
    await refused
    expect(bob.rooms.current).toBeUndefined()
  })

  test('that the list does not have yet, when the list is read', async () => {
    const { bob, id } = await aliceAndBob()
    const joining = bob.rooms.join(id)
    bob.listRead.set(true)
    await expect(joining).rejects.toMatchObject({ code: 'room-gone' })
  })

  test('not when no relay gives the list, which is then what is said', async () => {
    const { scene, bob, id } = await aliceAndBob()
    const joining = bob.rooms.join(id)
    const refused = expect(joining).rejects.toMatchObject({ code: 'relay-unreachable' })
    await settled()
    scene.clock.turn(20_000)
    await refused
  })
})

describe('ANN-1 who comes back into a room where others are', () => {
  /** Bob was in Alice's room, has left it, and is back: he reaches nobody. */
  async function back() {
    const scene = await createScene()
    const [alice, bob] = [await rig(scene, 'Alice'), await rig(scene, 'Bob')]
    const hers = await alice.rooms.open(EVENING)
    await settled()
    const { id } = hers.view.value
    for (const room of alice.directory.rooms.value) await bob.directory.receive(room.announcement.bytes)
    const joining = bob.rooms.join(id)
    scene.hub.cut(alice.network.peer, bob.network.peer)
    scene.hub.link(alice.network.peer, bob.network.peer)
    await (await joining).leave()
    scene.hub.cut(alice.network.peer, bob.network.peer)
    const { connect } = bob.network
    bob.network.connect = () => new Promise(() => {})
    const reach = () => {
      bob.network.connect = connect
      scene.hub.link(alice.network.peer, bob.network.peer)
    }
    const turn = async (seconds: number) => {
      for (; seconds > 0; seconds -= 1) {
        scene.clock.turn(1_000)
        for (let i = 0; i < 5; i++) await settled()
      }
    }
    /** Who announced the room last, as Bob knows it. */
    const said = () => bob.directory.rooms.value.map(({ announcement }) => announcement.payload.m)
    await turn(1)
    const his = await bob.rooms.join(id)
    return { alice, bob, his, turn, said, reach }
  }

  test('does not say that nobody is there before they have told who is', async () => {
    const { alice, bob, his, turn, said, reach } = await back()
    await turn(12)
    expect([his.view.value.status, said()]).toEqual(['open', [alice.person.member]])
    bob.relay.set('connecting')
    bob.relay.set('connected')
    await turn(10)
    expect([said(), bob.sound.isHeld]).toEqual([[alice.person.member], false])
    reach()
    for (let seconds = 0; seconds < 10 && !bob.sound.isHeld; seconds++) await turn(1)
    expect([his.view.value.people.length, bob.sound.isHeld]).toEqual([2, true])
  })

  test('says so in the end, when nobody tells anything: the room stays in the list', async () => {
    const { bob, turn, said } = await back()
    await turn(20)
    expect(said()).toEqual([bob.person.member])
  })
})
