import type { MemberId, RoomId } from '../ids.ts'
import { MAX_ENVELOPE_BYTES } from '../limits.ts'
import { CALL_SHAPE } from '../room/call.ts'
import { bytes, id, key, list, map, oneGroup, type Read } from '../schema.ts'
import { error, type Service } from './services.ts'

const envelope = bytes(MAX_ENVELOPE_BYTES, 1)

/** Messages told at once: what one person does in a moment, and what came meanwhile. */
export const MAX_TOLD_AT_ONCE = 16
/** Members whose sessions are asked for at once. */
export const MAX_LOOKED_FOR = 32
/** Sessions named in one answer: two of everybody who was asked for. */
export const MAX_SESSIONS_AN_ANSWER = 64

/** The messages of a private room, from one session in it to another (TELL-1): nothing of it is on a topic. */
export const TELL = {
  protocol: '/palabre/tell/1',
  request: {
    shape: map({ r: id<RoomId>(), of: list(envelope, MAX_TOLD_AT_ONCE, 1) }),
    maxBytes: MAX_TOLD_AT_ONCE * (MAX_ENVELOPE_BYTES + 8) + 128,
  },
  answer: { shape: map({}, { error }), maxBytes: 64 },
} satisfies Service<unknown, unknown>

/** Calls into private rooms, which a relay passes on (CALL-1). `of`: which sessions of these members are connected; the answer has their presences. */
export const CALL = {
  protocol: '/palabre/call/1',
  request: {
    shape: oneGroup(
      map({}, { of: list(id<MemberId>(), MAX_LOOKED_FOR, 1), to: key, call: CALL_SHAPE }),
      ['of'],
      ['to', 'call'],
    ),
    maxBytes: MAX_ENVELOPE_BYTES + 256,
  },
  answer: {
    shape: map({}, { here: list(envelope, MAX_SESSIONS_AN_ANSWER), error }),
    maxBytes: MAX_SESSIONS_AN_ANSWER * (MAX_ENVELOPE_BYTES + 8) + 64,
  },
} satisfies Service<unknown, unknown>

export type CallRequest = Read<typeof CALL.request.shape>
export type CallAnswer = Read<typeof CALL.answer.shape>
