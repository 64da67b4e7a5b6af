/** What a peer makes of what it is sent about rooms, beside their operations (SPEC.md §7.5, §7.6, §7.9, §9.7), each rule broken in at least one way. */

import type { Mutant, Tests } from './mutant.ts'

/** What should notice, the quickest first. */
const VALIDATOR_TESTS: Tests = [
  [
    'test/protocol/beacon.test.ts',
    'test/protocol/hands.test.ts',
    'test/protocol/call.test.ts',
    'test/node/gossip/received.test.ts',
    'test/node/gossip/room.test.ts',
    'test/node/gossip/verdict.test.ts',
    'test/node/room/directory.test.ts',
  ],
  ['test/vectors/vectors.test.ts', 'test/node/room/private.test.ts'],
]

const BEACON = 'protocol/room/beacon.ts'
const REACTION = 'protocol/room/reaction.ts'
const HANDS = 'protocol/room/hands.ts'
const CALL = 'protocol/room/call.ts'
const RECEIVED = 'node/gossip/received.ts'
const MESSAGE = 'node/gossip/room-message.ts'
const ROOM = 'node/gossip/room.ts'
const VERDICT = 'node/gossip/verdict.ts'
const DIRECTORY = 'node/room/directory.ts'
const SERVICES = 'node/room/services.ts'

const BROKEN: readonly Mutant[] = [
  {
    rule: 'BEACON-2',
    does: 'lets a member displace another’s beacon',
    file: BEACON,
    text: "Pick<Beacon, 'm' | 'peer'>): SessionName {\n",
    instead: "Pick<Beacon, 'm' | 'peer'>): SessionName {\n  m = '' as never\n",
  },
  {
    rule: 'BEACON-3',
    does: 'takes a beacon of any time',
    file: BEACON,
    text: 'if (Math.abs(payload.seq - received * 1000) > MAX_CLOCK_SKEW * 1000) return beacons',
    instead: '',
  },
  {
    rule: 'BEACON-3',
    does: 'takes a beacon a second time',
    file: BEACON,
    text: 'known.beacon.seq >= payload.seq',
    instead: 'known.beacon.seq > payload.seq',
  },
  {
    rule: 'BEACON-4',
    does: 'believes in who fell silent',
    file: BEACON,
    text: 'beacon.here && now - received <= BEACON_EXPIRY',
    instead: 'beacon.here && now >= received',
  },
  {
    rule: 'BEACON-4',
    does: 'believes in who said goodbye',
    file: BEACON,
    text: 'beacon.here && now - received <= BEACON_EXPIRY',
    instead: 'now - received <= BEACON_EXPIRY',
  },
  {
    rule: 'BEACON-5',
    does: 'keeps any number of sessions of a member',
    file: BEACON,
    text: 'sessions.slice(MAX_SESSIONS_OF_A_MEMBER)',
    instead: 'sessions.slice(sessions.length)',
  },
  {
    rule: 'BEACON-5',
    does: 'keeps those that beat longest ago',
    file: BEACON,
    text: 'b.beacon.seq - a.beacon.seq',
    instead: 'a.beacon.seq - b.beacon.seq',
  },
  {
    rule: 'BEACON-6',
    does: 'shows a reaction once more',
    file: REACTION,
    text: 'at <= last.at || ',
    instead: '',
  },
  {
    rule: 'BEACON-6',
    does: 'shows reactions as fast as somebody likes',
    file: REACTION,
    text: ' || received - last.received < REACTION_EVERY',
    instead: '',
  },
  {
    rule: 'BEACON-6',
    does: 'shows what may be old',
    file: REACTION,
    text: 'received: known ? received : 0',
    instead: 'received: known || received > 0 ? received : 0',
  },
  {
    rule: 'BEACON-9',
    does: 'believes who said that their hand was down',
    file: BEACON,
    text: 'Math.min(Math.max(hand, down), said)',
    instead: 'Math.min(Math.max(hand, down * 0), said)',
  },
  {
    rule: 'BEACON-9',
    does: 'believes a hand of the future',
    file: BEACON,
    text: 'Math.min(Math.max(hand, down), said)',
    instead: 'Math.max(hand, down)',
  },
  {
    rule: 'BEACON-9',
    does: 'asks a session alone when the hand was down, and none of the member’s others',
    file: BEACON,
    text: 'if (heard.beacon.m === m) down = Math.max(down, heard.down)',
    instead: 'if (heard === known) down = Math.max(down, heard.down)',
  },
  {
    rule: 'BEACON-9',
    does: 'lets somebody wait for longer than there is a room',
    file: HANDS,
    text: 'Math.max(since, first)',
    instead: 'Math.max(since, first * 0)',
  },
  {
    rule: 'BEACON-7',
    does: 'has a queue where nobody may raise a hand',
    file: HANDS,
    text: "if (state.settings.hands === 'nobody') return []",
    instead: '',
  },
  {
    rule: 'BEACON-7',
    does: 'has those on the stage in the queue',
    file: HANDS,
    text: '!onStage(state, member) && ',
    instead: '',
  },
  {
    rule: 'BEACON-7',
    does: 'has those who are out in the queue',
    file: HANDS,
    text: ' && !isOut(member)',
    instead: '',
  },
  {
    rule: 'BEACON-7',
    does: 'leaves those who raised their hands together as they were heard',
    file: HANDS,
    text: ' || compareTexts(a.member, b.member)',
    instead: '',
  },
  {
    rule: 'PRIVATE-1',
    does: 'seals for everybody in the community',
    file: CALL,
    text: "separated(DOMAIN.call, 'call', idBytes(community), keyBytes(to))",
    instead: "separated(DOMAIN.call, 'call', idBytes(community), keyBytes(to).fill(0))",
  },
  {
    rule: 'PRIVATE-1',
    does: 'leaves the context out of what is authenticated',
    file: CALL,
    text: 'concatBytes(DOMAIN.call, x)), NONCE, context)',
    instead: 'concatBytes(DOMAIN.call, x)), NONCE)',
  },
  {
    rule: 'PRIVATE-2',
    does: 'takes what follows the announcement',
    file: CALL,
    text: 'end > padded.length || padded.subarray(end).some((byte) => byte !== 0)',
    instead: 'end > padded.length',
  },
  {
    rule: 'PRIVATE-2',
    does: 'takes a length that is too large',
    file: CALL,
    text: 'end > padded.length || padded',
    instead: 'end < 0 || padded',
  },
  {
    rule: 'OP-3',
    does: 'takes an operation of another room',
    file: RECEIVED,
    text: "if (payload.r !== room) return bad('foreign-room')",
    instead: '',
  },
  {
    rule: 'BEACON-1',
    does: 'takes a beacon of another room',
    file: MESSAGE,
    text: "if (opened.value.payload.r !== room) return bad('foreign-room')",
    instead: '',
  },
  {
    rule: 'ANN-1',
    does: 'takes the opening of another room',
    file: RECEIVED,
    text: "if (roomOf(opened.value) !== room) return bad('foreign-room')",
    instead: '',
  },
  {
    rule: 'OP-3',
    does: 'takes what nobody’s device signed',
    file: RECEIVED,
    text: 'return verifyByDevice(judging.verifier, judging.membership(), envelope)',
    instead:
      'const by = await verifyByDevice(judging.verifier, judging.membership(), envelope)\n  return by.ok ? by : good(device as KeyText)',
  },
  {
    rule: 'TOPIC-5',
    does: 'verifies whatever somebody says',
    file: RECEIVED,
    text: "if (judging.hears?.(member) === false) return bad('rate-limited')",
    instead: '',
  },
  {
    rule: 'TOPIC-5',
    does: 'counts nothing of what somebody says',
    file: ROOM,
    text: 'authors.heard(authorOf(message.value), isNews ? countOnce(message.value) : 1)',
    instead: 'countOnce(message.value)',
  },
  {
    rule: 'TOPIC-5',
    does: 'counts a bundle as one message',
    file: ROOM,
    text: 'isNews ? countOnce(message.value) : 1',
    instead: 'isNews || countOnce(message.value) > 0 ? 1 : 0',
  },
  {
    rule: 'TOPIC-5',
    does: 'has somebody pay for what others play back',
    file: ROOM,
    text: 'isNews ? countOnce(message.value) : 1',
    instead: 'countOnce(message.value)',
  },
  {
    rule: 'TOPIC-5',
    does: 'has somebody pay for what a relay is played back',
    file: ROOM,
    text: ' || counted.has(id)',
    instead: '',
  },
  {
    rule: 'TOPIC-5',
    does: 'lets a debt grow with what comes at once',
    file: 'node/bucket.ts',
    text: 'Math.min(this.#tokens, Math.max(-count, this.#tokens - count))',
    instead: 'this.#tokens - count',
  },
  {
    rule: 'TOPIC-3',
    does: 'forwards what was no news',
    file: ROOM,
    text: "isNews ? 'accept' : 'ignore'",
    instead: "isNews ? 'accept' : 'accept'",
  },
  {
    rule: 'TOPIC-3',
    does: 'rejects what is of the future',
    file: VERDICT,
    text: "    case 'not-yet-valid':\n",
    instead: '',
  },
  {
    rule: 'TOPIC-3',
    does: 'ignores what no honest peer forwards',
    file: VERDICT,
    text: "return 'reject'",
    instead: "return 'ignore'",
  },
  {
    rule: 'ANN-2',
    does: 'lists a private room that is announced to all',
    file: DIRECTORY,
    text: "if ((opening.payload.vis === 'private') !== isPrivate) return bad('foreign-room')",
    instead: '',
  },
  {
    rule: 'ANN-3',
    does: 'takes a room off the list whoever ends it',
    file: DIRECTORY,
    text: ' && end.value.operation.m === opening.payload.m',
    instead: '',
  },
  {
    rule: 'ANN-3',
    does: 'takes a room off the list for any act of its host',
    file: DIRECTORY,
    text: "end.value.operation.k === 'end' && ",
    instead: '',
  },
  {
    rule: 'ANN-3',
    does: 'lists a room again that its host ended',
    file: DIRECTORY,
    text: 'if (over || ended.has(id)) {',
    instead: 'if (over) {',
  },
  {
    rule: 'ANN-4',
    does: 'takes an announcement of any time',
    file: DIRECTORY,
    text: "if (ahead) return bad('stale')",
    instead: '',
  },
  {
    rule: 'ANN-4',
    does: 'brings a room back by what was said of it before',
    file: DIRECTORY,
    text: 'known ?? gone.get(id)',
    instead: 'known',
  },
  {
    rule: 'CALL-1',
    does: 'takes calls of anybody',
    file: SERVICES,
    text: "call }) => {\n    if (!isRelay(from)) return { error: 'not-admitted' }",
    instead: 'call }) => {',
  },
  {
    rule: 'CALL-1',
    does: 'tells a relay what was made of a call',
    file: SERVICES,
    text: 'if (taken.ok) rooms.called()\n    return {}',
    instead: 'if (taken.ok) rooms.called()\n    return taken.ok ? {} : { error: taken.reason }',
  },
]

export const VALIDATOR_MUTANTS: readonly Mutant[] = BROKEN.map((mutant) => ({
  ...mutant,
  tests: VALIDATOR_TESTS,
}))
