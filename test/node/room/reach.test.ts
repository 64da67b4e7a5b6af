import { expect, test } from 'vitest'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { Observed } from '../../../node/observed.ts'
import { createReach, type ReachParts } from '../../../node/room/reach.ts'
import { idOf, type KeyText, type MemberId } from '../../../protocol/ids.ts'
import type { Beacon } from '../../../protocol/room/beacon.ts'
import { bytesOf, signerOf } from '../../support/community.ts'

const [ALICE, BOB, MALLORY] = ['Alice', 'Bob', 'Mallory'].map((name) => idOf<MemberId>(bytesOf(name))) as [
  MemberId,
  MemberId,
  MemberId,
]
const laptop = signerOf('Bob session').publicKey

const beacon = (m: MemberId, peer: KeyText) => ({ m, peer, here: true, mic: 'open', speak: true }) as Beacon

/** What Alice, in the audience, has of those who are here by these beacons; Bob and Mallory are on the stage. */
function reachOf(
  here: () => readonly Beacon[],
  members: ReachParts['greetings']['members'],
  out: readonly MemberId[] = [],
  overRelay: readonly KeyText[] = [],
) {
  const state = {
    levels: new Map([
      [BOB, 20],
      [MALLORY, 20],
    ]),
    muted: new Set(),
    ended: false,
  }
  const reach = createReach({
    me: ALICE,
    log: { state } as unknown as ReachParts['log'],
    attendance: { here } as ReachParts['attendance'],
    greetings: { members },
    door: { isOut: (member) => out.includes(member) },
    blocked: new Observed<ReadonlySet<MemberId>>(new Set()),
    carriage: { carries: () => false, reaches: (session) => overRelay.includes(session) },
    isProved: (session) => overRelay.includes(session),
  })
  const linked = () => reach.wanted(false, false).linked.map(({ member }) => member)
  const carried = () => reach.wanted(false, false).carried.map(({ member }) => member)
  return Object.assign(linked, {
    carried,
    inmates: () => reach.inmates().map(({ beacon: { m } }) => m),
  })
}

test('CARRY-6 who was put out and stays at the door is nobody to turn to a relay for', () => {
  const members = new Observed<ReachParts['greetings']['members']['value']>(
    new Map([[peerIdOf(laptop), BOB]]),
  )
  const here = [beacon(BOB, laptop), beacon(MALLORY, signerOf('Mallory session').publicKey)]
  expect(reachOf(() => here, members).inmates()).toEqual([BOB, MALLORY])
  expect(reachOf(() => here, members, [MALLORY]).inmates()).toEqual([BOB])
})

test('BEACON-2 who names the session of another in a beacon is not heard, and does not keep the other from being heard', () => {
  const members = new Observed<ReachParts['greetings']['members']['value']>(
    new Map([[peerIdOf(laptop), BOB]]),
  )
  for (const here of [
    [beacon(BOB, laptop), beacon(MALLORY, laptop)],
    [beacon(MALLORY, laptop), beacon(BOB, laptop)],
  ])
    expect(reachOf(() => here, members)()).toEqual([BOB])
})

test('CARRY-6 who has shown on no connection whose a session is, and has past a relay, is heard over one', () => {
  const strangers = new Observed<ReachParts['greetings']['members']['value']>(new Map())
  const here = [beacon(BOB, laptop), beacon(MALLORY, signerOf('Mallory session').publicKey)]
  const reach = reachOf(() => here, strangers, [], [laptop])
  expect([reach(), reach.carried()]).toEqual([[], [BOB]])
  // Once there is a connection, the two try to be linked directly.
  strangers.set(new Map([[peerIdOf(laptop), BOB]]))
  expect([reach(), reach.carried()]).toEqual([[BOB], []])
})

test('CARRY-6 whose a session is holds when the connection on which it was shown is gone, and no longer than the session is here', () => {
  const members = new Observed<ReachParts['greetings']['members']['value']>(
    new Map([[peerIdOf(laptop), BOB]]),
  )
  let here = [beacon(BOB, laptop)]
  const linked = reachOf(() => here, members)
  expect(linked()).toEqual([BOB])
  members.set(new Map())
  expect(linked()).toEqual([BOB])
  here = []
  expect(linked()).toEqual([])
  here = [beacon(BOB, laptop)]
  expect(linked()).toEqual([])
})
