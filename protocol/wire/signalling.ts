import { MAX_CANDIDATE_CHARS, MAX_ENVELOPE_BYTES, MAX_SDP_BYTES } from '../limits.ts'
import { bytes, map, oneGroup, type Schema, text, uint, yes } from '../schema.ts'
import type { Frame } from './frame.ts'

/** SDP is lines of printable ASCII (RFC 8866 §5 with the ASCII that WebRTC writes). A carriage return without its line feed would be a line to some parsers only. */
export const sdpText = text(/^(?:[\x20-\x7e]|\r?\n)*$/, MAX_SDP_BYTES)
const candidateText = text(/^[\x20-\x7e]*$/, MAX_CANDIDATE_CHARS)

export interface SignallingMessage {
  readonly d?: Uint8Array
  readonly sdp?: string
  readonly ice?: {
    readonly candidate: string
    readonly mid?: string
    readonly line?: number
    readonly ufrag?: string
  }
  readonly bye?: true
}

const fields: Schema<SignallingMessage> = map(
  {},
  {
    d: bytes(MAX_ENVELOPE_BYTES, 1),
    sdp: sdpText,
    ice: map({ candidate: candidateText }, { mid: candidateText, line: uint(255), ufrag: candidateText }),
    bye: yes,
  },
)

/**
 * One message of the signalling stream of a pair (SPEC §8.2): exactly one of
 * `d` + `sdp` (a signed description and what it vouches for), `ice` (a trickled candidate, RFC 8840; an empty `candidate` ends the
 * generation), or `bye`.
 */
export const SIGNALLING: Frame<SignallingMessage> = {
  shape: oneGroup(fields, ['d', 'sdp'], ['ice'], ['bye']),
  maxBytes: MAX_ENVELOPE_BYTES + MAX_SDP_BYTES + 64,
}

/** The libp2p protocol of the stream. */
export const SIGNALLING_PROTOCOL = '/palabre/signal/1'
