/** The log, its checkpoint, a proof or a tile does not hold (SPEC, "The log"). */
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

export type LogReason = (typeof LOG_REASONS)[number]
