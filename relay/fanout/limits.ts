/** Bounds of the fan-out. Milliseconds and bytes, unless a name says otherwise. */

const SECOND = 1000

/** What one voice may send (FANOUT-3): 20 ms packets are 50 a second, and Opus speech with encryption stays under half of the bits. */
export const VOICE_PACKETS_PER_SECOND = 60
export const VOICE_BYTES_PER_SECOND = 64_000 / 8
/** A packet of 120 ms at the highest rate that is allowed, twice over. Larger ones are no voice. */
export const MAX_VOICE_PAYLOAD = 2 * (VOICE_BYTES_PER_SECOND * 0.12)
/** Packets above the limits, less what was left of them since, after which the link is closed: 25 seconds at a hundred a second, or one at a thousand. */
export const MAX_SURPLUS_PACKETS = 1000

/** RFC 6464: loudness from 0 (loudest) to 127 dB below it. Speech in a quiet room is well under 45, its background above 55. */
export const SPEECH_LEVEL = 50
/** A voice that was quiet for so long gives its slot back: the longest pause inside a sentence, and a bit. */
export const SLOT_HOLD_MS = 1 * SECOND
/**
 * When all slots are taken, a speaker who paused this long has to make room for one who speaks. Not sooner: the block that signs for the last words
 * of a sentence is sent up to 400 ms after them (BLOCK-4).
 */
export const SLOT_YIELD_MS = 0.5 * SECOND

/** From the answer to a connection. Somebody with a slow phone needs two seconds, not more of our memory. */
export const HANDSHAKE_MS = 10 * SECOND
/** How soon it is looked again for what the library is doing: it takes a few milliseconds, and somebody waits. */
export const LOOK_AGAIN_MS = 1
/** Links that were answered and are not connected yet, of one process: what its join rate lets in while they may last. */
export const MAX_HALF_OPEN = 2_000
/** Links of one process: 0.2 MiB of memory each. */
export const MAX_LINKS = 4_000
/** New links of one process within a second: each is 2 to 4 ms of its thread, and the voices shall not wait for it. */
export const MAX_JOINS_PER_SECOND = 200
/** Share of a second in which the process was at work, above which it takes nobody new. */
export const MAX_BUSY = 0.8
/** Time from the first to the last listener of one packet above which nobody new is taken: two thirds of a packet of 60 ms. */
export const MAX_FAN_OUT_MS = 40

/** How often a process says how much it has to do. */
export const LOAD_EVERY_MS = 1 * SECOND

/** Links on one UDP port: the library walks all of a port at each of its packets. */
export const LINKS_PER_PORT = 20
/** Ports of one process where none are named: with twenty links on each, more than a process bears. */
export const DEFAULT_PORTS = 150

/** First wait before a process that ended is started again, doubled up to the longest. */
export const RESTART_MIN_MS = 0.2 * SECOND
export const RESTART_MAX_MS = 10 * SECOND
/** A process that ran for so long is not one that cannot start. */
export const RESTART_RESET_MS = 60 * SECOND
/** From its start to its first word. */
export const START_MS = 20 * SECOND

/** Listeners up to which packets are of 20 ms, from which of 60, and how many it takes less to go back: no to and fro. */
export const SMALL_AUDIENCE = 16
export const SMALL_AGAIN = 8
/** Load above which packets are of 120 ms, and below which they are not any more. */
export const LONG_PACKETS_LOAD = 0.6
export const LONG_PACKETS_END = 0.4

/** How often tickets are looked through, and listeners are told how many they are. */
export const SWEEP_MS = 1 * SECOND
export const HEARING_EVERY_MS = 3 * SECOND
/** Time that a stream has for its ticket and offer. */
export const FIRST_MESSAGE_MS = 10 * SECOND
/** Links of one session: one, and the one that it is just being replaced by. */
export const STREAMS_PER_PEER = 2

/** Links that are held for one member's rooms (FANOUT-6): a phone, and three tabs that show the list. */
export const MAX_HELD_OF_A_MEMBER = 4
/** The same of all members: an eighth of what one process bears, so that those who look never take the place of those who listen. */
export const MAX_HELD = 500
/** Load, and share of the links of a second, and share of the places on its ports, from which none is held: what is left is for those with a ticket. */
export const HELD_LOAD = 0.5
export const HELD_FILLED = 0.75

/** For a session to show what it knows of a room. Somebody waits meanwhile to be let in. */
export const LEARN_MS = 3 * SECOND
/** How often one session of each room is asked for what gossip may have lost, as participants ask each other. */
export const PULL_MS = 5 * SECOND
/** Sessions of a room that are remembered, to be asked in turn. */
export const MAX_KNOWN_SESSIONS = 8
/** A room that nobody has been in here for so long is forgotten: it is learned anew from who comes next. */
export const FORGET_ROOM_MS = 60 * SECOND

/** Other relays that are given voices of one room: each listens for hundreds, and two steps of eight are more relays than there are. */
export const MAX_BRANCHES = 8
/** Voices of one member that other relays are told of: a session, and the one that takes its place. A hundred tabs are not a hundred voices. */
export const MAX_VOICES_OF_ONE = 2
/** Rooms about which one other relay asks, each on a stream: libp2p opens no more of one protocol. */
export const MAX_CASCADE_ROOMS = 64
/** First wait before another relay is asked again about a room, doubled up to the longest. */
export const PULL_AGAIN_MIN_MS = 0.2 * SECOND
export const PULL_AGAIN_MAX_MS = 10 * SECOND
/** What went on for so long did not fail at once. */
export const PULL_AGAIN_RESET_MS = 30 * SECOND
/** How often a media process says of which of the voices that are taken from another relay something came. */
export const ARRIVALS_EVERY_MS = 0.5 * SECOND
/**
 * So many more of those reports without a voice than with it, while its speaker says that they speak, and the relay that it is taken from is doubted:
 * two seconds, before listeners doubt this relay (CARRY-5). Doubled with each relay that is doubted for the voice, up to so many times: it may be the
 * speaker who sends nothing.
 */
export const SILENT_REPORTS = 4
export const SILENT_DOUBLINGS = 5
/** How long another relay is doubted for a voice that it had and did not bring. */
export const DOUBT_MS = 300 * SECOND

/** For another relay to take a stream, and from an offer to a connection with it: its listeners hear nothing meanwhile, and relays have good roads. */
export const PULL_OPEN_MS = 4 * SECOND
export const PULL_CONNECT_MS = 4 * SECOND
