import { expect, test } from 'vitest'
import type { PeerIdString } from '../../../node/network/network.ts'
import { RecentPeers } from '../../../node/network/recent-peers.ts'

const [alice, bob, carol] = ['Alice', 'Bob', 'Carol'] as PeerIdString[] as [
  PeerIdString,
  PeerIdString,
  PeerIdString,
]

test('so many are remembered and no more, and who was added first is forgotten', () => {
  const recent = new RecentPeers(2)
  for (const peer of [alice, bob, alice, carol]) recent.add(peer)
  expect([alice, bob, carol].map((peer) => recent.delete(peer))).toEqual([true, false, true])
  expect(recent.delete(alice)).toBe(false)
  recent.add(bob)
  recent.clear()
  expect(recent.delete(bob)).toBe(false)
})
