import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Opener } from '../community/sealed.ts'
import { DOMAIN, separated } from '../domains.ts'
import { derive } from '../hash.ts'
import { type CommunityId, idBytes, type KeyText, keyBytes } from '../ids.ts'
import { MAX_ENVELOPE_BYTES } from '../limits.ts'
import type { CodecReason, SealedReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, map, type Read } from '../schema.ts'
import { montgomeryOf, publicOf, sharedSecret } from '../x25519.ts'

/** Random bytes that a call takes. */
export const CALL_SEED_BYTES = 32
/** What ChaCha20-Poly1305 adds (RFC 8439 §2.8). */
const TAG_BYTES = 16
/** Each key encrypts one message. */
const NONCE = new Uint8Array(12)
/** The length of the announcement, before it. */
const LENGTH_BYTES = 2
/** Every announcement is padded to the longest: its length would tell how full the room is. */
const PADDED_BYTES = LENGTH_BYTES + MAX_ENVELOPE_BYTES

/** The announcement of a private room, sealed for one session (SPEC §7.9): a relay passes it on and learns nothing of the room. */
export const CALL_SHAPE = map({ x: bytes(32), box: bytes(PADDED_BYTES + TAG_BYTES) })

export type Call = Read<typeof CALL_SHAPE>

/**
 * Seals the announcement of a private room for a session (PRIVATE-1).
 * @param to the key of the session, of a presence that was verified
 * @param announcement an envelope @param seed random, and never used again
 */
export function sealCall(
  community: CommunityId,
  to: KeyText,
  announcement: Uint8Array,
  seed: Uint8Array,
): Call {
  if (seed.length !== CALL_SEED_BYTES) throw new RangeError(`a call takes ${CALL_SEED_BYTES} random bytes`)
  if (announcement.length > MAX_ENVELOPE_BYTES) throw new RangeError('the announcement is too long')
  const shared = sharedSecret(seed, montgomeryOf(keyBytes(to)))
  // An admitted key is of the large prime order, and 0 is no multiple of it.
  if (shared === undefined) throw new Error('an admitted key has no point of small order')
  const padded = new Uint8Array(PADDED_BYTES)
  new DataView(padded.buffer).setUint16(0, announcement.length)
  padded.set(announcement, LENGTH_BYTES)
  const x = publicOf(seed)
  return { x, box: boxOf(community, to, shared, x).encrypt(padded) }
}

/** Opens a call (PRIVATE-2). @returns the announcement, which is not judged yet */
export function openCall(
  community: CommunityId,
  { publicKey, secret }: Opener,
  { x, box }: Call,
): Result<Uint8Array, CodecReason | SealedReason> {
  const shared = sharedSecret(secret, x)
  if (shared === undefined) return bad('sealed-wrong', 'x')
  let padded: Uint8Array
  try {
    padded = boxOf(community, publicKey, shared, x).decrypt(box)
  } catch {
    // Lengths are right, so the tag does not hold: the library has no other way to say it.
    return bad('sealed-wrong', 'box')
  }
  const end = LENGTH_BYTES + new DataView(padded.buffer, padded.byteOffset).getUint16(0)
  if (end > padded.length || padded.subarray(end).some((byte) => byte !== 0)) return bad('malformed')
  return good(padded.subarray(LENGTH_BYTES, end))
}

function boxOf(community: CommunityId, to: KeyText, shared: Uint8Array, x: Uint8Array) {
  const context = separated(DOMAIN.call, 'call', idBytes(community), keyBytes(to))
  return chacha20poly1305(derive(shared, context, concatBytes(DOMAIN.call, x)), NONCE, context)
}
