/**
 * Every reason for which something that a peer sent is refused: a closed list of stable codes (SPEC, appendix A).
 * Codes are never renamed and never reused.
 */

/** The bytes are not a canonical value of the profile (SPEC §3.1). */
export const CODEC_REASONS = [
  'too-large',
  'too-deep',
  'malformed',
  'trailing-bytes',
  'type-not-allowed',
  'indefinite-length',
  'integer-out-of-range',
  'key-not-text',
  'duplicate-key',
  'text-not-nfc',
  'not-canonical',
] as const

/** The value is canonical, but not what its type asks for (SPEC §3.2). */
export const SCHEMA_REASONS = ['unknown-type', 'field-missing', 'field-unknown', 'field-invalid'] as const

/** The envelope or one of its signatures is wrong (SPEC §4). */
export const SIGNATURE_REASONS = [
  'key-not-admitted',
  'signature-malformed',
  'signature-wrong',
  'signers-unordered',
  'signer-missing',
  'signer-unexpected',
  'foreign-community',
] as const

/** The statement does not fit the ledger before it (SPEC §6). */
export const LEDGER_REASONS = [
  'genesis-missing',
  'genesis-repeated',
  'time-backwards',
  'time-ahead',
  'not-founder',
  'already-member',
  'member-unknown',
  'device-unknown',
  'device-known',
  'sequence-wrong',
  'previous-wrong',
  'equivocation',
  'slot-not-entitled',
  'slot-immature',
  'slot-spent',
  'invitation-unknown',
  'invitation-used',
  'invitation-expired',
  'invitation-not-for-you',
  'invitation-key-known',
  'statement-known',
  'member-banned',
  'member-cut',
  'member-left',
  'member-repudiated',
  'device-removed',
  'key-frozen',
  'self-target',
  'guardian-unknown',
  'guardians-minority',
  'recovery-pending',
  'council-version',
  'council-minority',
  'council-member',
  'slot-withheld',
  'sponsor-paused',
  'invitation-void',
  'invitation-unused',
  'undo-late',
  'member-immature',
  'vouch-inside',
  'vouch-known',
  'vouch-limit',
  'erased',
  'room-known',
  'room-unlogged',
  'room-closed',
  'not-host',
  'attestation-too-long',
  'attestation-known',
  'attestation-unknown',
  'attestation-spent',
  'claim-early',
  'claim-short',
  'not-steward',
  'certificate-known',
  'notice-known',
  'ban-known',
  'ban-unknown',
  'ban-lifted',
  'log-known',
  'evidence-wrong',
  'evidence-known',
  'appeal-needless',
  'appeal-known',
] as const

/** What was sealed for the council does not open (SPEC §6.14). */
export const SEALED_REASONS = ['sealed-for-others', 'sealed-wrong'] as const

/** The room operation, beacon, announcement or description does not hold (SPEC §7 and §8). */
export const ROOM_REASONS = [
  'foreign-room',
  'not-member',
  'expired',
  'not-yet-valid',
  'stale',
  'ancestors-unknown',
  'ancestors-wrong',
  'level-too-low',
  'target-not-below',
  'grant-unknown',
  'room-over',
  'wrong-peer',
  'wrong-fingerprint',
  'wrong-description',
  'commitment-wrong',
] as const

/** The text of an invitation link is wrong (SPEC §6.6). */
export const LINK_REASONS = ['link-damaged', 'link-version'] as const

/** A service of a peer or relay will not do what was asked (SPEC §9). */
export const SERVICE_REASONS = [
  'not-admitted',
  'not-founded',
  'already-founded',
  'founding-token',
  'rate-limited',
  'room-unknown',
  'not-log',
  'log-behind',
  'log-away',
  'relay-full',
] as const

/** The log's tree, a note, a checkpoint, a tile or what a witness was asked does not hold (SPEC §10). */
export const LOG_REASONS = [
  'note-malformed',
  'vkey-malformed',
  'checkpoint-malformed',
  'log-unknown',
  'log-forked',
  'proof-wrong',
  'tile-malformed',
  'request-malformed',
  'size-conflict',
] as const

/** A frame of a voice, or what its speaker signed of it, does not hold (SPEC §8.5 and §8.6). */
export const FRAME_REASONS = [
  'frame-malformed',
  'frame-locked',
  'frame-wrong',
  'frame-replayed',
  'frame-forged',
  'block-malformed',
] as const

export type CodecReason = (typeof CODEC_REASONS)[number]
export type SchemaReason = (typeof SCHEMA_REASONS)[number]
export type SignatureReason = (typeof SIGNATURE_REASONS)[number]
export type LedgerReason = (typeof LEDGER_REASONS)[number]
export type SealedReason = (typeof SEALED_REASONS)[number]
export type RoomReason = (typeof ROOM_REASONS)[number]
export type LinkReason = (typeof LINK_REASONS)[number]
export type LogReason = (typeof LOG_REASONS)[number]
export type FrameReason = (typeof FRAME_REASONS)[number]

/** Reasons that can be told without knowing anything but the bytes and the community. */
export type EnvelopeReason = CodecReason | SchemaReason | SignatureReason
export type ServiceReason = (typeof SERVICE_REASONS)[number]
export type Reason =
  | EnvelopeReason
  | LedgerReason
  | SealedReason
  | RoomReason
  | LinkReason
  | ServiceReason
  | LogReason
  | FrameReason

/** All codes, for catalogues and tests that must not miss one. */
export const REASONS: readonly Reason[] = [
  ...CODEC_REASONS,
  ...SCHEMA_REASONS,
  ...SIGNATURE_REASONS,
  ...LEDGER_REASONS,
  ...SEALED_REASONS,
  ...ROOM_REASONS,
  ...LINK_REASONS,
  ...SERVICE_REASONS,
  ...LOG_REASONS,
  ...FRAME_REASONS,
]
