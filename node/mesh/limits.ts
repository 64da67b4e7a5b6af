/** Bounds of the audio mesh. Milliseconds, unless a name says otherwise. Nobody else shares them: they are this peer's patience. */

const SECOND = 1000

/** Time for a linked peer to take a new stream: a round trip or two, on a phone. */
export const OPEN_MS = 10 * SECOND

/**
 * Time that a channel waits for its peer to be wanted. It may know of us a moment before we know of it: a beacon comes every ten seconds,
 * and what gossip lost is asked for again meanwhile.
 */
export const HOLD_MS = 15 * SECOND

/** Channels that wait like this, all peers together: as many as a peer has connections, and no memory for a crowd. */
export const MAX_HELD_CHANNELS = 64

/** Signalling streams of one peer at a time: the one in use, and the one after it whose predecessor's end we have not noticed yet. */
export const CHANNELS_PER_PEER = 2

/** Channels from one wanted peer: this many in a row, and one more for each so many milliseconds. Each costs a connection. */
export const CHANNEL_BURST = 8
export const CHANNEL_REFILL_MS = 5 * SECOND

/** From the first description to a connection. Direct links come up in about a second; a lost one is not worth more of anybody's patience. */
export const CONNECT_MS = 20 * SECOND

/** `disconnected` often mends itself (W3C WebRTC §5.6.3): a change of cell takes about so long. */
export const DISCONNECTED_MS = 2.5 * SECOND

/** Wait for one ICE restart to connect, doubled by each that does not; after the last the whole link is made anew. */
export const RESTART_MS = 4 * SECOND
export const MAX_RESTARTS = 3

/** First wait before a link is made anew after the world failed, doubled by each failure in a row, and the longest. */
export const RETRY_MIN_MS = 0.5 * SECOND
export const RETRY_MAX_MS = 16 * SECOND

/** Links in a row that ended because the other side sent something bad: a mistake may happen, this is not one. */
export const MAX_REFUSALS = 3

/** Messages of a channel at once: two browsers with a dozen addresses each, several times over. */
export const MESSAGE_BURST = 128
/** One more message is allowed for each so many milliseconds. */
export const MESSAGE_REFILL_MS = 100

/** Candidates that came before any description; browsers send none at all, and nobody has more addresses than this. */
export const MAX_EARLY_CANDIDATES = 32

/** Sections of a description: one voice each way. */
export const MAX_SECTIONS = 2

/** Attempts in a row that found nobody at the other end before the person is told: the first may come before the peer does. */
export const FAILURES_SHOWN = 3
