import { utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import type { Membership } from '../community/membership.ts'
import { type Envelope, open, type PayloadType } from '../envelope.ts'
import { hash } from '../hash.ts'
import type { KeyText, MemberId, RoomId } from '../ids.ts'
import { MAX_DESCRIPTION_LIFETIME } from '../limits.ts'
import type { EnvelopeReason, RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { bytes, id, key, map, oneOf, type Read, uint } from '../schema.ts'
import { inForce, verifyByDevice } from '../session.ts'
import type { Verifier } from '../signature.ts'
import { seconds } from '../time.ts'

/**
 * `description` (SPEC §8.1), signed by a device: vouches for one offer or answer. `from` and `to` are session keys; `sdp` is the SHA-256 of
 * the session description, `fp` the DTLS fingerprint in it; `n` rises with each description on a link, so an old one is not taken twice.
 * `epoch` is 0: a link outlives the room's epochs.
 */
export const DESCRIPTION = {
  type: 'description',
  fields: map({
    r: id<RoomId>(),
    epoch: uint(),
    m: id<MemberId>(),
    from: key,
    to: key,
    kind: oneOf('offer', 'answer'),
    fp: bytes(32),
    sdp: bytes(32),
    n: uint(),
    at: seconds,
    exp: seconds,
  }),
} satisfies PayloadType<unknown>

export type Description = Read<typeof DESCRIPTION.fields>

/** What the receiver knows without asking the sender. */
export interface ExpectedDescription {
  readonly room: RoomId
  readonly epoch: number
  /** The member whose session the link's other end is. */
  readonly member: MemberId
  readonly from: KeyText
  readonly to: KeyText
  /** The `n` of the last description taken on this link; -1 before the first. */
  readonly last: number
  /** Seconds since the Unix epoch. */
  readonly now: number
}

/** The digest of a session description that a `description` carries. */
export function sdpDigest(sdp: string): Uint8Array {
  return hash(utf8ToBytes(sdp))
}

/** Opens and verifies a description against what is expected and the session description that came with it. */
export async function verifyDescription(
  verifier: Verifier,
  membership: Membership,
  envelope: Uint8Array,
  sdp: string,
  expected: ExpectedDescription,
): Promise<Result<Envelope<Description>, EnvelopeReason | RoomReason>> {
  const opened = open(DESCRIPTION, membership.community, envelope)
  if (!opened.ok) return opened
  const description = opened.value.payload
  if (description.r !== expected.room) return bad('foreign-room')
  if (
    description.from !== expected.from ||
    description.to !== expected.to ||
    description.m !== expected.member
  )
    return bad('wrong-peer')
  if (description.epoch !== expected.epoch) return bad('stale', 'epoch')
  if (description.n <= expected.last) return bad('stale', 'n')
  const timely = inForce(description, expected.now, MAX_DESCRIPTION_LIFETIME)
  if (!timely.ok) return timely
  if (!equalBytes(description.sdp, sdpDigest(sdp))) return bad('wrong-description')
  const fingerprint = fingerprintOf(sdp)
  if (fingerprint === undefined || !equalBytes(fingerprint, description.fp)) return bad('wrong-fingerprint')
  const signed = await verifyByDevice(verifier, membership, opened.value)
  return signed.ok ? good(opened.value) : signed
}

/**
 * The one SHA-256 DTLS fingerprint of a session description (RFC 8122 §5): 32 bytes; `undefined` when there is none, when two lines differ, or
 * when one uses another hash: an endpoint would then be free to choose.
 */
export function fingerprintOf(sdp: string): Uint8Array | undefined {
  let found: Uint8Array | undefined
  // A lone carriage return ends a line too: some parser might think so.
  for (const row of sdp.split(/[\r\n]+/)) {
    if (!/^a=fingerprint:/i.test(row)) continue
    const bytes = parseFingerprint(row.slice('a=fingerprint:'.length))
    if (!bytes || (found && !equalBytes(found, bytes))) return undefined
    found = bytes
  }
  return found
}

/** `sha-256 AB:CD:…` to 32 bytes. */
function parseFingerprint(value: string): Uint8Array | undefined {
  const match = /^sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})\s*$/i.exec(value.trim())
  if (!match?.[1]) return undefined
  return Uint8Array.from(match[1].split(':'), (pair) => Number.parseInt(pair, 16))
}
