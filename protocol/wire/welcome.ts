import type { OperationId, RoomId } from '../ids.ts'
import { MAX_ENVELOPE_BYTES, MAX_HEADS } from '../limits.ts'
import { WELCOME_TAG_BYTES } from '../room/welcome.ts'
import { bytes, id, key, map, type Read, sortedSet } from '../schema.ts'
import { error, MAX_BEACONS_AN_ANSWER, MAX_OPERATIONS_AN_ANSWER, type Service } from './services.ts'

/** What the operations of a welcome may weigh together, and its beacons: a relay holds each welcome for a moment. */
export const MAX_WELCOME_OPERATIONS_BYTES = 6 * MAX_ENVELOPE_BYTES
export const MAX_WELCOME_BEACONS_BYTES = 4 * MAX_ENVELOPE_BYTES
/** Of what is in the box. */
export const MAX_WELCOME_CONTENT_BYTES =
  MAX_WELCOME_OPERATIONS_BYTES +
  MAX_WELCOME_BEACONS_BYTES +
  MAX_ENVELOPE_BYTES +
  (MAX_OPERATIONS_AN_ANSWER + MAX_BEACONS_AN_ANSWER) * 8 +
  512
export const MAX_WELCOME_BOX_BYTES = MAX_WELCOME_CONTENT_BYTES + WELCOME_TAG_BYTES

/**
 * What somebody needs who comes into a room, of a session that is in it, passed on by a relay that cannot read the answer (SPEC §8.8). `p` is the presence
 * of who asks, `x` a key drawn for this, `heads` as in `SYNC`.
 */
export const WELCOME = {
  protocol: '/palabre/welcome/1',
  request: {
    shape: map({
      r: id<RoomId>(),
      from: key,
      to: key,
      p: bytes(MAX_ENVELOPE_BYTES, 1),
      x: bytes(32),
      heads: sortedSet(id<OperationId>(), MAX_HEADS),
    }),
    maxBytes: MAX_ENVELOPE_BYTES + MAX_HEADS * 40 + 256,
  },
  answer: {
    shape: map({}, { x: bytes(32), box: bytes(MAX_WELCOME_BOX_BYTES, WELCOME_TAG_BYTES), error }),
    maxBytes: MAX_WELCOME_CONTENT_BYTES + 128,
  },
} satisfies Service<unknown, unknown>

export type WelcomeRequest = Read<typeof WELCOME.request.shape>
export type WelcomeAnswer = Read<typeof WELCOME.answer.shape>
