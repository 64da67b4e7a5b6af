import { describe, expect, test } from 'vitest'
import { PeerError, type PeerErrorCode } from '../../node/errors.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { refusal, relayFailure } from '../../node/refusal.ts'
import { REASONS, type Reason } from '../../protocol/reasons.ts'

/** Every refusal that a person can do something about. All others mean a defect or a liar, and have one sentence. */
const TOLD: Partial<Record<Reason, PeerErrorCode>> = {
  // The link in front of them.
  'link-damaged': 'invitation-damaged',
  'link-version': 'invitation-damaged',
  'foreign-community': 'invitation-foreign',
  'invitation-unknown': 'invitation-unknown',
  'invitation-used': 'invitation-used',
  'invitation-void': 'invitation-void',
  'invitation-expired': 'invitation-expired',
  'invitation-not-for-you': 'invitation-not-for-you',
  'founding-token': 'founding-token',
  'already-founded': 'already-founded',
  'not-founded': 'not-founded',
  // What they are.
  'not-member': 'not-member',
  'not-admitted': 'not-member',
  // What they have left.
  'slot-spent': 'no-free-slot',
  'slot-not-entitled': 'no-free-slot',
  'slot-immature': 'slot-immature',
  'slot-withheld': 'no-free-slot',
  'sponsor-paused': 'sponsor-paused',
  'member-immature': 'slot-immature',
  'claim-early': 'claim-short',
  'claim-short': 'claim-short',
  // What came before.
  'undo-late': 'undo-late',
  'vouch-known': 'already-done',
  'certificate-known': 'already-done',
  'notice-known': 'already-done',
  'ban-known': 'already-done',
  'ban-lifted': 'already-done',
  erased: 'already-done',
  'appeal-known': 'already-done',
  // Where somebody stands.
  'member-banned': 'not-in-standing',
  'member-cut': 'not-in-standing',
  'member-left': 'not-in-standing',
  'member-repudiated': 'not-in-standing',
  // Their hurry, and their clock: a proof that was made this very second is only refused for its time when two clocks differ.
  'rate-limited': 'too-fast',
  // Nothing was decided.
  'log-away': 'relay-unreachable',
  'time-ahead': 'clock-wrong',
  'not-yet-valid': 'clock-wrong',
  expired: 'clock-wrong',
}

test.each(REASONS)('a refusal for %s is told as decided', (reason) => {
  const error = refusal(reason, 'p.m')
  expect(error).toBeInstanceOf(PeerError)
  expect(error.code).toBe(TOLD[reason] ?? 'refused')
  // For whoever reads the report: the reason itself.
  expect(error.cause).toBe(`${reason}: p.m`)
})

describe('a failure on the way to a relay', () => {
  test.each([
    new NetworkError('unreachable', ''),
    new DOMException('', 'TimeoutError'),
    new DOMException('', 'AbortError'),
  ])('is told as one: %o', (cause) => {
    expect(relayFailure(cause)).toMatchObject({ code: 'relay-unreachable', cause })
  })

  test.each([
    new PeerError('invitation-used'),
    new DOMException('', 'DataError'),
    new TypeError('x is not a function'),
  ])('stays what it is when the road has no part in it: %o', (cause) => {
    expect(relayFailure(cause)).toBe(cause)
  })
})
