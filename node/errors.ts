/**
 * Every way in which a peer can fail the person in front of it. The codes are stable: tests, logs and translations hold on to them,
 * and every language of the app has one sentence for each. A code is added, never renamed.
 */
export const PEER_ERROR_CODES = [
  'invitation-damaged',
  'invitation-foreign',
  'invitation-expired',
  'invitation-used',
  'invitation-unknown',
  'invitation-void',
  'invitation-not-for-you',
  'founding-token',
  'already-founded',
  'not-founded',
  'relay-unreachable',
  'not-member',
  'name-invalid',
  'title-invalid',
  'link-invalid',
  'no-free-slot',
  'slot-immature',
  'sponsor-paused',
  'undo-late',
  'claim-short',
  'already-done',
  'not-in-standing',
  'phrase-wrong',
  'refused',
  'too-fast',
  'clock-wrong',
  'room-gone',
  'room-unreachable',
  'not-allowed',
  'microphone-denied',
  'microphone-missing',
  'microphone-insecure',
  'storage-unavailable',
  'browser-unsupported',
  'other-tab',
  'internal',
] as const

export type PeerErrorCode = (typeof PEER_ERROR_CODES)[number]

/** What a peer throws when the world failed. `message` is the code: the sentence belongs to the language of whoever reads it. */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly code: PeerErrorCode

  constructor(code: PeerErrorCode, options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}
