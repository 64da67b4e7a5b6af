import { beforeEach, describe, expect, test } from 'vitest'
import { Carrier, type KnownRelay, type Part } from '../../../node/audience/carrier.ts'
import {
  CONNECT_MS,
  HOLD_MS,
  LAST_WORDS_MS,
  REST_MAX_MS,
  REST_MIN_MS,
} from '../../../node/audience/limits.ts'
import { Standby } from '../../../node/audience/standby.ts'
import { MAX_HELD_LIFETIME } from '../../../protocol/limits.ts'
import { FANOUT } from '../../../protocol/wire/fanout.ts'
import { decodeFrame } from '../../../protocol/wire/frame.ts'
import { createScene, ROOM, type Scene, type Session, settled, verifier } from '../mesh/scene.ts'
import { type MemoryEar, type MemoryRelay, memoryAudience, memoryRelay } from '../room/memory-relay.ts'

/** Alice looks at the list of rooms, and a relay is there (FANOUT-6). */

let scene: Scene
let alice: Session
let relay: MemoryRelay
let known: KnownRelay[]
let ears: Set<MemoryEar>
let isUseful: boolean
let standby: Standby
let reports: string[]

beforeEach(async () => {
  scene = await createScene()
  alice = await scene.session('Alice')
  relay = await memoryRelay(scene.hub, scene.membership().community, 'Relay')
  scene.hub.link(alice.network.peer, relay.network.peer)
  known = [{ peer: relay.network.peer, key: relay.key, name: 'relay.example', roundTrip: undefined }]
  ears = new Set()
  isUseful = true
  reports = []
  standby = new Standby({ ...parts(), isUseful: () => isUseful })
})

function parts() {
  const { person, network, key } = alice
  return {
    me: { member: person.member, device: person.device, peer: key },
    network,
    connections: memoryAudience(ears),
    relays: () => known,
    clock: scene.clock,
    verifier,
    membership: scene.membership,
    report: (where: string, error: unknown) => void reports.push(`${where}: ${(error as Error).message}`),
  }
}

/** Alice enters the room, which needs a relay. */
function enter(part: Part | undefined): Carrier {
  const carrier = new Carrier({
    ...parts(),
    room: ROOM,
    held: standby.take(),
    meet() {},
    onChange() {},
    report: (_where, error) => reports.push((error as Error).message),
  })
  carrier.want(part)
  return carrier
}

describe('while she looks', () => {
  test('one link is held, without a ticket, and it is no room’s', async () => {
    standby.want()
    standby.want()
    await settled()
    standby.look()
    await settled()
    expect([relay.holding.size, relay.tickets, relay.attached.size, ears.size]).toEqual([1, [], 0, 1])
    expect([...ears].map(({ speaks, state }) => [speaks, state])).toEqual([[false, 'connected']])
  })

  test('nothing is held where no room in the list needs it, until one does', async () => {
    isUseful = false
    standby.want()
    await settled()
    expect(ears.size).toBe(0)
    isUseful = true
    standby.look()
    await settled()
    expect(relay.holding.size).toBe(1)
  })

  test('nothing is held for who was never there, or is gone again', async () => {
    standby.look()
    await settled()
    expect(ears.size).toBe(0)
    standby.want()
    await settled()
    standby.letGo()
    standby.look()
    await settled()
    expect([ears.size, relay.holding.size, alice.network.openChannels]).toEqual([0, 0, 0])
  })

  test('it is let go of before the relay ends it, and held again only for who is still there', async () => {
    expect(HOLD_MS).toBeLessThan(MAX_HELD_LIFETIME * 1000)
    standby.want()
    await settled()
    scene.clock.turn(HOLD_MS - 1)
    await settled()
    expect(relay.holding.size).toBe(1)
    scene.clock.turn(1)
    await settled()
    standby.look()
    await settled()
    expect([relay.holding.size, ears.size, alice.network.openChannels]).toEqual([0, 0, 0])
    standby.want()
    await settled()
    expect(relay.holding.size).toBe(1)
  })

  test('a relay that refuses is left alone for a while', async () => {
    relay.refusal = { reason: 'relay-full', others: [] }
    standby.want()
    await settled()
    relay.refusal = undefined
    scene.clock.turn(REST_MAX_MS - 1)
    standby.want()
    await settled()
    expect([relay.holding.size, ears.size]).toEqual([0, 0])
    scene.clock.turn(1)
    standby.want()
    await settled()
    expect(relay.holding.size).toBe(1)
  })

  test('where the platform makes no connection the list is shown all the same, and one is held later', async () => {
    let isExhausted = true
    const real = memoryAudience(ears)
    const connections: typeof real = {
      open(speaks, listener) {
        if (isExhausted) throw new DOMException('Cannot create so many PeerConnections', 'UnknownError')
        return real.open(speaks, listener)
      },
    }
    standby = new Standby({ ...parts(), connections, isUseful: () => true })
    standby.want()
    expect(standby.take()).toBeUndefined()
    expect(reports).toEqual([
      'voices over relay.example, ahead of a room: Cannot create so many PeerConnections',
    ])
    isExhausted = false
    scene.clock.turn(REST_MAX_MS - 1)
    standby.want()
    await settled()
    expect(ears.size).toBe(0)
    scene.clock.turn(1)
    standby.look()
    await settled()
    expect(relay.holding.size).toBe(1)
  })

  test('of several relays the nearest holds it', async () => {
    const near = await memoryRelay(scene.hub, scene.membership().community, 'Near')
    scene.hub.link(alice.network.peer, near.network.peer)
    known = [
      { ...(known[0] as KnownRelay), roundTrip: 80 },
      { peer: near.network.peer, key: near.key, name: 'near.example', roundTrip: 10 },
    ]
    standby.want()
    await settled()
    expect([relay.holding.size, near.holding.size]).toEqual([0, 1])
  })
})

describe('on her click', () => {
  test('the held link becomes the room’s, with one ticket and the connection that stands', async () => {
    standby.want()
    await settled()
    const [ear] = ears
    const carrier = enter('listener')
    await settled()
    expect([relay.tickets, [...relay.attached.values()], relay.holding.size]).toEqual([
      ['listener'],
      ['listener'],
      0,
    ])
    expect([carrier.carrying?.link.connection, ears.size]).toEqual([ear, 1])
    // The list is another before the room is drawn.
    standby.look()
    expect(standby.take()).toBeUndefined()
    standby.letGo()
    scene.clock.turn(HOLD_MS)
    await settled()
    expect(carrier.carrying?.link.connection).toBe(ear)
  })

  test('what becomes of it before the room binds it is nothing to one that is held since', async () => {
    standby.want()
    await settled()
    const [first] = ears
    const taken = standby.take()
    standby.want()
    await settled()
    first?.become('failed')
    await settled()
    scene.clock.turn(LAST_WORDS_MS)
    await settled()
    expect([taken?.link.isUsable, first?.state, ears.size]).toEqual([false, 'closed', 1])
    standby.letGo()
    await settled()
    expect([ears.size, relay.holding.size]).toEqual([0, 0])
  })

  test('also before it is answered, and before it is asked for', async () => {
    standby.want()
    const carrier = enter('listener')
    await settled()
    expect([relay.tickets, carrier.carrying !== undefined, ears.size]).toEqual([['listener'], true, 1])
  })

  test.each<[string, Part | undefined]>([
    ['who comes on the stage', 'speaker'],
    ['who needs no relay', undefined],
  ])('%s closes it', async (_who, part) => {
    standby.want()
    await settled()
    const [ear] = ears
    const carrier = enter(part)
    await settled()
    expect([ear?.state, relay.holding.size, relay.tickets]).toEqual(['closed', 0, part ? [part] : []])
    expect(carrier.carrying?.part).toBe(part)
  })

  test('one that broke meanwhile is closed, and the room has another at once', async () => {
    standby.want()
    await settled()
    const [ear] = ears
    ear?.become('failed')
    const carrier = enter('listener')
    await settled()
    expect([ear?.state, carrier.carrying?.link.connection === ear]).toEqual(['closed', false])
    expect([...relay.attached.values(), reports]).toEqual(['listener', []])
  })

  test('a relay that says nothing to its ticket is asked for another link in time', async () => {
    const { network } = alice
    const deaf = {
      openChannel: async (...args: Parameters<typeof network.openChannel>) => {
        const real = await network.openChannel(...args)
        return {
          messages: real.messages,
          closed: real.closed,
          send: async (bytes: Uint8Array) => {
            const said = decodeFrame(FANOUT, bytes)
            if (!said.ok || said.value.bind === undefined) await real.send(bytes)
          },
          close: () => real.close(),
          abort: (error: Error) => real.abort(error),
        }
      },
    }
    standby = new Standby({ ...parts(), network: deaf, isUseful: () => true })
    standby.want()
    await settled()
    const carrier = enter('listener')
    scene.clock.turn(CONNECT_MS - 1)
    await settled()
    expect([carrier.carrying, reports]).toEqual([undefined, []])
    scene.clock.turn(1)
    await settled()
    expect([carrier.carrying !== undefined, relay.tickets, reports]).toEqual([
      true,
      ['listener'],
      ['no-answer'],
    ])
  })

  test('a refusal of its ticket costs no rest: the room is asked for at once as without, and only then later', async () => {
    standby.want()
    await settled()
    relay.refusal = { reason: 'expired', others: [] }
    const carrier = enter('listener')
    await settled()
    await settled()
    expect([relay.tickets, reports]).toEqual([
      ['listener', 'listener'],
      ['expired', 'expired'],
    ])
    relay.refusal = undefined
    scene.clock.turn(REST_MIN_MS - 1)
    carrier.look()
    await settled()
    expect([relay.tickets.length, ears.size]).toEqual([2, 0])
    scene.clock.turn(1)
    carrier.look()
    await settled()
    expect(carrier.carrying).toBeDefined()
  })
})
