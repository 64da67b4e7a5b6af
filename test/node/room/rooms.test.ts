import { describe, expect, test } from 'vitest'
import { startGreetings } from '../../../node/greetings.ts'
import { startMesh } from '../../../node/mesh/mesh.ts'
import { NetworkError } from '../../../node/network/network-error.ts'
import { Observed } from '../../../node/observed.ts'
import { memoryLocks } from '../../../node/ports/locks.ts'
import { systemRandom } from '../../../node/ports/random.ts'
import { serve } from '../../../node/requests.ts'
import { roomArchive } from '../../../node/room/archive.ts'
import { createDirectory } from '../../../node/room/directory.ts'
import { createRooms } from '../../../node/room/rooms.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import type { RelayState } from '../../../node/view.ts'
import { SYNC } from '../../../protocol/wire/services.ts'
import { signerOf } from '../../support/community.ts'
import { createScene, type Scene, settled, verifier } from '../mesh/scene.ts'

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

async function rig(scene: Scene, name: string) {
  const { person, network } = await scene.session(name)
  const { clock, membership } = scene
  const judging = { verifier, membership }
  const session = signerOf(`${name} session`)
  const me = { member: person.member, device: person.device, session, peer: network.peer }
  const directory = createDirectory(judging, clock)
  const locks = memoryLocks()
  const rooms = createRooms({
    me,
    community: membership().community,
    network,
    greetings: await startGreetings(me, network, judging, clock, async () => {}, {
      newest: () => undefined,
      shown: () => {},
    }),
    judging,
    clock,
    directory,
    archive: roomArchive(memoryStorage()),
    relay: new Observed<RelayState>('connected'),
    names: new Observed(() => undefined),
    locks,
    random: systemRandom,
    startMesh: (room) =>
      startMesh(room, {
        network,
        connections: scene.media,
        clock,
        verifier,
        membership,
        me: { member: person.member, device: person.device, peer: session.publicKey },
      }),
  })
  await serve(network, SYNC, async (_from, request) =>
    rooms.current?.id === request.r ? rooms.current.sync(request) : { error: 'room-unknown' },
  )
  return { network, directory, locks, rooms }
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
    bob.rooms.listed()
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
