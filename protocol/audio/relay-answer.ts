import { equalBytes } from '../bytes.ts'
import { type Envelope, open, type PayloadType, verifyEnvelope } from '../envelope.ts'
import type { CommunityId, KeyText, RoomId } from '../ids.ts'
import { MAX_DESCRIPTION_LIFETIME } from '../limits.ts'
import type { EnvelopeReason, RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, id, key, map, type Read } from '../schema.ts'
import { inForce } from '../session.ts'
import type { Verifier } from '../signature.ts'
import { seconds } from '../time.ts'
import { fingerprintOf, sdpDigest } from './description.ts'

/**
 * `relay-answer` (SPEC §8.11), signed by the relay's session key `from`: vouches for the session description with which it answers one offer.
 * `offer` is the SHA-256 of that offer as it came, `sdp` that of the answer, `fp` the relay's DTLS fingerprint.
 */
export const RELAY_ANSWER = {
  type: 'relay-answer',
  fields: map({
    r: id<RoomId>(),
    from: key,
    to: key,
    offer: bytes(32),
    fp: bytes(32),
    sdp: bytes(32),
    at: seconds,
    exp: seconds,
  }),
} satisfies PayloadType<unknown>

export type RelayAnswer = Read<typeof RELAY_ANSWER.fields>

/** What the session that offered knows without asking the relay. */
export interface ExpectedAnswer {
  readonly room: RoomId
  readonly relay: KeyText
  /** Our own session. */
  readonly to: KeyText
  /** Our offer, as we sent it. */
  readonly offer: string
  /** Seconds since the Unix epoch. */
  readonly now: number
}

/** Opens and verifies a relay's answer against our offer and the session description that came with it. */
export async function verifyRelayAnswer(
  verifier: Verifier,
  community: CommunityId,
  envelope: Uint8Array,
  sdp: string,
  expected: ExpectedAnswer,
): Promise<Result<Envelope<RelayAnswer>, EnvelopeReason | RoomReason>> {
  const opened = open(RELAY_ANSWER, community, envelope)
  if (!opened.ok) return opened
  const answer = opened.value.payload
  if (answer.r !== expected.room) return bad('foreign-room')
  if (answer.from !== expected.relay || answer.to !== expected.to) return bad('wrong-peer')
  if (!equalBytes(answer.offer, sdpDigest(expected.offer))) return bad('stale')
  const timely = inForce(answer, expected.now, MAX_DESCRIPTION_LIFETIME)
  if (!timely.ok) return timely
  if (!equalBytes(answer.sdp, sdpDigest(sdp))) return bad('wrong-description')
  const fingerprint = fingerprintOf(sdp)
  if (fingerprint === undefined || !equalBytes(fingerprint, answer.fp)) return bad('wrong-fingerprint')
  const signed = await verifyEnvelope(verifier, community, opened.value, [answer.from])
  return signed.ok ? good(opened.value) : signed
}
