import { expect, test } from 'vitest'
import { Observed } from '../../../node/observed.ts'
import type { ListedRoom } from '../../../node/room/directory.ts'
import { listStandby } from '../../../node/room/list-standby.ts'
import { createScene, settled, verifier } from '../mesh/scene.ts'
import { type MemoryEar, memoryAudience, memoryRelay } from './memory-relay.ts'

/** Alice looks at a list of rooms, of which this one room is all that matters here. */
async function looking(hidesAddress: boolean) {
  const scene = await createScene()
  const { person, network, key } = await scene.session('Alice')
  network.hidesAddress = hidesAddress
  const relay = await memoryRelay(scene.hub, scene.membership().community, 'Relay')
  scene.hub.link(network.peer, relay.network.peer)
  const rooms = new Observed<readonly ListedRoom[]>([])
  const standby = listStandby({
    me: { member: person.member, device: person.device, peer: key },
    network,
    connections: memoryAudience(new Set<MemoryEar>()),
    relays: () => [{ peer: relay.network.peer, key: relay.key, name: 'relay.example', roundTrip: undefined }],
    clock: scene.clock,
    verifier,
    membership: scene.membership,
    directory: { rooms },
    report: (where, error) => expect.unreachable(`${where}: ${error}`),
  })
  return {
    standby,
    relay,
    /** The list comes, or is another. */
    async list(...people: readonly number[]) {
      rooms.set(people.map((count) => ({ announcement: { payload: { people: count } } }) as ListedRoom))
      await settled()
    },
  }
}

test('FANOUT-6 a link is held as soon as there is a room in the list that is too large to be linked from each to each', async () => {
  const { standby, relay, list } = await looking(false)
  standby.want()
  await list(8)
  expect(relay.holding.size).toBe(0)
  await list(8, 9)
  expect(relay.holding.size).toBe(1)
})

test('FANOUT-6 who hides their address needs it in a room of any size', async () => {
  const { standby, relay, list } = await looking(true)
  standby.want()
  await list()
  expect(relay.holding.size).toBe(0)
  await list(1)
  expect(relay.holding.size).toBe(1)
})

test('FANOUT-6 nobody who does not look has one', async () => {
  const { relay, list } = await looking(false)
  await list(9)
  expect(relay.holding.size).toBe(0)
})
