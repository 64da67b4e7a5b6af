import { encodeValue, type Value } from '../../../protocol/codec.ts'
import { idBytes } from '../../../protocol/ids.ts'
import type { Frame } from '../../../protocol/wire/frame.ts'
import { FOUND, HELLO, LEDGER, PROFILES, ROOMS, SYNC } from '../../../protocol/wire/services.ts'
import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../../protocol/wire/signalling.ts'
import { bytesOf } from '../../support/community.ts'
import { type FrameCase, hex, toTagged } from '../format.ts'
import type { Cast } from './cast.ts'

/** Every kind of unsigned message, by its protocol and direction. */
export const FRAMES: Readonly<Record<string, Frame<never>>> = Object.fromEntries([
  ...[HELLO, LEDGER, FOUND, PROFILES, ROOMS, SYNC].flatMap(({ protocol, request, answer }) => [
    [`${protocol} request`, request],
    [`${protocol} answer`, answer],
  ]),
  [`${SIGNALLING_PROTOCOL} message`, SIGNALLING],
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
    yes('a refusal', 'WIRE-3', HELLO.protocol, a, { error: 'not-admitted' }),
    no('a refusal of no known code', 'WIRE-3', HELLO.protocol, a, { error: 'no' }, 'field-invalid'),
    yes('from an index', 'LOG-1', LEDGER.protocol, q, { get: 3 }),
    yes('a statement', 'LOG-1', LEDGER.protocol, q, { put: envelope }),
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
    yes('no heads', 'SYNC-3', SYNC.protocol, q, { r, heads: [] }),
    no('heads out of order', 'SCHEMA-4', SYNC.protocol, q, { r, heads: ids.toReversed() }, 'field-invalid'),
    yes('what is new', 'SYNC-3', SYNC.protocol, a, {
      opening: opening.bytes,
      ops: [envelope],
      beacons: [],
      heads: ids,
      more: false,
    }),
    no(
      '65 operations',
      'SYNC-3',
      SYNC.protocol,
      a,
      { ops: Array(65).fill(Uint8Array.of(1)) },
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
