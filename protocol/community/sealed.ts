import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import { decodeValue, encodeValue, type Value } from '../codec.ts'
import { DOMAIN, separated } from '../domains.ts'
import { derive } from '../hash.ts'
import {
  type CommunityId,
  idBytes,
  type KeyText,
  keyBytes,
  type MemberId,
  type RoomId,
  type StatementId,
} from '../ids.ts'
import { MAX_SEALED_BYTES, MAX_SIGNATURES, MAX_WORDS_CHARS, SEALED_CONTENT_BYTES } from '../limits.ts'
import type { CodecReason, LedgerReason, SchemaReason, SealedReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, id, key, line, list, map, type Read, type Schema, sortedSet, uint } from '../schema.ts'
import { isAdmissible } from '../signature.ts'
import { montgomeryOf, publicOf, secretOf, sharedSecret } from '../x25519.ts'
import { why } from './ban.ts'
import type { Council } from './membership.ts'

/**
 * What a member says to the council alone (SPEC §6.14):
 *
 * ```
 * sealed = { v: uint, x: bytes(32), to: [bytes(48); 1..16], box: bytes(1616) }
 * ```
 *
 * Everything but the content follows from 32 random bytes, the seed. Each recipient gets the seed in a box of their own, makes all of it again, and
 * compares: so all of them were given the same seed, read the same content, and none was left out.
 */

/** Random bytes that a sealing takes. */
export const SEALING_SEED_BYTES = 32
/** What ChaCha20-Poly1305 adds (RFC 8439 §2.8). */
const TAG_BYTES = 16
/** Each key encrypts one message. */
const NONCE = new Uint8Array(12)
/** The length of the content, before it. */
const LENGTH_BYTES = 2

const X = utf8ToBytes('x')
const KEY = utf8ToBytes('key')
const BOX = utf8ToBytes('box')

const SEALED = map({
  v: uint(),
  x: bytes(32),
  to: list(bytes(SEALING_SEED_BYTES + TAG_BYTES), MAX_SIGNATURES, 1),
  box: bytes(SEALED_CONTENT_BYTES + TAG_BYTES),
})
const CONTEXT = map({
  v: uint(),
  keys: sortedSet(key, MAX_SIGNATURES, 1),
  m: id<MemberId>(),
  n: uint(),
  prev: id<StatementId>(),
})
const words = line(MAX_WORDS_CHARS)

/** What is sealed in a statement of one type. */
export interface SealedKind<T> {
  readonly type: 'report' | 'appeal'
  readonly content: Schema<T>
}

/** Of whom a report is, why, and what there is to say to it; `room` is where it happened. */
export const REPORT_CONTENT = {
  type: 'report',
  content: map({ of: id<MemberId>(), why }, { words, room: id<RoomId>() }),
} satisfies SealedKind<unknown>

export const APPEAL_CONTENT = {
  type: 'appeal',
  content: map({ words }),
} satisfies SealedKind<unknown>

export type ReportContent = Read<typeof REPORT_CONTENT.content>
export type AppealContent = Read<typeof APPEAL_CONTENT.content>

/** The place of the statement in which something is sealed: it opens in no other. */
export interface SealedPlace {
  readonly m: MemberId
  readonly n: number
  readonly prev: StatementId
}

/** Somebody of the council who can open: their root. */
export interface Opener {
  readonly publicKey: KeyText
  /** Of X25519. */
  readonly secret: Uint8Array
}

/** The keys of a council for which is sealed: those under which something can be signed (SEAL-1). */
export function recipientsOf({ keys }: Pick<Council, 'keys'>): readonly KeyText[] {
  return keys.filter((one) => isAdmissible(keyBytes(one)))
}

/** The opener with this root. @param seed of its Ed25519 key */
export function openerFromSeed(seed: Uint8Array, publicKey: KeyText): Opener {
  return { publicKey, secret: secretOf(seed) }
}

/**
 * Seals for a council (SEAL-2 to 4).
 * @param seed random, and never used again
 * @throws RangeError for a council without a key that could open
 */
export function sealForCouncil<T>(
  kind: SealedKind<T>,
  community: CommunityId,
  place: SealedPlace,
  council: Pick<Council, 'v' | 'keys'>,
  content: T,
  seed: Uint8Array,
): Uint8Array {
  if (seed.length !== SEALING_SEED_BYTES)
    throw new RangeError(`a sealing takes ${SEALING_SEED_BYTES} random bytes`)
  const keys = recipientsOf(council)
  if (keys.length === 0) throw new RangeError('nobody of this council could open it')
  const context = contextOf(kind, community, place, council.v, keys)
  const secret = secretX(seed, context)
  const x = publicOf(secret)
  const to = keys.map((one) =>
    chacha20poly1305(keyFor(secret, x, one, context), NONCE, context).encrypt(seed),
  )
  const box = chacha20poly1305(derive(seed, context, info(BOX)), NONCE, context).encrypt(
    padded(kind, content),
  )
  return encodeValue(SEALED.encode({ v: council.v, x, to, box }))
}

/** For which version of the council something is sealed. */
export function sealedVersion(sealed: Uint8Array): Result<number, CodecReason | SchemaReason> {
  const read = readSealed(sealed)
  return read.ok ? good(read.value.v) : read
}

/**
 * Opens what is sealed in a statement (SEAL-5).
 * @param council the one for which it is sealed, by its version
 */
export function openSealed<T>(
  kind: SealedKind<T>,
  community: CommunityId,
  place: SealedPlace,
  council: Pick<Council, 'v' | 'keys'>,
  sealed: Uint8Array,
  opener: Opener,
): Result<T, CodecReason | SchemaReason | LedgerReason | SealedReason> {
  const read = readSealed(sealed)
  if (!read.ok) return read
  const { v, x, to, box } = read.value
  if (v !== council.v) return bad('council-version')
  const keys = recipientsOf(council)
  const own = keys.indexOf(opener.publicKey)
  if (own < 0) return bad('sealed-for-others')
  if (to.length !== keys.length) return bad('sealed-wrong', 'to')
  const context = contextOf(kind, community, place, v, keys)
  const shared = sharedSecret(opener.secret, x)
  if (shared === undefined) return bad('sealed-wrong', 'x')
  const seed = unboxed(keyFrom(shared, x, opener.publicKey, context), to[own] as Uint8Array, context)
  if (seed === undefined) return bad('sealed-wrong', 'to')
  const secret = secretX(seed, context)
  if (!equalBytes(publicOf(secret), x)) return bad('sealed-wrong', 'x')
  const same = keys.every((one, i) => {
    const boxed = chacha20poly1305(keyFor(secret, x, one, context), NONCE, context).encrypt(seed)
    return equalBytes(boxed, to[i] as Uint8Array)
  })
  if (!same) return bad('sealed-wrong', 'to')
  const content = unboxed(derive(seed, context, info(BOX)), box, context)
  return content === undefined ? bad('sealed-wrong', 'box') : unpadded(kind, content)
}

function readSealed(sealed: Uint8Array): Result<Read<typeof SEALED>, CodecReason | SchemaReason> {
  const value = decodeValue(sealed, MAX_SEALED_BYTES)
  return value.ok ? SEALED.decode(value.value, '') : value
}

/** SEAL-2: everything that it belongs to. Whatever is derived depends on it, and it is sealed with it. */
function contextOf(
  { type }: SealedKind<unknown>,
  community: CommunityId,
  { m, n, prev }: SealedPlace,
  v: number,
  keys: readonly KeyText[],
): Uint8Array {
  const value = encodeValue(CONTEXT.encode({ v, keys, m, n, prev }))
  return separated(DOMAIN.sealed, type, idBytes(community), value)
}

function info(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(DOMAIN.sealed, ...parts)
}

function secretX(seed: Uint8Array, context: Uint8Array): Uint8Array {
  return derive(seed, context, info(X))
}

function keyFor(secret: Uint8Array, x: Uint8Array, recipient: KeyText, context: Uint8Array): Uint8Array {
  const shared = sharedSecret(secret, montgomeryOf(keyBytes(recipient)))
  // An admitted key is of the large prime order, and 0 is no multiple of it.
  if (shared === undefined) throw new Error('an admitted key has no point of small order')
  return keyFrom(shared, x, recipient, context)
}

function keyFrom(shared: Uint8Array, x: Uint8Array, recipient: KeyText, context: Uint8Array): Uint8Array {
  return derive(shared, context, info(KEY, x, keyBytes(recipient)))
}

function unboxed(boxKey: Uint8Array, box: Uint8Array, context: Uint8Array): Uint8Array | undefined {
  try {
    return chacha20poly1305(boxKey, NONCE, context).decrypt(box)
  } catch {
    // Lengths are right, so the tag does not hold: the library has no other way to say it.
    return undefined
  }
}

/** SEAL-4. */
function padded<T>({ content }: SealedKind<T>, said: T): Uint8Array {
  const value = content.encode(said)
  const readable = content.decode(value, '')
  if (!readable.ok)
    throw new TypeError(`not a content that others would read: ${readable.reason} ${readable.at ?? ''}`)
  const encoded = encodeValue(value)
  const out = new Uint8Array(SEALED_CONTENT_BYTES)
  new DataView(out.buffer).setUint16(0, encoded.length)
  out.set(encoded, LENGTH_BYTES)
  return out
}

function unpadded<T>({ content }: SealedKind<T>, plain: Uint8Array): Result<T, CodecReason | SchemaReason> {
  const end = LENGTH_BYTES + new DataView(plain.buffer, plain.byteOffset).getUint16(0)
  if (end > plain.length || plain.subarray(end).some((byte) => byte !== 0)) return bad('malformed')
  const value: Result<Value, CodecReason> = decodeValue(
    plain.subarray(LENGTH_BYTES, end),
    SEALED_CONTENT_BYTES,
  )
  return value.ok ? content.decode(value.value, '') : value
}
