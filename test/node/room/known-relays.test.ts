import { expect, test } from 'vitest'
import type { PeerIdString } from '../../../node/network/network.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { groupByRelay } from '../../../node/network/relay-address.ts'
import { type KnownRelays, knownRelays } from '../../../node/room/known-relays.ts'
import { keyText } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'

/** The site's relay, and others of the community that relays name. */

const OWN = peerIdOf(signerOf('own').publicKey)
const OTHER = peerIdOf(signerOf('other').publicKey)

/** @returns what was joined, besides; everything joined has admitted us */
function relays(): { known: KnownRelays; joined: string[] } {
  const joined: string[] = []
  const network = {
    relays: () => [...joined.map((address) => address.split('/').at(-1) as PeerIdString), OWN],
    roundTrip: () => undefined,
    joinMore(addresses: readonly string[]) {
      groupByRelay(addresses)
      joined.push(...addresses)
    },
  }
  const site = {
    origin: 'https://own.example',
    relay: OWN,
    addresses: [],
    others: [],
    logKey: keyText(bytesOf('log')),
    iceServers: [],
    community: undefined,
  }
  return { known: knownRelays(network, site), joined }
}

test('CARRY-7 a relay that is named is joined, and called by its host, after the site of our own', () => {
  const { known, joined } = relays()
  const address = `/dns/other.example/tcp/443/tls/ws/p2p/${OTHER}`
  known.meet([address, `/dns/elsewhere.example/tcp/443/tls/ws/p2p/${OWN}`])
  expect(joined).toEqual([address])
  expect(known.relays().map(({ peer, name }) => [peer, name])).toEqual([
    [OWN, 'own.example'],
    [OTHER, 'other.example'],
  ])
})

test('CARRY-7 who names a known relay elsewhere gives it no other name', () => {
  const { known, joined } = relays()
  known.meet([`/ip4/192.0.2.1/tcp/8080/ws/p2p/${OTHER}`])
  known.meet([`/dns/trusted.example/tcp/443/tls/ws/p2p/${OTHER}`])
  expect(joined).toHaveLength(1)
  expect(known.relays().map(({ name }) => name)).toEqual(['own.example', '192.0.2.1:8080'])
})

test.each([
  `/ip4/999.0.2.1/tcp/443/ws/p2p/${OTHER}`,
  `/ip4/192.0.2.1/tcp/99999/ws/p2p/${OTHER}`,
  `/ip4/192.0.2.1/tcp/443/nonsense/p2p/${OTHER}`,
  '/ip4/192.0.2.1/tcp/443/ws/p2p/12D3Koo',
  '/ip4/192.0.2.1/tcp/443/ws/p2p/zzzz',
  '/ip4/192.0.2.1/tcp/443/ws/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
  `/ip4/192.0.2.1/tcp/443/ws/p2p/${OWN}/p2p-circuit/p2p/${OTHER}`,
])('CARRY-7 %s is nobody to join', (address) => {
  const { known, joined } = relays()
  known.meet([address])
  expect(joined).toEqual([])
})
