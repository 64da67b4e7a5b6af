import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Opener } from '../community/sealed.ts'
import { DOMAIN, separated } from '../domains.ts'
import { derive } from '../hash.ts'
import { type CommunityId, idBytes, type KeyText, keyBytes, type RoomId } from '../ids.ts'
import type { SealedReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { isAdmissible } from '../signature.ts'
import { montgomeryOf, publicOf, sharedSecret } from '../x25519.ts'

/** Random bytes that a welcome takes of each of the two. */
export const WELCOME_SEED_BYTES = 32
/** What ChaCha20-Poly1305 adds (RFC 8439 §2.8). */
export const WELCOME_TAG_BYTES = 16
/** Each key encrypts one message. */
const NONCE = new Uint8Array(12)

/** Between whom a welcome is. */
export interface Doorstep {
  readonly community: CommunityId
  readonly room: RoomId
  /** The session that comes. */
  readonly from: KeyText
  /** The session that is there. */
  readonly to: KeyText
}

/** What a session that is in a room says to one that comes, past a relay (SPEC §8.8). */
export interface Welcome {
  readonly x: Uint8Array
  readonly box: Uint8Array
}

/**
 * Seals what is told to who comes (WELCOME-2). Only the two sessions can have made or open it, and nobody any more once both have forgotten their seeds.
 * @param own of the session that is there @param x the key that the other one drew @param seed random, and never used again
 * @returns undefined where their key is none that a session can have
 */
export function sealWelcome(
  doorstep: Doorstep,
  own: Opener,
  x: Uint8Array,
  seed: Uint8Array,
  content: Uint8Array,
): Welcome | undefined {
  if (seed.length !== WELCOME_SEED_BYTES)
    throw new RangeError(`a welcome takes ${WELCOME_SEED_BYTES} random bytes`)
  const theirs = keyBytes(doorstep.from)
  if (!isAdmissible(theirs)) return undefined
  const both = sharedSecret(seed, x)
  const mine = sharedSecret(own.secret, x)
  const other = sharedSecret(seed, montgomeryOf(theirs))
  if (both === undefined || mine === undefined || other === undefined) return undefined
  const ours = publicOf(seed)
  return { x: ours, box: boxOf(doorstep, [both, mine, other], x, ours).encrypt(content) }
}

/**
 * Opens a welcome (WELCOME-2).
 * @param own of the session that comes @param seed with which it asked
 */
export function openWelcome(
  doorstep: Doorstep,
  own: Opener,
  seed: Uint8Array,
  { x, box }: Welcome,
): Result<Uint8Array, SealedReason> {
  const theirs = keyBytes(doorstep.to)
  if (!isAdmissible(theirs)) return bad('sealed-wrong', 'to')
  const both = sharedSecret(seed, x)
  const theirSession = sharedSecret(seed, montgomeryOf(theirs))
  const mine = sharedSecret(own.secret, x)
  if (both === undefined || theirSession === undefined || mine === undefined) return bad('sealed-wrong', 'x')
  try {
    return good(boxOf(doorstep, [both, theirSession, mine], publicOf(seed), x).decrypt(box))
  } catch {
    // The tag does not hold, or there is none: the library has no other way to say it.
    return bad('sealed-wrong', 'box')
  }
}

/** @param shared by the two drawn keys; by the one drawn by who comes and the session that is there; by the other two */
function boxOf(
  { community, room, from, to }: Doorstep,
  shared: readonly [Uint8Array, Uint8Array, Uint8Array],
  asked: Uint8Array,
  answered: Uint8Array,
) {
  const names = concatBytes(idBytes(room), keyBytes(from), keyBytes(to))
  const context = separated(DOMAIN.welcome, 'welcome', idBytes(community), names)
  const key = derive(concatBytes(...shared), context, concatBytes(DOMAIN.welcome, asked, answered))
  return chacha20poly1305(key, NONCE, context)
}
