/** A checkpoint with the cosignatures of sixteen witnesses is 4 KiB; signatures of a later kind have 3 KiB each. */
export const MAX_NOTE_BYTES = 64 * 1024
/** C2SP asks for sixteen at least: the log, its witnesses, and room for those of a public network. */
export const MAX_NOTE_SIGNATURES = 64
/** Key names and origins. A name that is longer could not be cosigned by the newer kinds of witness. */
export const MAX_NOTE_NAME_BYTES = 255
/** A consistency proof between trees of at most 2^63 leaves has no more. */
export const MAX_PROOF_HASHES = 63
/** The hashes of a proof, 45 characters each; the size and the empty line before it; a checkpoint. */
export const MAX_WITNESS_REQUEST_BYTES = MAX_PROOF_HASHES * 45 + 32 + MAX_NOTE_BYTES
/** 256 entries, each with its length before it. */
export const MAX_BUNDLE_BYTES = 256 * (2 + 5_817)
/** An entry, an envelope, a proof, and a checkpoint with one signature; nobody needs more to convict a log. */
export const MAX_EVIDENCE_BYTES = 16 * 1024
