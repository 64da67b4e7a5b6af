import { expect, test } from 'vitest'
import type { PeerIdString } from '../../node/network/network.ts'
import { turnedClock } from '../../node/ports/turned-clock.ts'
import type { MemberId, StatementId } from '../../protocol/ids.ts'
import { accountOf, type Session, Sessions } from '../../relay/sessions.ts'

const alice = 'alice' as MemberId
const invitation = 'invitation' as StatementId
const peer = (name: string) => name as PeerIdString
const presence = new Uint8Array([1])
const member = (until: number): Session => ({ kind: 'member', member: alice, until, presence })
const newcomer = (until: number, of = invitation): Session => ({ kind: 'newcomer', invitation: of, until })

function rig() {
  const events: string[] = []
  const recognised = new Set<string>()
  const clock = turnedClock(0)
  const gate = {
    admit: (one: string) => events.push(`admit ${one}`),
    recognise: (one: string) => recognised.add(one),
    revoke: (one: string) => events.push(`revoke ${one}`),
  }
  return { events, recognised, clock, sessions: new Sessions(gate, clock) }
}

test('a session is admitted until its proof has expired and some grace is over', () => {
  const { sessions, clock, events } = rig()
  expect(sessions.enter(peer('a'), member(60))).toBe(true)
  clock.turn(90_000)
  expect(sessions.of(peer('a'))).toEqual(member(60))
  clock.turn(10_000)
  expect(sessions.of(peer('a'))).toBeUndefined()
  expect(events).toEqual(['admit a', 'revoke a'])
})

test('a renewal prolongs it', () => {
  const { sessions, clock } = rig()
  sessions.enter(peer('a'), member(60))
  clock.turn(50_000)
  sessions.enter(peer('a'), member(110))
  clock.turn(80_000)
  expect(sessions.of(peer('a'))).toEqual(member(110))
})

test('who left has to prove it again', () => {
  const { sessions, clock, events } = rig()
  sessions.enter(peer('a'), member(60))
  sessions.leave(peer('a'))
  expect(sessions.of(peer('a'))).toBeUndefined()
  clock.turn(200_000)
  expect(events).toEqual(['admit a'])
})

test('a newcomer is let in, and is recognised when they prove that they are a member', () => {
  const { sessions, recognised } = rig()
  sessions.enter(peer('a'), newcomer(60))
  expect(recognised).toEqual(new Set())
  sessions.enter(peer('a'), member(60))
  expect(recognised).toEqual(new Set(['a']))
})

test('a member has a browser or two open, and no crowd of sessions', () => {
  const { sessions } = rig()
  const names = Array.from({ length: 16 }, (_, i) => `tab ${i}`)
  for (const name of names) expect(sessions.enter(peer(name), member(60))).toBe(true)
  expect(sessions.enter(peer('one more'), member(60))).toBe(false)
  expect(sessions.enter(peer('tab 0'), member(90))).toBe(true)
  expect(sessions.enter(peer('of another'), { ...member(60), member: 'bob' as MemberId } as Session)).toBe(
    true,
  )
  sessions.leave(peer('tab 1'))
  expect(sessions.enter(peer('one more'), member(60))).toBe(true)
})

test('one invitation lets few newcomers knock at a time', () => {
  const { sessions } = rig()
  for (const name of ['a', 'b', 'c', 'd']) expect(sessions.enter(peer(name), newcomer(60))).toBe(true)
  expect(sessions.enter(peer('e'), newcomer(60))).toBe(false)
  expect(sessions.of(peer('e'))).toBeUndefined()
  expect(sessions.enter(peer('a'), newcomer(90))).toBe(true)
  expect(sessions.enter(peer('f'), newcomer(60, 'another' as StatementId))).toBe(true)
  sessions.leave(peer('b'))
  expect(sessions.enter(peer('e'), newcomer(60))).toBe(true)
})

test('once the invitation is used, those who knocked with it prove that they are members, or go', () => {
  const { sessions, clock, events } = rig()
  sessions.enter(peer('joined'), newcomer(600))
  sessions.enter(peer('late'), newcomer(600))
  sessions.enter(peer('other'), newcomer(600, 'another' as StatementId))
  sessions.used(invitation)
  expect(sessions.of(peer('late'))).toEqual(newcomer(0))
  sessions.enter(peer('joined'), member(600))
  clock.turn(40_000)
  expect(events.filter((event) => event.startsWith('revoke'))).toEqual(['revoke late'])
  expect(sessions.of(peer('joined'))).toEqual(member(600))
  expect(sessions.of(peer('other'))?.until).toBe(600)
})

test('nobody is dropped after the end', () => {
  const { sessions, clock, events } = rig()
  sessions.enter(peer('a'), member(60))
  sessions.stop()
  clock.turn(600_000)
  expect(events).toEqual(['admit a'])
})

test('a member’s tabs share one account, and so do the holders of one invitation', () => {
  expect(accountOf(member(1))).toBe(alice)
  expect(accountOf(newcomer(1))).toBe(invitation)
})
