import { expect, test } from 'vitest'
import type { LinkReason } from '../../../node/mesh/link-end.ts'
import type { LinkView } from '../../../node/mesh/mesh.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { type PeopleSources, peopleOf } from '../../../node/room/view.ts'
import type { KeyText, MemberId } from '../../../protocol/ids.ts'
import type { Beacon } from '../../../protocol/room/beacon.ts'
import { resolve } from '../../../protocol/room/resolve.ts'
import { signerOf } from '../../support/community.ts'
import { alice, bob, historyOf, ROOM_OF_ALICE } from '../../support/stage.ts'

/** What Alice, on the stage, is shown of Bob, who is here with a laptop and a phone. */

const laptop = signerOf('Bob laptop').publicKey
const phone = signerOf('Bob phone').publicKey

const beacon = (m: MemberId, peer: KeyText) =>
  ({ m, peer, here: true, hand: 0, mic: 'open', speak: false }) as Beacon

const link = (key: KeyText, state: LinkView['state'], reason?: LinkReason): LinkView => {
  return { peer: peerIdOf(key), member: bob, state, reason, stream: undefined, check: undefined }
}

function shown(links: readonly LinkView[], ...cutOff: readonly KeyText[]) {
  const person = peopleOf({
    me: alice,
    own: beacon(alice, signerOf('Alice session').publicKey),
    here: [beacon(bob, laptop), beacon(bob, phone)],
    state: resolve(ROOM_OF_ALICE, historyOf([])),
    links,
    cutOff: new Set(cutOff),
    roads: new Map(),
    heard: new Set(),
    reactions: new Map(),
    names: () => undefined,
    isOut: () => false,
  } satisfies PeopleSources).find(({ member }) => member === bob)
  return [person?.link, person?.failure]
}

test('CARRY-6 somebody with whom there is not even an attempt at a link is shown as not reached', () => {
  expect(shown([])).toEqual(['none', undefined])
  expect(shown([], laptop)).toEqual(['failed', 'unreached'])
  expect(shown([link(laptop, 'connecting')])).toEqual(['connecting', undefined])
  expect(shown([link(laptop, 'connecting')], laptop)).toEqual(['failed', 'unreached'])
})

test('CARRY-6 it is enough that one of their devices is reached', () => {
  expect(shown([link(laptop, 'failed', 'no-road'), link(phone, 'connected')], laptop)).toEqual([
    'connected',
    undefined,
  ])
})

test.each([
  ['no-road', 'unreached'],
  ['no-answer', 'unreached'],
  ['signalling-lost', 'unreached'],
  ['wrong-fingerprint', 'forged'],
  ['signature-wrong', 'forged'],
  ['stale', 'refused'],
  ['too-large', 'refused'],
] as const)('a link that failed for %s is shown as %s', (reason, failure) => {
  expect(shown([link(laptop, 'failed', reason)], laptop)).toEqual(['failed', failure])
  expect(shown([link(phone, 'failed', 'no-road'), link(laptop, 'failed', reason)], laptop)).toEqual([
    'failed',
    failure,
  ])
  // What a relay carries, or may in a moment, is nothing to be told of.
  expect(shown([link(laptop, 'failed', reason)])).toEqual(['failed', undefined])
})
