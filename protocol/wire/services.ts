import type { MemberId, OperationId, RoomId, StatementId } from '../ids.ts'
import { MAX_CHECKPOINT_BYTES, MAX_ENTRY_BYTES, MAX_ENVELOPE_BYTES, MAX_HEADS } from '../limits.ts'
import { REASONS } from '../reasons.ts'
import { bad } from '../result.ts'
import { bytes, id, list, map, oneGroup, oneOf, type Read, refine, sortedSet, text, uint } from '../schema.ts'
import type { Frame } from './frame.ts'

/**
 * The requests and answers between peers, and between a peer and a relay (SPEC §9): one request, one answer, on a fresh stream. An answer
 * either has what was asked for or `error`, a code of SPEC appendix A.
 */

const envelope = bytes(MAX_ENVELOPE_BYTES, 1)
/** A signed note (protocol/log/checkpoint.ts). */
export const checkpoint = bytes(MAX_CHECKPOINT_BYTES, 1)
export const error = oneOf(...REASONS)

/** A kind of request: its libp2p protocol, and the shapes of both directions. */
export interface Service<Q, A> {
  readonly protocol: string
  readonly request: Frame<Q>
  readonly answer: Frame<A>
}

/** Most ledger entries in one answer, and what they may weigh together: a stream's worth, not a memory's. */
export const MAX_ENTRIES_AN_ANSWER = 64
const MAX_LEDGER_ANSWER = MAX_ENTRIES_AN_ANSWER * (MAX_ENTRY_BYTES + 8) + MAX_CHECKPOINT_BYTES + 64

/** SHA-256 of a state (SPEC §7.8). */
const DIGEST_BYTES = 32
/** Most operations in one answer, each act of a bundle counting as one: a long evening comes in a dozen. */
export const MAX_OPERATIONS_AN_ANSWER = 256
/** What they may weigh together: that many of the usual, who say little, and fewer of the largest. */
export const MAX_OPERATIONS_BYTES_AN_ANSWER = 64 * MAX_ENVELOPE_BYTES
/** Most beacons in one answer: everybody in a small room. */
export const MAX_BEACONS_AN_ANSWER = 64
const MAX_SYNC_ANSWER =
  MAX_OPERATIONS_BYTES_AN_ANSWER +
  MAX_OPERATIONS_AN_ANSWER * 8 +
  (MAX_BEACONS_AN_ANSWER + 1) * (MAX_ENVELOPE_BYTES + 8) +
  MAX_HEADS * 40 +
  192

/** Most rooms in the list that a relay or peer gives. */
export const MAX_ROOMS_AN_ANSWER = 64
/** Most profiles asked for at once. */
export const MAX_PROFILES_AN_ANSWER = 32

/**
 * Says who is there, right after a connection opens and before anything else: `p`, a presence, or `i`, an invitation proof. The answer has the
 * other's presence `p` when it is a member's session, and the size of the ledger when it keeps one. `cp`, both ways: the newest checkpoint
 * that the sender knows, so that a log whose disk was set back learns of it before it takes anything. `invite`: the id of the invitation,
 * for who showed that they hold it. Where it was used, they have the log prove with `join`, a join that lets nobody in any more, that its link was
 * in two hands.
 */
export const HELLO = {
  protocol: '/palabre/hello/1',
  request: {
    shape: refine(map({}, { p: envelope, i: envelope, join: envelope, cp: checkpoint }), ({ p, i, join }) => {
      if (p === undefined && i === undefined) return bad('field-missing', 'p')
      if (p !== undefined && i !== undefined) return bad('field-unknown', 'i')
      return p !== undefined && join !== undefined ? bad('field-unknown', 'join') : undefined
    }),
    maxBytes: 2 * MAX_ENVELOPE_BYTES + MAX_CHECKPOINT_BYTES + 128,
  },
  answer: {
    shape: map({}, { p: envelope, size: uint(), cp: checkpoint, invite: id<StatementId>(), error }),
    maxBytes: MAX_ENVELOPE_BYTES + MAX_CHECKPOINT_BYTES + 192,
  },
} satisfies Service<unknown, unknown>

/**
 * `get`: entries from this index on, `most` so many. `put`: a statement for the ledger, with the `promise` that the log has given for it before,
 * if it has; the answer has the log's signed promise.
 */
export const LEDGER = {
  protocol: '/palabre/ledger/1',
  request: {
    shape: oneGroup(
      map({}, { get: uint(), most: uint(MAX_ENTRIES_AN_ANSWER, 1), put: envelope, promise: envelope }),
      ['get', 'most?'],
      ['put', 'promise?'],
    ),
    maxBytes: 2 * MAX_ENVELOPE_BYTES + 32,
  },
  answer: {
    shape: map(
      {},
      {
        entries: list(bytes(MAX_ENTRY_BYTES, 1), MAX_ENTRIES_AN_ANSWER),
        size: uint(),
        cp: checkpoint,
        promise: envelope,
        error,
      },
    ),
    maxBytes: MAX_LEDGER_ANSWER,
  },
} satisfies Service<unknown, unknown>

/** Founds the community on a relay that has none: the one-time token of the founding link, and the first entries. */
export const FOUND = {
  protocol: '/palabre/found/1',
  request: {
    shape: map({
      token: text(/^[A-Za-z0-9_-]+$/, 64),
      genesis: envelope,
      identity: envelope,
      device: envelope,
      profile: envelope,
    }),
    maxBytes: 4 * MAX_ENVELOPE_BYTES + 256,
  },
  answer: { shape: map({}, { promise: envelope, error }), maxBytes: MAX_ENVELOPE_BYTES + 128 },
} satisfies Service<unknown, unknown>

/** `get`: profiles of these members, as far as they are held. `put`: keep this one. */
export const PROFILES = {
  protocol: '/palabre/profiles/1',
  request: {
    shape: oneGroup(
      map({}, { get: list(id<MemberId>(), MAX_PROFILES_AN_ANSWER, 1), put: envelope }),
      ['get'],
      ['put'],
    ),
    maxBytes: MAX_ENVELOPE_BYTES + 64,
  },
  answer: {
    shape: map({}, { profiles: list(envelope, MAX_PROFILES_AN_ANSWER), error }),
    maxBytes: MAX_PROFILES_AN_ANSWER * (MAX_ENVELOPE_BYTES + 8) + 64,
  },
} satisfies Service<unknown, unknown>

/** The newest announcement of every room that is going on. */
export const ROOMS = {
  protocol: '/palabre/rooms/1',
  request: { shape: map({}), maxBytes: 16 },
  answer: {
    shape: map({}, { rooms: list(envelope, MAX_ROOMS_AN_ANSWER), error }),
    maxBytes: MAX_ROOMS_AN_ANSWER * (MAX_ENVELOPE_BYTES + 8) + 64,
  },
} satisfies Service<unknown, unknown>

/**
 * Anti-entropy of one room: `heads` are those of whoever asks. The answer has operations that are not in their past, ancestors first, the
 * answerer's own heads and the digest of its state, and beacons that are alive. `next`: ask again from there.
 */
export const SYNC = {
  protocol: '/palabre/sync/1',
  request: {
    shape: map({ r: id<RoomId>(), heads: sortedSet(id<OperationId>(), MAX_HEADS) }, { from: uint() }),
    maxBytes: MAX_HEADS * 40 + 128,
  },
  answer: {
    shape: map(
      {},
      {
        opening: envelope,
        ops: list(envelope, MAX_OPERATIONS_AN_ANSWER),
        beacons: list(envelope, MAX_BEACONS_AN_ANSWER),
        heads: sortedSet(id<OperationId>(), MAX_HEADS),
        digest: bytes(DIGEST_BYTES, DIGEST_BYTES),
        next: uint(),
        error,
      },
    ),
    maxBytes: MAX_SYNC_ANSWER,
  },
} satisfies Service<unknown, unknown>

export type HelloRequest = Read<typeof HELLO.request.shape>
export type HelloAnswer = Read<typeof HELLO.answer.shape>
export type LedgerRequest = Read<typeof LEDGER.request.shape>
export type LedgerAnswer = Read<typeof LEDGER.answer.shape>
export type FoundRequest = Read<typeof FOUND.request.shape>
export type FoundAnswer = Read<typeof FOUND.answer.shape>
export type ProfilesRequest = Read<typeof PROFILES.request.shape>
export type ProfilesAnswer = Read<typeof PROFILES.answer.shape>
export type RoomsAnswer = Read<typeof ROOMS.answer.shape>
export type SyncRequest = Read<typeof SYNC.request.shape>
export type SyncAnswer = Read<typeof SYNC.answer.shape>
