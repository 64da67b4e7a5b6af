import { beforeEach, expect, test } from 'vitest'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import type { AudibleConnection, AudienceConnections } from '../../../node/ports/audience.ts'
import { createScene, ROOM, type Scene, type Session, settled, verifier } from '../mesh/scene.ts'
import { MemoryEar, type MemoryRelay, memoryRelay } from '../room/memory-relay.ts'

/** Alice turns to a relay, and the platform makes no offer. */

let scene: Scene
let alice: Session
let relay: MemoryRelay
let ends: string[]

beforeEach(async () => {
  scene = await createScene()
  alice = await scene.session('Alice')
  relay = await memoryRelay(scene.hub, scene.membership().community, 'Relay')
  scene.hub.link(alice.network.peer, relay.network.peer)
  ends = []
})

function attach(offer: () => Promise<string>): AudienceLink<AudibleConnection> {
  const connections: AudienceConnections<AudibleConnection> = {
    open: (speaks, listener) => Object.assign(new MemoryEar(speaks, listener, new Set()), { offer }),
  }
  const { person, network, key } = alice
  return new AudienceLink({
    room: ROOM,
    relay: { peer: relay.network.peer, key: relay.key },
    speaks: false,
    me: { member: person.member, device: person.device, peer: key },
    network,
    connections,
    clock: scene.clock,
    verifier,
    membership: scene.membership,
    onChange() {},
    onEnd: ({ reason }) => ends.push(reason),
  })
}

test('FANOUT-1 closed before there is an offer: no stream stays open', async () => {
  // What a closed RTCPeerConnection does with an offer that it is making: nothing, for ever.
  const link = attach(() => new Promise(() => {}))
  await settled()
  await link.close()
  await settled()
  expect([alice.network.openChannels, relay.network.openChannels, ends]).toEqual([0, 0, []])
})

test('FANOUT-1 an offer that fails: the link ends, and no stream stays open', async () => {
  attach(async () => {
    throw new DOMException('no more connections', 'InvalidStateError')
  })
  await settled()
  expect([alice.network.openChannels, relay.network.openChannels, ends]).toEqual([0, 0, ['platform']])
})
