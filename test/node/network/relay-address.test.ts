import { expect, test } from 'vitest'
import { groupByRelay, relayOf } from '../../../node/network/relay-address.ts'

const RELAY = '12D3KooWPbAUmGRz1Rx8xVAsUJm6q3Nu4djpBZKMoRfD2nRrurta'
const PEER = '12D3KooWDN36zGrx45MVL8ax1gUhiMKHMXmRcahZZJRcgnDXsnQT'

test('roads to one relay belong together', () => {
  const roads = groupByRelay([
    `/dns4/localhost/tcp/8080/ws/p2p/${RELAY}`,
    `/ip4/127.0.0.1/tcp/9/ws/p2p/${PEER}`,
    `/dns4/relay.example.org/tcp/443/tls/ws/p2p/${RELAY}`,
  ])
  expect(roads.map(({ relay, addresses }) => [relay, addresses.length])).toEqual([
    [RELAY, 2],
    [PEER, 1],
  ])
})

test.each(['/dns4/localhost/tcp/8080/ws', 'localhost:8080', '', `/p2p/${RELAY}/p2p-circuit`])(
  'no relay is found at the end of %o',
  (address) => {
    expect(() => groupByRelay([address])).toThrow()
  },
)

test('a relayed address tells its relay, and no other text does', () => {
  expect(relayOf(`/ip4/127.0.0.1/tcp/1/ws/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${PEER}`)).toBe(RELAY)
  expect(relayOf(`/ip4/127.0.0.1/tcp/1/ws/p2p/${RELAY}/p2p-circuit`)).toBe(RELAY)
  expect(relayOf(`/ip4/127.0.0.1/tcp/1/ws/p2p/${RELAY}`)).toBeUndefined()
  expect(relayOf(`/p2p/${RELAY}/p2p-circuits`)).toBeUndefined()
  expect(relayOf('nonsense')).toBeUndefined()
})
