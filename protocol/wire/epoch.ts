import { SECRET_BYTES } from '../audio/epoch.ts'
import type { RoomId } from '../ids.ts'
import { MAX_AUDIENCE, MAX_GENERATION, MAX_UINT } from '../limits.ts'
import { bytes, id, key, map, sortedSet, uint } from '../schema.ts'
import { error, type Service } from './services.ts'

const sessions = sortedSet(key, MAX_AUDIENCE)

/** Bytes of a session's key in a list. */
const LISTED = 34

/**
 * Hands the secret `s` of generation `g` of a room's epoch `n` to a session that is admitted (SPEC §8.7). Who speaks is told who else holds it: `a`, the audience
 * that the epoch was made for, and `j`, those who joined since.
 */
export const EPOCH = {
  protocol: '/palabre/epoch/1',
  request: {
    shape: map(
      { r: id<RoomId>(), n: uint(MAX_UINT, 1), g: uint(MAX_GENERATION), s: bytes(SECRET_BYTES) },
      { a: sessions, j: sessions },
    ),
    maxBytes: 2 * MAX_AUDIENCE * LISTED + 256,
  },
  answer: { shape: map({}, { error }), maxBytes: 64 },
} satisfies Service<unknown, unknown>
