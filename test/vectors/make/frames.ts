import { encodeValue, type Value } from '../../../protocol/codec.ts'
import { idBytes } from '../../../protocol/ids.ts'
import { CASCADE, CASCADE_PROTOCOL } from '../../../protocol/wire/cascade.ts'
import { EPOCH } from '../../../protocol/wire/epoch.ts'
import { FANOUT, FANOUT_PROTOCOL } from '../../../protocol/wire/fanout.ts'
import type { Frame } from '../../../protocol/wire/frame.ts'
import {
  CALL,
  MAX_LOOKED_FOR,
  MAX_SESSIONS_AN_ANSWER,
  MAX_TOLD_AT_ONCE,
  TELL,
} from '../../../protocol/wire/private-room.ts'
import { FOUND, HELLO, LEDGER, PROFILES, ROOMS, SYNC } from '../../../protocol/wire/services.ts'
import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../../protocol/wire/signalling.ts'
import { STATE } from '../../../protocol/wire/state-service.ts'
import { MAX_WELCOME_BOX_BYTES, WELCOME } from '../../../protocol/wire/welcome.ts'
import { WELCOME_CONTENT } from '../../../protocol/wire/welcome-content.ts'
import { bytesOf } from '../../support/community.ts'
import { type FrameCase, hex, toTagged } from '../format.ts'
import type { Cast } from './cast.ts'

/** Every kind of unsigned message, by its protocol and direction. */
export const FRAMES: Readonly<Record<string, Frame<never>>> = Object.fromEntries([
  ...[HELLO, LEDGER, STATE, FOUND, PROFILES, ROOMS, SYNC, TELL, CALL, EPOCH, WELCOME].flatMap(
    ({ protocol, request, answer }) => [
      [`${protocol} request`, request],
      [`${protocol} answer`, answer],
    ],
  ),
  [`${SIGNALLING_PROTOCOL} message`, SIGNALLING],
  [`${FANOUT_PROTOCOL} message`, FANOUT],
  [`${CASCADE_PROTOCOL} message`, CASCADE],
  [`${WELCOME.protocol} message`, WELCOME_CONTENT],
])

export function frameCases({ founded, alice, bob, room, opening, ledger }: Cast): readonly FrameCase[] {
  const envelope = alice.identity.bytes
  const entry = Buffer.from(ledger[0] as string, 'hex')
  const ids = [bytesOf('one'), bytesOf('two')].sort(Buffer.compare)
  const found = {
    token: 'a-token_1',
    genesis: founded.genesis.bytes,
    identity: envelope,
    device: alice.deviceAdd.bytes,
    profile: alice.profile.bytes,
  }
  const r = idBytes(room)
  const q = 'request'
  const a = 'answer'
  const m = 'message'
  const { genesis: _genesis, ...partOfFounding } = found
  const ice = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', mid: '0', line: 0, ufrag: 'abcd' }
  return [
    yes('a presence', 'HELLO-1', HELLO.protocol, q, { p: envelope }),
    yes('an invitation proof', 'HELLO-1', HELLO.protocol, q, { i: envelope }),
    no('both', 'HELLO-1', HELLO.protocol, q, { p: envelope, i: envelope }, 'field-unknown'),
    no('neither', 'HELLO-1', HELLO.protocol, q, {}, 'field-missing'),
    no('an empty presence', 'HELLO-1', HELLO.protocol, q, { p: new Uint8Array(0) }, 'field-invalid'),
    yes('a presence and a size', 'HELLO-2', HELLO.protocol, a, { p: envelope, size: 5 }),
    yes('which invitation', 'HELLO-2', HELLO.protocol, a, { size: 5, invite: ids[0] as Uint8Array }),
    yes('a refusal', 'WIRE-3', HELLO.protocol, a, { error: 'not-admitted' }),
    no('a refusal of no known code', 'WIRE-3', HELLO.protocol, a, { error: 'no' }, 'field-invalid'),
    yes('from an index', 'LOG-1', LEDGER.protocol, q, { get: 3 }),
    yes('one from an index', 'LOG-1', LEDGER.protocol, q, { get: 3, most: 1 }),
    no('none', 'LOG-1', LEDGER.protocol, q, { get: 3, most: 0 }, 'field-invalid'),
    no('at most so many of what is not said', 'LOG-1', LEDGER.protocol, q, { most: 1 }, 'field-missing'),
    no('a statement and how many', 'LOG-1', LEDGER.protocol, q, { put: envelope, most: 1 }, 'field-unknown'),
    yes('a statement', 'LOG-1', LEDGER.protocol, q, { put: envelope }),
    yes('a statement and its promise', 'LOG-1', LEDGER.protocol, q, { put: envelope, promise: envelope }),
    no('a promise alone', 'LOG-1', LEDGER.protocol, q, { promise: envelope }, 'field-missing'),
    no('an index and a promise', 'LOG-1', LEDGER.protocol, q, { get: 0, promise: envelope }, 'field-unknown'),
    no('both', 'LOG-1', LEDGER.protocol, q, { get: 0, put: envelope }, 'field-unknown'),
    yes('entries', 'LOG-2', LEDGER.protocol, a, { entries: [entry], size: 1 }),
    yes('a promise', 'LOG-2', LEDGER.protocol, a, { promise: envelope }),
    no(
      '65 entries',
      'LOG-2',
      LEDGER.protocol,
      a,
      { entries: Array(65).fill(Uint8Array.of(1)) },
      'field-invalid',
    ),
    yes('the first entries', 'FOUND-1', FOUND.protocol, q, found),
    no('no genesis', 'FOUND-1', FOUND.protocol, q, partOfFounding, 'field-missing'),
    no('a token with a slash', 'FOUND-1', FOUND.protocol, q, { ...found, token: 'a/b' }, 'field-invalid'),
    yes('a promise', 'FOUND-1', FOUND.protocol, a, { promise: envelope }),
    yes('profiles wanted', 'PROFILES-1', PROFILES.protocol, q, {
      get: [idBytes(alice.member), idBytes(bob.member)],
    }),
    yes('a profile to keep', 'PROFILES-1', PROFILES.protocol, q, { put: bob.profile.bytes }),
    no('no profile wanted', 'PROFILES-1', PROFILES.protocol, q, { get: [] }, 'field-invalid'),
    yes('profiles', 'PROFILES-1', PROFILES.protocol, a, { profiles: [bob.profile.bytes] }),
    yes('which rooms', 'ROOMS-1', ROOMS.protocol, q, {}),
    no('which rooms, and more', 'ROOMS-1', ROOMS.protocol, q, { page: 1 }, 'field-unknown'),
    yes('rooms', 'ROOMS-1', ROOMS.protocol, a, { rooms: [envelope] }),
    yes('heads', 'SYNC-3', SYNC.protocol, q, { r, heads: ids }),
    yes('heads, and where to go on', 'SYNC-3', SYNC.protocol, q, { r, heads: ids, from: 64 }),
    yes('no heads', 'SYNC-3', SYNC.protocol, q, { r, heads: [] }),
    no('heads out of order', 'SCHEMA-4', SYNC.protocol, q, { r, heads: ids.toReversed() }, 'field-invalid'),
    yes('what is new', 'SYNC-3', SYNC.protocol, a, {
      opening: opening.bytes,
      ops: [envelope],
      beacons: [],
      heads: ids,
      next: 64,
    }),
    yes('an answer with the digest of a state', 'SYNC-4', SYNC.protocol, a, {
      heads: ids,
      digest: new Uint8Array(32),
    }),
    yes('256 operations', 'SYNC-3', SYNC.protocol, a, { ops: Array(256).fill(Uint8Array.of(1)), next: 256 }),
    no('a digest of 31 bytes', 'SYNC-4', SYNC.protocol, a, { digest: new Uint8Array(31) }, 'field-invalid'),
    no(
      '257 operations',
      'SYNC-3',
      SYNC.protocol,
      a,
      { ops: Array(257).fill(Uint8Array.of(1)) },
      'field-invalid',
    ),
    no('an array', 'WIRE-2', SYNC.protocol, q, [r], 'field-invalid'),
    raw('null', 'CODEC-2', ROOMS.protocol, q, 'f6', 'type-not-allowed'),
    raw('an indefinite map', 'CODEC-6', ROOMS.protocol, q, 'bfff', 'indefinite-length'),
    raw('a frame too large', 'WIRE-2', ROOMS.protocol, q, '00'.repeat(17), 'too-large'),
    yes('a description', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { d: envelope, sdp: 'v=0\r\ns=-\r\n' }),
    yes('a candidate', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { ice }),
    yes('the end of candidates', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { ice: { candidate: '' } }),
    yes('a goodbye', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { bye: true }),
    no('a goodbye that is none', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { bye: false }, 'field-invalid'),
    no('nothing', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, {}, 'field-missing'),
    no(
      'a description without its text',
      'SIGNAL-1',
      SIGNALLING_PROTOCOL,
      m,
      { d: envelope },
      'field-missing',
    ),
    no('a text that nobody signed', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { sdp: 'v=0' }, 'field-missing'),
    no('a candidate and a goodbye', 'SIGNAL-1', SIGNALLING_PROTOCOL, m, { ice, bye: true }, 'field-unknown'),
    no(
      'a lone carriage return',
      'SIGNAL-2',
      SIGNALLING_PROTOCOL,
      m,
      { d: envelope, sdp: 'v=0\ra=x' },
      'field-invalid',
    ),
    no('text beyond ASCII', 'SIGNAL-2', SIGNALLING_PROTOCOL, m, { d: envelope, sdp: 'é' }, 'field-invalid'),
    no(
      'a candidate of two lines',
      'SIGNAL-2',
      SIGNALLING_PROTOCOL,
      m,
      { ice: { candidate: 'a\nb' } },
      'field-invalid',
    ),
    ...epochCases(r),
    ...stateCases(envelope),
    ...privateRoomCases(r, envelope),
    ...fanoutCases(envelope),
    ...welcomeCases(r, envelope),
    ...cascadeCases(ids[0] as Uint8Array, r),
  ]
}

/** @param r any room */
function epochCases(r: Uint8Array): readonly FrameCase[] {
  const { protocol } = EPOCH
  const secret = { r, n: 1, g: 0, s: bytesOf('secret 1') }
  const [a, b] = [bytesOf('one'), bytesOf('two')].sort(Buffer.compare) as [Uint8Array, Uint8Array]
  const wrong = (name: string, rule: string, value: Value, reason = 'field-invalid') =>
    no(name, rule, protocol, 'request', value, reason)
  return [
    yes('a secret', 'HAND-1', protocol, 'request', secret),
    yes('a secret and its audience', 'HAND-2', protocol, 'request', { ...secret, a: [a, b], j: [] }),
    yes('a secret and who joined', 'HAND-2', protocol, 'request', { ...secret, g: 1, a: [a], j: [b] }),
    yes('taken', 'HAND-1', protocol, 'answer', {}),
    yes('not taken', 'HAND-1', protocol, 'answer', { error: 'commitment-wrong' }),
    wrong('epoch 0', 'EPOCH-1', { ...secret, n: 0 }),
    wrong('generation 256', 'EPOCH-4', { ...secret, g: 256 }),
    wrong('a secret of 31 bytes', 'EPOCH-1', { ...secret, s: new Uint8Array(31) }),
    wrong('an audience out of order', 'SCHEMA-4', { ...secret, a: [b, a] }),
    wrong('a session twice', 'SCHEMA-4', { ...secret, j: [a, a] }),
    wrong('no room', 'HAND-1', { n: 1, g: 0, s: bytesOf('secret 1') }, 'field-missing'),
  ]
}

/** @param bytes any */
function stateCases(bytes: Uint8Array): readonly FrameCase[] {
  const { protocol } = STATE
  const of = (k: string, length = 32): Value => ({ k, n: new Uint8Array(length) })
  const asked = (name: string, ...get: readonly Value[]) => yes(name, 'LOG-4', protocol, 'request', { get })
  const wrong = (name: string, rule: string, get: Value, reason = 'field-invalid') =>
    no(name, rule, protocol, 'request', { get }, reason)
  return [
    asked('of the community', of('community', 0)),
    asked('of what is void', of('void', 8)),
    asked(
      'of all kinds with a name',
      ...['member', 'root', 'device', 'invite', 'room', 'attest', 'ban'].map((k) => of(k)),
    ),
    asked('of as many as there may be', ...Array(32).fill(of('device'))),
    yes('a proof and its checkpoint', 'LOG-4', protocol, 'answer', { cp: bytes, proofs: [bytes] }),
    yes('a log that has signed nothing', 'LOG-4', protocol, 'answer', { error: 'log-behind' }),
    wrong('of nothing', 'LOG-4', []),
    wrong('of one too many', 'LOG-4', Array(33).fill(of('device'))),
    wrong('of a kind that there is not', 'LOG-4', [of('person')]),
    wrong('of a community with a name', 'LOG-4', [of('community')]),
    wrong('of a member with a short name', 'LOG-4', [of('member', 31)]),
    wrong('of a kind alone', 'SCHEMA-1', [{ k: 'device' }], 'field-missing'),
    no('an empty proof', 'LOG-4', protocol, 'answer', { proofs: [new Uint8Array(0)] }, 'field-invalid'),
    no('33 proofs', 'LOG-4', protocol, 'answer', { proofs: Array(33).fill(bytes) }, 'field-invalid'),
  ]
}

/** @param r any room @param envelope any */
function privateRoomCases(r: Uint8Array, envelope: Uint8Array): readonly FrameCase[] {
  const one = Uint8Array.of(1)
  const call = { x: bytesOf('x'), box: new Uint8Array(5803) }
  const to = bytesOf('a session')
  const told = (name: string, value: Value) => yes(name, 'TELL-1', TELL.protocol, 'request', value)
  const asked = (name: string, value: Value) => yes(name, 'CALL-1', CALL.protocol, 'request', value)
  const notTold = (name: string, value: Value, reason = 'field-invalid') =>
    no(name, 'TELL-1', TELL.protocol, 'request', value, reason)
  const notAsked = (name: string, value: Value, reason = 'field-invalid') =>
    no(name, 'CALL-1', CALL.protocol, 'request', value, reason)
  return [
    told('one message', { r, of: [envelope] }),
    told('as many as there may be', { r, of: Array(MAX_TOLD_AT_ONCE).fill(one) }),
    yes('heard', 'TELL-1', TELL.protocol, 'answer', {}),
    yes('not heard', 'TELL-1', TELL.protocol, 'answer', { error: 'foreign-room' }),
    notTold('no message', { r, of: [] }),
    notTold('one message too many', { r, of: Array(MAX_TOLD_AT_ONCE + 1).fill(one) }),
    notTold('an empty message', { r, of: [new Uint8Array(0)] }),
    notTold('of no room', { of: [envelope] }, 'field-missing'),
    asked('who is there', { of: [r] }),
    asked('who of as many as there may be', { of: Array(MAX_LOOKED_FOR).fill(r) }),
    asked('a call', { to, call }),
    yes('nobody is there', 'CALL-1', CALL.protocol, 'answer', { here: [] }),
    yes('as many as there may be', 'CALL-1', CALL.protocol, 'answer', {
      here: Array(MAX_SESSIONS_AN_ANSWER).fill(one),
    }),
    yes('passed on, or not', 'CALL-1', CALL.protocol, 'answer', {}),
    yes('who may not ask', 'CALL-1', CALL.protocol, 'answer', { error: 'not-admitted' }),
    notAsked('who of nobody', { of: [] }),
    notAsked('who of one too many', { of: Array(MAX_LOOKED_FOR + 1).fill(r) }),
    notAsked('a call to nobody', { call }, 'field-missing'),
    notAsked('nothing, to a session', { to }, 'field-missing'),
    notAsked('both', { of: [r], to, call }, 'field-unknown'),
    notAsked('neither', {}, 'field-missing'),
    notAsked('a call that is too short', { to, call: { ...call, box: new Uint8Array(5802) } }),
    no(
      'one session too many',
      'CALL-1',
      CALL.protocol,
      'answer',
      { here: Array(MAX_SESSIONS_AN_ANSWER + 1).fill(one) },
      'field-invalid',
    ),
  ]
}

/** @param r any room @param envelope any */
function welcomeCases(r: Uint8Array, envelope: Uint8Array): readonly FrameCase[] {
  const { protocol } = WELCOME
  const [from, to, x, s] = ['a newcomer', 'a host', 'x', 'secret'].map(bytesOf) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const asked = { r, from, to, p: envelope, x, heads: [] }
  const told = { p: envelope, ops: [], beacons: [] }
  const box = new Uint8Array(16)
  const wrong = (name: string, direction: FrameCase['direction'], value: Value, reason = 'field-invalid') =>
    no(name, 'WELCOME-2', protocol, direction, value, reason)
  return [
    yes('somebody comes', 'WELCOME-1', protocol, 'request', asked),
    yes('somebody who was there before', 'WELCOME-1', protocol, 'request', { ...asked, heads: [r] }),
    yes('a box', 'WELCOME-2', protocol, 'answer', { x, box }),
    yes('who is not let in', 'WELCOME-1', protocol, 'answer', { error: 'not-admitted' }),
    yes('no secret', 'WELCOME-3', protocol, 'message', told),
    yes('all of it', 'WELCOME-4', protocol, 'message', {
      ...told,
      ops: [envelope],
      beacons: [envelope],
      next: 1,
      secret: { n: 1, g: 255, s },
    }),
    no('of nobody', 'WELCOME-1', protocol, 'request', { r, to, p: envelope, x, heads: [] }, 'field-missing'),
    no(
      'without a presence',
      'WELCOME-1',
      protocol,
      'request',
      { r, from, to, x, heads: [] },
      'field-missing',
    ),
    wrong('a short key', 'request', { ...asked, x: x.subarray(1) }),
    wrong('a box without a tag', 'answer', { x, box: new Uint8Array(15) }),
    wrong('a box that is too large', 'answer', { x, box: new Uint8Array(MAX_WELCOME_BOX_BYTES + 1) }),
    no(
      'of no epoch',
      'WELCOME-4',
      protocol,
      'message',
      { ...told, secret: { n: 0, g: 0, s } },
      'field-invalid',
    ),
    no(
      'of no generation',
      'WELCOME-4',
      protocol,
      'message',
      { ...told, secret: { n: 1, g: 256, s } },
      'field-invalid',
    ),
  ]
}

/** @param envelope any */
function fanoutCases(envelope: Uint8Array): readonly FrameCase[] {
  const good = (name: string, rule: string, value: Value) =>
    yes(name, rule, FANOUT_PROTOCOL, 'message', value)
  const wrong = (name: string, rule: string, value: Value, reason = 'field-invalid') =>
    no(name, rule, FANOUT_PROTOCOL, 'message', value, reason)
  const offer = 'v=0\r\ns=-\r\n'
  const relay = '/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooWAlice'
  return [
    good('a ticket and an offer', 'FANOUT-1', { ticket: envelope, offer }),
    good('another ticket', 'FANOUT-1', { renew: envelope }),
    good('an answer', 'FANOUT-1', { vouch: envelope, answer: offer }),
    good('an offer to be held', 'FANOUT-6', { hold: offer }),
    good('an answer that is held', 'FANOUT-6', { held: offer }),
    good('a ticket for what is held', 'FANOUT-6', { bind: envelope }),
    good('what vouches for the held answer', 'FANOUT-6', { bound: envelope }),
    good('short packets', 'FANOUT-5', { ptime: 20 }),
    good('long packets', 'FANOUT-5', { ptime: 120 }),
    good('nobody listens', 'FANOUT-5', { hearing: 0 }),
    good('a million listen', 'FANOUT-5', { hearing: 1_000_000 }),
    good('a full relay that knows another', 'FANOUT-4', { error: 'relay-full', others: [relay] }),
    good('a full relay that knows none', 'FANOUT-4', { error: 'relay-full', others: [] }),
    good('a goodbye', 'FANOUT-1', { bye: true }),
    wrong('nothing', 'FANOUT-1', {}, 'field-missing'),
    wrong('an offer without a ticket', 'FANOUT-1', { offer }, 'field-missing'),
    wrong('a ticket without an offer', 'FANOUT-1', { ticket: envelope }, 'field-missing'),
    wrong('an answer that nobody vouches for', 'FANOUT-1', { answer: offer }, 'field-missing'),
    wrong('an offer and a goodbye', 'FANOUT-1', { ticket: envelope, offer, bye: true }, 'field-unknown'),
    wrong('an offer beyond ASCII', 'SIGNAL-2', { ticket: envelope, offer: 'é' }),
    wrong('an offer to be held, and a ticket', 'FANOUT-6', { hold: offer, bind: envelope }, 'field-unknown'),
    wrong('an offer to be held beyond ASCII', 'SIGNAL-2', { hold: 'é' }),
    wrong('an empty ticket for what is held', 'FANOUT-6', { bind: new Uint8Array() }),
    wrong('packets of another length', 'FANOUT-5', { ptime: 40 }),
    wrong('more listeners than are counted', 'FANOUT-5', { hearing: 1_000_001 }),
    wrong('a refusal for no known reason', 'WIRE-3', { error: 'no', others: [] }),
    wrong('a refusal without others', 'FANOUT-4', { error: 'relay-full' }, 'field-missing'),
    wrong('nine other relays', 'FANOUT-4', { error: 'relay-full', others: Array(9).fill(relay) }),
    wrong('a relay that is no address', 'FANOUT-4', { error: 'relay-full', others: ['relay.example'] }),
  ]
}

type Where = readonly [name: string, rule: string, protocol: string, direction: FrameCase['direction']]

function yes(...[name, rule, protocol, direction, value]: [...Where, Value]): FrameCase {
  return { name, rule, protocol, direction, bytes: hex(encodeValue(value)), value: toTagged(value) }
}

function no(...[name, rule, protocol, direction, value, reason]: [...Where, Value, string]): FrameCase {
  return { name, rule, protocol, direction, bytes: hex(encodeValue(value)), reason }
}

function raw(...[name, rule, protocol, direction, bytes, reason]: [...Where, string, string]): FrameCase {
  return { name, rule, protocol, direction, bytes, reason }
}

/** @param key of 32 bytes @param id of a member or a room */
function cascadeCases(key: Uint8Array, id: Uint8Array): readonly FrameCase[] {
  const good = (name: string, rule: string, value: Value) =>
    yes(name, rule, CASCADE_PROTOCOL, 'message', value)
  const wrong = (name: string, rule: string, value: Value, reason = 'field-invalid') =>
    no(name, rule, CASCADE_PROTOCOL, 'message', value, reason)
  const voice = { from: key, m: id, hop: 0 }
  const wanted = { from: key, slot: 0, hop: 1 }
  const ears = { relay: key, n: 5000, at: 1_800_000_000_000, age: 9000 }
  const offer = 'v=0\r\ns=-\r\n'
  return [
    good('a room', 'CASCADE-1', { r: id }),
    good('a relay that has nothing and nothing to do', 'CASCADE-1', { voices: [], load: 0 }),
    good('a full relay with a full room', 'CASCADE-1', {
      voices: Array(32).fill({ ...voice, hop: 2 }),
      load: 100,
    }),
    good('an offer', 'CASCADE-4', { offer }),
    good('an answer', 'CASCADE-4', { answer: offer }),
    good('nothing wanted', 'CASCADE-4', { want: [] }),
    good('all wanted', 'CASCADE-4', { want: Array(32).fill({ ...wanted, slot: 31, hop: 3 }) }),
    good('ears of sixty-four relays', 'CASCADE-6', { ears: Array(64).fill(ears) }),
    good('a refusal', 'CASCADE-5', { error: 'relay-full', others: [] }),
    good('a goodbye', 'CASCADE-1', { bye: true }),
    wrong('nothing', 'CASCADE-1', {}, 'field-missing'),
    wrong('voices of a relay that does not say how busy it is', 'CASCADE-1', { voices: [] }, 'field-missing'),
    wrong('a voice too many', 'CASCADE-1', { voices: Array(33).fill(voice), load: 0 }),
    wrong('a voice that has come too far to be given', 'CASCADE-3', {
      voices: [{ ...voice, hop: 3 }],
      load: 0,
    }),
    wrong('a voice of nobody', 'CASCADE-1', { voices: [{ from: key, hop: 0 }], load: 0 }, 'field-missing'),
    wrong('more than all there is to do', 'CASCADE-1', { voices: [], load: 101 }),
    wrong('a way that is too long', 'CASCADE-3', { want: [{ ...wanted, hop: 4 }] }),
    wrong('a way that begins with itself', 'CASCADE-3', { want: [{ ...wanted, hop: 0 }] }),
    wrong('a slot that there is not', 'CASCADE-4', { want: [{ ...wanted, slot: 32 }] }),
    wrong('ears of a relay too many', 'CASCADE-6', { ears: Array(65).fill(ears) }),
    wrong('more ears than are counted', 'CASCADE-6', { ears: [{ ...ears, n: 1_000_001 }] }),
    wrong('ears that count no more', 'CASCADE-6', { ears: [{ ...ears, age: 9001 }] }),
    wrong('a room and an offer', 'CASCADE-1', { r: id, offer }, 'field-unknown'),
  ]
}
