/** Bounds of a link with a relay that carries voices. Milliseconds. Nobody else shares them: they are this peer's patience. */

import { MAX_HELD_LIFETIME } from '../../protocol/limits.ts'

const SECOND = 1000

/** For a stream to be taken, and from the offer to a connection: a relay has a fixed address, and answers in one round trip. */
export const OPEN_MS = 10 * SECOND
export const CONNECT_MS = 10 * SECOND

/** For a relay that closed the connection to say why. */
export const LAST_WORDS_MS = 1 * SECOND

/** For how long a link is held for a room: it is let go of before the relay ends it, so that no ticket comes too late. */
export const HOLD_MS = (MAX_HELD_LIFETIME - 10) * SECOND

/** A ticket lasts two minutes, and another follows while there is time for a second try. */
export const RENEW_MS = 75 * SECOND

/** Messages of a relay: some words at the beginning, and one every few seconds. */
export const MESSAGE_BURST = 32
export const MESSAGE_REFILL_MS = 500

/** First rest before a relay that failed or refused is asked again, doubled up to the longest. */
export const REST_MIN_MS = 1 * SECOND
export const REST_MAX_MS = 30 * SECOND
/** A relay over which voices came for so long works: when it is lost, what it did before says nothing. One that takes everybody and drops them stays as one that refuses. */
export const WORKS_AFTER_MS = 60 * SECOND
/** The same for one over which nothing came. */
export const USELESS_MS = 300 * SECOND

/**
 * For another relay to bring a voice that does not come over the one that carries, counted while its speaker says that they speak: it may have to find
 * out first that the relay that it takes it from does not bring it.
 */
export const SEEK_MS = 6 * SECOND
/** For the same, whether they speak or not: two links cost the relays twice. */
export const SEEK_MAX_MS = 60 * SECOND

/** A relay is left for another when that is nearer by so many milliseconds, and by half; no sooner than a minute after the change before. */
export const MOVE_FOR_MS = 40
export const MOVE_FOR_SHARE = 0.5
export const MOVE_AFTER_MS = 60 * SECOND
/** How long a relay may take to bring voices, once it stands, before that is left which brings them: to fetch them it makes a connection of its own. */
export const OVERLAP_MS = 2 * SECOND
