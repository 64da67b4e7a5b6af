import { MAX_CANDIDATE_CHARS, MAX_ENVELOPE_BYTES, MAX_SDP_BYTES } from '../limits.ts'
import { bytes, flag, map, text, uint } from '../schema.ts'
import type { Frame } from './frame.ts'

/** SDP is lines of printable ASCII (RFC 8866 §5 with the ASCII that WebRTC writes). */
const sdpText = text(/^[\r\n\x20-\x7e]*$/, MAX_SDP_BYTES)
const candidateText = text(/^[\x20-\x7e]*$/, MAX_CANDIDATE_CHARS)

/**
 * One message of the signalling stream of a pair (SPEC §8.2): exactly one of
 * `d` + `sdp` (a signed description and what it vouches for), `ice` (a trickled candidate, RFC 8840; an empty `candidate` ends the
 * generation), or `bye`.
 */
export const SIGNALLING: Frame<SignallingMessage> = {
  shape: map(
    {},
    {
      d: bytes(MAX_ENVELOPE_BYTES, 1),
      sdp: sdpText,
      ice: map({ candidate: candidateText }, { mid: candidateText, line: uint(255), ufrag: candidateText }),
      bye: flag,
    },
  ),
  maxBytes: MAX_ENVELOPE_BYTES + MAX_SDP_BYTES + 64,
}

export interface SignallingMessage {
  readonly d?: Uint8Array
  readonly sdp?: string
  readonly ice?: {
    readonly candidate: string
    readonly mid?: string
    readonly line?: number
    readonly ufrag?: string
  }
  readonly bye?: boolean
}

/** The libp2p protocol of the stream. */
export const SIGNALLING_PROTOCOL = '/palabre/signal/1'
