/** Every bound of the protocol, with its reason. SPEC names them; two honest peers must share them. */

/** A payload is read whole before anything is checked: what nobody needs more of, nobody may send. */
export const MAX_PAYLOAD_BYTES = 4096
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

/** Names people can read on a phone. Characters (UTF-16 code units, as every engine counts them). */
export const MAX_NAME_CHARS = 40
export const MAX_COMMUNITY_NAME_CHARS = 80
export const MAX_BIO_CHARS = 500
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
