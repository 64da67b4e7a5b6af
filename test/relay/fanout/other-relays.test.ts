import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { type CommunityId, idOf } from '../../../protocol/ids.ts'
import { OtherRelays } from '../../../relay/fanout/other-relays.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { MemoryHub } from '../../support/memory-network.ts'
import { PATIENCE } from '../../support/patience.ts'

const COMMUNITY: CommunityId = idOf(bytesOf('the community'))
const OTHER: CommunityId = idOf(bytesOf('another community'))
const key = (name: string) => signerOf(name).publicKey

it('CASCADE-2 a relay stays one of the community while its site fails, and nobody is sent to it meanwhile', async () => {
  const hub = new MemoryHub()
  const [own, fellow] = [hub.add(key('a relay')), hub.add(key('its fellow'))]
  hub.link(own.peer, fellow.peer)
  const address = `/dns4/fellow.example/tcp/443/tls/ws/p2p/${fellow.peer}`
  const said = {
    version: 1,
    peer: peerIdOf(key('its fellow')),
    logKey: key('log'),
    community: COMMUNITY as string,
    addresses: [address, 'what is no address, and could be told to nobody'],
    ice: [],
  }
  let status = 200
  const site = createServer((_, response) => response.writeHead(status).end(JSON.stringify(said)))
  await once(site.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void site.close())
  const clock = turnedClock(NOON * 1000)
  const relays = new OtherRelays({
    origins: [`http://127.0.0.1:${(site.address() as AddressInfo).port}`],
    community: () => COMMUNITY,
    network: own,
    dial: async () => {},
    admit() {},
    clock,
  })
  onTestFinished(() => relays.stop())
  /** Turns the clock until this is so: what is asked at a turn is answered between two. */
  const turned = (condition: () => boolean) =>
    vi.waitUntil(() => {
      clock.turn(5_000)
      return condition()
    }, PATIENCE)
  await vi.waitUntil(() => relays.has(fellow.peer), PATIENCE)
  expect([relays.addresses, relays.linked()]).toEqual([[address], [fellow.peer]])

  status = 503
  await turned(() => relays.addresses.length === 0)
  expect([relays.has(fellow.peer), relays.linked()]).toEqual([true, [fellow.peer]])

  status = 200
  said.community = OTHER
  await turned(() => !relays.has(fellow.peer))
  expect(relays.linked()).toEqual([])
})
