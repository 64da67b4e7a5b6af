/** Every bound of the protocol, with its reason. SPEC names them; two honest peers must share them. */

/** A payload is read whole before anything is checked: what nobody needs more of, nobody may send. */
export const MAX_PAYLOAD_BYTES = 4096
/** Of the name of a type in UTF-8: what is hashed and signed begins with its length, in one byte. */
export const MAX_TYPE_BYTES = 255
/** Maps in arrays in maps are enough for every message; a bound keeps decoders off deep recursion. */
export const MAX_DEPTH = 6
/** Keys are names that we chose. */
export const MAX_KEY_CHARS = 16
/** A council of sixteen signs one statement; nobody else needs more than two. */
export const MAX_SIGNATURES = 16
/** 16 signatures with their keys, 105 bytes each; the payload; 9 bytes of framing around them. */
export const MAX_ENVELOPE_BYTES = MAX_PAYLOAD_BYTES + MAX_SIGNATURES * 105 + 9
/** A ledger entry is one envelope and its time. */
export const MAX_ENTRY_BYTES = MAX_ENVELOPE_BYTES + 32

/** 256 entries, each with its length before it. */
export const MAX_BUNDLE_BYTES = 256 * (2 + MAX_ENTRY_BYTES)
/** C2SP wants sixteen signatures at least; those of a later kind have 3 KiB each. */
export const MAX_NOTE_BYTES = 64 * 1024
/** The log, its witnesses, and room for those of a public network. */
export const MAX_NOTE_SIGNATURES = 64
/** Key names and origins. A name that is longer could not be cosigned by the newer kinds of witness. */
export const MAX_NOTE_NAME_BYTES = 255
/** A consistency proof between trees of at most 2^63 leaves has no more. */
export const MAX_PROOF_HASHES = 63
/** The hashes of a proof, 45 characters each; the size and the empty line before it; a checkpoint. */
export const MAX_WITNESS_REQUEST_BYTES = MAX_PROOF_HASHES * 45 + 32 + MAX_NOTE_BYTES
/** An entry, an envelope, a proof, and a checkpoint with one signature: nobody needs more to convict a log. */
export const MAX_EVIDENCE_BYTES = 16 * 1024

/** A checkpoint between peers: the log's signature and those of sixteen witnesses are 4 KiB. */
export const MAX_CHECKPOINT_BYTES = 8 * 1024

/** What every report and appeal is padded to: the longest of them, words of 500 characters with 3 bytes each, and the 2 bytes of its length. */
export const SEALED_CONTENT_BYTES = 1600
/** For a council of sixteen: a key and a box for each with 50 bytes, the content with its tag, and 60 bytes of framing. */
export const MAX_SEALED_BYTES = 2560

/** Every integer of the profile fits a double exactly: 2^53 - 1. */
export const MAX_UINT = Number.MAX_SAFE_INTEGER

/** The last second of the year 9999: every platform's calendar knows it, and sums of two times stay exact. */
export const MAX_TIME = 253_402_300_799

export const MINUTE = 60
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Clocks of phones are wrong by minutes; more than this and the sender must be told. Seconds. */
export const MAX_CLOCK_SKEW = 5 * MINUTE

/** A presence outlives a relay's restart and a tunnel, not a lost phone. Seconds. */
export const MAX_PRESENCE_LIFETIME = 15 * MINUTE
/** A proof of an invitation is made for one connection. Seconds. */
export const MAX_PROOF_LIFETIME = 10 * MINUTE
/** An offer is answered in seconds or not at all. */
export const MAX_DESCRIPTION_LIFETIME = 2 * MINUTE

/** What is sent every ten seconds may get lost twice before anybody disappears. Seconds. */
export const BEACON_BEAT = 10
export const BEACON_EXPIRY = 30
/** A tunnel, a lift, a browser that starts again: so long somebody who is not heard of keeps their place on the stage. Seconds. */
export const STAGE_GRACE = 60
/** A reaction is for the sentence that it answers. Seconds. */
export const REACTION_LIFE = 5
/** Nobody reacts faster; a machine that does would paint over the room. Seconds. */
export const REACTION_EVERY = 1
/** Tabs and devices of one member in one room: more would only fill the memory of others. */
export const MAX_SESSIONS_OF_A_MEMBER = 8

/** Guardians may be wrong, or fooled: whoever holds the old root has a week to say no. Seconds. */
export const RECOVERY_DELAY = 7 * DAY
/** What the council announced and did not do for a month it has to announce again. Seconds. */
export const NOTICE_LIFE = 30 * DAY
/** A sponsor has a day to act before a ban costs them anything. Seconds. */
export const NOTICE_LEAD = 24 * HOUR
/** Further sponsors of a member: each is visited when a branch is cut. */
export const MAX_VOUCHES = 8
/** Who appealed a decision says no more about it for so long: the council reads them all. Seconds. */
export const APPEAL_REST = 30 * DAY

/** Names people can read on a phone. Characters (UTF-16 code units, as every engine counts them). */
export const MAX_NAME_CHARS = 40
export const MAX_COMMUNITY_NAME_CHARS = 80
export const MAX_BIO_CHARS = 500
/** What a report or an appeal says: a page on a phone. */
export const MAX_WORDS_CHARS = 500
export const MAX_TITLE_CHARS = 120
export const MAX_TOPIC_CHARS = 40
export const MAX_TOPICS = 5
export const MAX_ADDRESS_CHARS = 256
export const MAX_ADDRESSES = 8
export const MAX_FOUNDERS = 16
export const MAX_WITNESSES = 16

/** Heads of a room's operations: one for each moderator acting at the same instant, with room to spare. */
export const MAX_HEADS = 16
/** People named in a room's announcement; the rest are only counted. */
export const MAX_ANNOUNCED = 12

/** A session description with Opus alone is about 1 KiB; browsers' full lists stay under 8. */
export const MAX_SDP_BYTES = 16 * 1024
export const MAX_CANDIDATE_CHARS = 512
/** A ticket is made for one link and renewed while it lasts: what was stolen is worth nothing minutes later. Seconds. */
export const MAX_TICKET_LIFETIME = 2 * MINUTE
/** A link is held for who looks at the list of rooms, and decides in seconds. Who is still there afterwards asks again; who went away costs nothing more. Seconds. */
export const MAX_HELD_LIFETIME = 2 * MINUTE
/** A link over a relay has so many voices at a time: of four who talk at once nobody understands one. */
export const MAX_VOICE_SLOTS = 3
/** Relays that a full one names. */
export const MAX_OTHER_RELAYS = 8
/** Relays that a voice comes through after the first. Each is some milliseconds more; two are enough for a hundred relays that feed ten each. */
export const MAX_HOPS = 3
/** Speakers whom a session may lack over its relay at a time (BEACON-11): more do not speak at once, and a beacon stays small. */
export const MAX_LACKED = 8
/** Voices that one relay has of one room: a full stage, twice over. */
export const MAX_CASCADE_VOICES = 32
/** Relays whose listeners in one room are counted together. */
export const MAX_COUNTED_RELAYS = 64
/** Listeners that a room can be said to have, at one relay or at all. */
export const MAX_HEARING = 1_000_000
/** Age at which the word of a relay on its listeners counts no more: it says so three times as often. */
export const EARS_EXPIRY_MS = 9 * 1000

/** Sessions that one secret is handed to: an audience of several relays. */
export const MAX_AUDIENCE = 8192
/** One byte of a key id: after so many joins, at most one a second, the steward makes a new epoch. */
export const MAX_GENERATION = 255
/** Frames of one stream: 60 a second for two years. */
export const MAX_FRAME_COUNTER = 2 ** 32 - 1
/** What a packet may hold (RFC 6716 §3.2.5: 1,275 bytes a frame, three of 20 ms in 60), and no more than a road carries. */
export const MAX_OPUS_BYTES = 1275
/**
 * Sound between two blocks: short enough that what is not the speaker's is not a word, whole packets of 20 and of 60, and so that with one block lost
 * no packet of 20 has to wait (`MAX_UNSIGNED_MS`). Milliseconds.
 */
export const BLOCK_INTERVAL_MS = 180
/**
 * Blocks that name each frame. What is not named by any that came counts for a minute against what may be heard unsigned; with two, a road that loses a
 * tenth of the packets held back more than half of the others, for up to 400 ms; with four a five-hundredth (measured).
 */
export const BLOCKS_PER_FRAME = 4
/**
 * Bytes of a frame's digest in a block. Another frame with the same digest takes 2^48 tries while the frame is on its way: a thousand graphics cards of
 * 5 * 10^9 tries a second need a minute, for each frame of a word.
 */
export const BLOCK_DIGEST_BYTES = 6
/** Four intervals of packets of 20 ms, two of 10. */
export const MAX_BLOCK_DIGESTS = 40
/** Sound that may be heard before its speaker has signed for it: a block, and the one after it when that was lost. Milliseconds. */
export const MAX_UNSIGNED_MS = 400
/** A voice of which so much came without a good block is shown as not verified. Milliseconds. */
export const UNVERIFIED_AFTER_MS = 600
/** Frames that may arrive late or early, as counted from the last that was signed for: a second of 20 ms. */
export const REPLAY_WINDOW = 64
