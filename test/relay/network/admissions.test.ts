import { expect, test } from 'vitest'
import type { PeerIdString } from '../../../node/network/network.ts'
import { Admissions } from '../../../relay/network/admissions.ts'

const alice = 'alice' as PeerIdString
const bob = 'bob' as PeerIdString

function admissions() {
  const events: string[] = []
  return {
    events,
    list: new Admissions(
      (peer) => events.push(`admit ${peer}`),
      (peer) => events.push(`revoke ${peer}`),
    ),
  }
}

test('a decision comes with the admission, to everybody who waits for it', async () => {
  const { list, events } = admissions()
  const waiting = [list.decision(alice), list.decision(alice), list.decision(bob, AbortSignal.abort())]
  list.admit(alice)
  list.admit(alice)
  expect(await Promise.all(waiting)).toEqual([true, true, false])
  expect(await list.decision(alice, AbortSignal.abort())).toBe(true)
  expect(list.has(alice)).toBe(true)
  expect(list.size).toBe(1)
  expect(events).toEqual(['admit alice'])
})

test('a decision is no when the peer is gone or the time is over', async () => {
  const { list } = admissions()
  const patience = new AbortController()
  const waiting = [list.decision(alice), list.decision(bob, patience.signal)]
  list.forget(alice)
  patience.abort()
  expect(await Promise.all(waiting)).toEqual([false, false])
})

test('an admission ends when the peer leaves or is revoked, and is proved anew', async () => {
  const { list, events } = admissions()
  list.admit(alice)
  list.admit(bob)
  list.forget(alice)
  list.revoke(bob)
  expect([list.has(alice), list.has(bob), list.size]).toEqual([false, false, 0])
  const again = list.decision(alice)
  list.admit(alice)
  expect(await again).toBe(true)
  expect(events).toEqual(['admit alice', 'admit bob', 'revoke bob', 'admit alice'])
})
