/** Bounds that a peer and a relay share. Bytes and milliseconds, unless a name says otherwise. */

const KIB = 1024
const SECOND = 1000

/** One gossiped message. A payload has at most 4 KiB; the rest is room for envelopes and small bundles. */
export const MAX_GOSSIP_MESSAGE_BYTES = 16 * KIB

/**
 * One gossip RPC. It bundles what a peer asked for from the last five heartbeats (3.5 s), so it must hold far more
 * than one message: a frame over this bound ends the gossip stream.
 */
export const MAX_GOSSIP_RPC_BYTES = 1024 * KIB

/** Unread bytes of one stream before it is reset, and the largest window that yamux grows to. */
export const MAX_STREAM_BUFFER_BYTES = 1024 * KIB

/** Streams that the other side may have open on one connection, all protocols together. */
export const MAX_INBOUND_STREAMS = 128

/** Whole messages of a channel that wait to be read or written; a side that lags further behind is cut off. */
export const MAX_QUEUED_MESSAGES = 256

/** Time for a stream that was opened to deliver its request. */
export const REQUEST_READ_MS = 10 * SECOND

/** Time for an answer to be made and sent; askers bound their own waiting by their signal. */
export const RESPOND_MS = 30 * SECOND

/** Time to say goodbye properly to one connection before it is cut. */
export const CLOSE_MS = 0.5 * SECOND

/**
 * Connections of one peer: its relays and a room's stage, with room for the links that are being replaced. Of as many peers it is
 * remembered that no direct link came to be, and of as many that one broke.
 */
export const MAX_PEER_CONNECTIONS = 64

/**
 * How long a link may be silent before it is given up. libp2p pings whether or not the ping before was answered, and ends a
 * connection on which two are under way: whichever of these two is shorter is the longest silence that a conversation outlives. A
 * phone that changes cells is silent for seconds, and so is a machine with too much to do (2 s each: five browsers on two
 * cores made every link anew all the time). Who leaves says so, and who vanished fades with their beacon; pings need not be quick.
 */
export const PING_INTERVAL_MS = 10 * SECOND
export const PING_TIMEOUT_MS = 8 * SECOND

/** One attempt to reach a relay: connection, admission and reservation each have this long. */
export const RELAY_STEP_MS = 10 * SECOND

/**
 * Attempts at one direct link, and the wait after the first of them. On Node one in fifteen fails at once (measured, on
 * loopback): libdatachannel lets ICE connect before it has stored the remote fingerprint, and a DTLS handshake that is quick
 * enough is refused.
 */
export const LINK_ATTEMPTS = 4
export const LINK_RETRY_MS = 0.1 * SECOND

/**
 * Time for a direct link to come up, before the circuit over which it is asked for is a link too, and the same for one that stood and broke. A second
 * is usual; whoever is not reached by then hears nothing of the room, and nobody hears them.
 */
export const DIRECT_MS = 4 * SECOND
export const DIRECT_AGAIN_MS = 0.5 * SECOND

/** Time for the other end of a relayed connection to say what it speaks; libp2p gives it no more either. */
export const IDENTIFY_MS = 5 * SECOND

/**
 * First wait before a lost relay is dialled again, and the longest; see `backoff`. Half as much again is still less than a newcomer waits for
 * somebody of a room (20 s): a room outlives its relay, and must be found again as soon as that is back.
 */
export const RELAY_RETRY_MIN_MS = 0.5 * SECOND
export const RELAY_RETRY_MAX_MS = 8 * SECOND

/**
 * Gossip that one peer may send us, and others through it. In a room of two hundred with ten who speak some sixty messages a second are
 * said; a peer that comes back is given those of the last seconds at once. What is over is dropped: anti-entropy brings what mattered.
 */
export const GOSSIP_BURST = 1500
export const GOSSIP_REFILL_MS = SECOND / 300
/** The same before it is decoded, in KiB: nobody honest comes near it, and who goes over it loses their gossip. */
export const GOSSIP_BURST_KIB = 8 * KIB
export const GOSSIP_KIB_REFILL_MS = SECOND / KIB
/** Subscriptions of one peer, beyond those that it may have at a time. */
export const SUBSCRIPTION_REFILL_MS = SECOND

/** Messages of one forwarder that are judged at a time, and that wait for it: what a liar can have verified before the first verdicts silence them. */
export const MAX_JUDGED_AT_ONCE = 4
export const MAX_JUDGED_WAITING = 512

/** Topics of which a peer remembers that another one subscribed: a relay carries up to 1,000 rooms. */
export const MAX_TOPICS_KNOWN_OF_A_RELAY = 1200

/** Relays that are joined because another one names them. */
export const MAX_MORE_RELAYS = 8
