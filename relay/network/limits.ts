/** Bounds of a relay. Bytes and milliseconds, unless a name says otherwise. */

const KIB = 1024
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Peers at a time. libp2p's default of 300 prunes; the process needs about 0.2 MiB for each. */
export const MAX_CONNECTIONS = 1000

/** Connections that have not proved a membership yet. Together with `ADMISSION_MS` a bound on what strangers can hold. */
export const MAX_UNADMITTED = 256

/** Time to prove a membership before the connection is cut. A phone on a bad network needs some seconds. */
export const ADMISSION_MS = 10 * SECOND

/**
 * A reservation that is asked for before the admission waits this long for it: libp2p's client asks as soon as it has
 * identified the relay, and does not ask again after a refusal.
 */
export const RESERVATION_WAIT_MS = 5 * SECOND

/** One exchange of the circuit protocol; must be longer than `RESERVATION_WAIT_MS`. */
export const HOP_MS = 10 * SECOND

/** libp2p's default of 15 is for a public relay; here every connected member needs one. */
export const MAX_RESERVATIONS = 1000
export const RESERVATION_TTL_MS = 2 * HOUR

/**
 * A relayed connection carries the set-up of one direct link, about 10 KiB in some seconds; with whoever hides their address, or is not reached directly, it is the link, and
 * carries what those two tell each other of a room: some KiB a minute, and at first the room's past, which may have weighed a MiB or two. A link
 * that comes to its end is made again in a second.
 */
export const RELAYED_BYTES = 8n * BigInt(KIB) * BigInt(KIB)
export const RELAYED_MS = HOUR

/** Relayed connections from one peer: someone who joins a stage dials everybody on it at once, and who hides their address keeps them. */
export const MAX_HOP_STREAMS = 64
/** Relayed connections towards one peer. */
export const MAX_STOP_STREAMS = 64

/** New connections a second from one address. Behind a reverse proxy all peers have one address; libp2p's default is 5. */
export const MAX_CONNECTIONS_PER_SECOND = 100
/** Connections that are being encrypted. */
export const MAX_PENDING_CONNECTIONS = 100

/** A browser's closed socket is noticed at once; pings are for machines that vanish. */
export const PING_INTERVAL_MS = 10 * SECOND
export const PING_TIMEOUT_MS = 5 * SECOND

/** Rooms that are carried at a time; each is a gossip mesh of its own. */
export const MAX_TOPICS = 1000
/** Topics of one peer: its community, the room that it is in, and some that it looks into. So one member does not fill the relay with rooms. */
export const MAX_TOPICS_PER_PEER = 16

/** One WebSocket message before it is known who sends it. Noise's are at most 64 KiB; a sender may join some. */
export const MAX_SOCKET_MESSAGE_BYTES = 1024 * KIB
/** Unsent bytes of one socket above which its senders wait. */
export const MAX_SOCKET_BUFFERED_BYTES = 1024 * KIB

/** HTTP: the head of a request, the time for it, the time for the whole, and how often it is looked. Slow senders must not hold sockets. */
export const MAX_HTTP_HEADER_BYTES = 16 * KIB
export const HTTP_HEADERS_MS = 10 * SECOND
export const HTTP_REQUEST_MS = 30 * SECOND
export const HTTP_CHECK_MS = 5 * SECOND
/** Sockets of any kind: peers, and browsers that load the app. */
export const MAX_SOCKETS = 2 * MAX_CONNECTIONS
