import { REASONS, type Reason } from '../protocol/reasons.ts'
import { PeerError, type PeerErrorCode } from './errors.ts'
import { NetworkError } from './network/network-error.ts'

/** What a refusal means to the person in front. What is not here is no fault of theirs and nothing they can mend. */
const CODES: Partial<Record<Reason, PeerErrorCode>> = {
  'link-damaged': 'invitation-damaged',
  'link-version': 'invitation-damaged',
  'foreign-community': 'invitation-foreign',
  'invitation-unknown': 'invitation-unknown',
  'invitation-used': 'invitation-used',
  'invitation-void': 'invitation-void',
  'invitation-expired': 'invitation-expired',
  'invitation-not-for-you': 'invitation-not-for-you',
  'slot-spent': 'no-free-slot',
  'slot-not-entitled': 'no-free-slot',
  'slot-immature': 'slot-immature',
  'slot-withheld': 'no-free-slot',
  'sponsor-paused': 'sponsor-paused',
  'member-immature': 'slot-immature',
  'undo-late': 'undo-late',
  'claim-early': 'claim-short',
  'claim-short': 'claim-short',
  'vouch-known': 'already-done',
  'certificate-known': 'already-done',
  'notice-known': 'already-done',
  'appeal-known': 'already-done',
  'ban-known': 'already-done',
  'ban-lifted': 'already-done',
  erased: 'already-done',
  'member-banned': 'not-in-standing',
  'member-cut': 'not-in-standing',
  'member-left': 'not-in-standing',
  'member-repudiated': 'not-in-standing',
  'founding-token': 'founding-token',
  'already-founded': 'already-founded',
  'not-founded': 'not-founded',
  'not-member': 'not-member',
  'log-away': 'relay-unreachable',
  'not-admitted': 'not-member',
  'rate-limited': 'too-fast',
  'time-ahead': 'clock-wrong',
  'not-yet-valid': 'clock-wrong',
  expired: 'clock-wrong',
}

/** The error that a person is told of when a peer or relay refused. The reason stays in `cause`. */
export function refusal(reason: Reason, at?: string): PeerError {
  return new PeerError(CODES[reason] ?? 'refused', { cause: at === undefined ? reason : `${reason}: ${at}` })
}

/** The reason for which a peer or relay refused, if that is what happened. */
export function reasonOf({ cause }: PeerError): Reason | undefined {
  const [code] = typeof cause === 'string' ? cause.split(': ') : []
  return REASONS.find((reason) => reason === code)
}

/** The error to throw when something failed on the way to a relay. What is not the network's doing is a defect, and stays what it is. */
export function relayFailure(cause: unknown): unknown {
  const away = cause instanceof NetworkError || (cause instanceof DOMException && AWAY.includes(cause.name))
  return away ? new PeerError('relay-unreachable', { cause }) : cause
}

/** What an `AbortSignal` ends with. */
const AWAY = ['AbortError', 'TimeoutError']
