import { compareBytes, uint64 } from '../bytes.ts'
import { DOMAIN } from '../domains.ts'
import { derive, hash } from '../hash.ts'
import { idBytes, type KeyText, keyBytes, type RoomId } from '../ids.ts'

/** Bytes of an epoch's secret. */
export const SECRET_BYTES = 32

/** Everything that opens the voices of a room for a time (SPEC §8.3). */
export interface EpochSecret {
  /** From 1. */
  readonly epoch: number
  /** How often it was ratcheted, 0 to MAX_GENERATION. */
  readonly generation: number
  /** 32 bytes, of that generation. */
  readonly secret: Uint8Array
}

/** What the room's operation says of an epoch's secret, as it was before any ratchet (EPOCH-2). 32 bytes. */
export function epochDigest(room: RoomId, epoch: number, secret: Uint8Array): Uint8Array {
  return hash(DOMAIN.epoch, idBytes(room), uint64(epoch), secret)
}

/**
 * What the room's operation says of those who are handed the secret (EPOCH-3): sessions, each once, in bytewise order of their keys. 32 bytes.
 * Throws when a session is named twice.
 */
export function audienceCommitment(room: RoomId, epoch: number, sessions: readonly KeyText[]): Uint8Array {
  return hash(DOMAIN.audience, idBytes(room), uint64(epoch), ...sortedKeys(sessions))
}

/** The keys of sessions, as they are committed to and handed out: ascending, 32 bytes each. Throws when one is there twice. */
export function sortedKeys(sessions: readonly KeyText[]): readonly Uint8Array[] {
  if (new Set(sessions).size < sessions.length) throw new TypeError('a session is in an audience once')
  return sessions.map(keyBytes).sort(compareBytes)
}

/** The secret some joins later (EPOCH-4). Whoever is given it cannot find the one before. Throws when asked to go back. */
export function ratchet(room: RoomId, from: EpochSecret, generation: number): EpochSecret {
  if (generation < from.generation) throw new RangeError('a ratchet does not turn back')
  let { secret } = from
  for (let turn = from.generation; turn < generation; turn++)
    secret = derive(secret, idBytes(room), DOMAIN.ratchet)
  return { epoch: from.epoch, generation, secret }
}
