import { encodeValue, type Value } from '../../../protocol/codec.ts'
import { type CommunityId, idBytes, type KeyText, keyBytes } from '../../../protocol/ids.ts'
import { MAX_ENVELOPE_BYTES } from '../../../protocol/limits.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { agreed, encrypt, hkdf, rawPublic } from '../../support/sealing.ts'
import { type Case, hex } from '../format.ts'
import type { Cast } from './cast.ts'
import { ALICE_SESSION, BOB_SESSION } from './rooms.ts'

/** A call, and who opens it. */
export interface CallCase extends Case {
  /** The 32-byte Ed25519 seed of the session that opens it. */
  readonly opener: string
  /** The key that it has, where that is not its own. */
  readonly as?: string
  /** A value in bytes. */
  readonly call: string
  /** Of one that opens: what was sealed, with this seed. */
  readonly announcement?: string
  readonly seed?: string
}

export interface CallFile {
  readonly spec: string
  readonly community: string
  readonly cases: readonly CallCase[]
}

/** The length of an announcement and the longest one. */
const PADDED_BYTES = 2 + MAX_ENVELOPE_BYTES

/** §7.9, made by another implementation than the protocol's. What an announcement is, is another file's business: these are of any bytes. */
export function callFile({ founded, opening }: Cast): CallFile {
  const { community } = founded
  const bob = signerOf(BOB_SESSION).publicKey
  const seed = bytesOf('a call')
  const words = opening.bytes
  const good = sealed(community, bob, padded(words), seed)

  const opens = (name: string, rule: string, announcement: Uint8Array, to = BOB_SESSION): CallCase => ({
    name,
    rule,
    opener: hex(bytesOf(to)),
    call: hex(encodeValue(sealed(community, signerOf(to).publicKey, padded(announcement), seed))),
    announcement: hex(announcement),
    seed: hex(seed),
  })
  const fails = (
    name: string,
    rule: string,
    reason: string,
    call: Value,
    opener = BOB_SESSION,
  ): CallCase => ({
    name,
    rule,
    reason,
    opener: hex(bytesOf(opener)),
    call: hex(encodeValue(call)),
  })
  const withX = (name: string, x: string) =>
    fails(`x is ${name}`, 'PRIVATE-2', 'sealed-wrong', {
      ...good,
      x: new Uint8Array(Buffer.from(x.padEnd(64, '0'), 'hex')),
    })
  const saying = (name: string, plain: Uint8Array) =>
    fails(name, 'PRIVATE-2', 'malformed', sealed(community, bob, plain, seed))
  const whole = encodeValue(good)
  const raw = (name: string, rule: string, reason: string, bytes: Uint8Array): CallCase => ({
    ...fails(name, rule, reason, good),
    call: hex(bytes),
  })
  return {
    spec: '§7.9',
    community: hex(idBytes(community)),
    cases: [
      opens('a call', 'PRIVATE-1', words),
      opens('of another session, with the same random bytes', 'PRIVATE-1', words, ALICE_SESSION),
      opens('of no announcement', 'PRIVATE-1', new Uint8Array(0)),
      opens('of the longest announcement', 'PRIVATE-1', new Uint8Array(MAX_ENVELOPE_BYTES).fill(7)),

      raw('cut short', 'PRIVATE-2', 'malformed', whole.subarray(0, -1)),
      raw('one byte more', 'PRIVATE-2', 'trailing-bytes', Uint8Array.of(...whole, 0)),
      fails('no box', 'PRIVATE-2', 'field-missing', { x: good.x }),
      fails('a field of the future', 'PRIVATE-2', 'field-unknown', { ...good, y: 1 }),
      fails('a box of another length', 'PRIVATE-2', 'field-invalid', { ...good, box: good.box.subarray(1) }),
      fails('an x of another length', 'PRIVATE-2', 'field-invalid', { ...good, x: good.x.subarray(1) }),
      fails('opened by another session', 'PRIVATE-1', 'sealed-wrong', good, ALICE_SESSION),
      {
        ...fails('opened with its secret, in the name of another', 'PRIVATE-1', 'sealed-wrong', good),
        as: hex(keyBytes(signerOf(ALICE_SESSION).publicKey)),
      },
      fails(
        'from another community',
        'PRIVATE-1',
        'sealed-wrong',
        sealed(elsewhere(community), bob, padded(words), seed),
      ),
      fails('the x of another call', 'PRIVATE-1', 'sealed-wrong', {
        ...good,
        x: rawPublic(bytesOf('another call')),
      }),
      fails('one bit of x', 'PRIVATE-2', 'sealed-wrong', { ...good, x: flipped(good.x, 20) }),
      fails('one bit of the box', 'PRIVATE-2', 'sealed-wrong', { ...good, box: flipped(good.box, 0) }),
      fails('one bit of the tag', 'PRIVATE-2', 'sealed-wrong', { ...good, box: flipped(good.box, 5802) }),
      withX('0', '00'),
      withX('1', '01'),
      withX('-1', `ec${'ff'.repeat(30)}7f`),
      withX('a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
      withX('the other one', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'),
      withX('p, which is 0', `ed${'ff'.repeat(30)}7f`),
      withX('p + 9, which is 9', `f6${'ff'.repeat(30)}7f`),
      withX('9 with a spare bit set', `09${'00'.repeat(30)}80`),
      saying('a length that is too large', padded(words).with(0, 255)),
      saying('something after the announcement', padded(words).with(PADDED_BYTES - 1, 1)),
      saying('a length that is too small', padded(words).with(1, (words.length & 255) - 1)),
    ],
  }
}

function sealed(community: CommunityId, to: KeyText, plain: Uint8Array, seed: Uint8Array) {
  const domain = Buffer.from('palabre/v1/call\0')
  const context = Buffer.concat([
    domain,
    Uint8Array.of(4),
    Buffer.from('call'),
    idBytes(community),
    keyBytes(to),
  ])
  const x = rawPublic(seed)
  const key = hkdf(agreed(seed, to), context, Buffer.concat([domain, x]))
  return { x, box: encrypt(key, context, plain) }
}

function padded(announcement: Uint8Array): Uint8Array {
  const out = Buffer.alloc(PADDED_BYTES)
  out.writeUInt16BE(announcement.length)
  out.set(announcement, 2)
  return new Uint8Array(out)
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, (bytes[at] as number) ^ 4)
}

function elsewhere(community: CommunityId): CommunityId {
  return community.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) as CommunityId
}
