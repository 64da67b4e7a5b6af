import type { CodecReason, SchemaReason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import { SIGNALLING } from '../../protocol/wire/signalling.ts'
import type { IceCandidate } from '../ports/connections.ts'

/** What one message of the signalling channel says (SPEC §8.2). */
export type Signal =
  /** `envelope` is a sealed `description` that vouches for `sdp`. */
  | { readonly kind: 'description'; readonly envelope: Uint8Array; readonly sdp: string }
  | { readonly kind: 'candidate'; readonly candidate: IceCandidate }
  | { readonly kind: 'bye' }

/** @throws RangeError when our own description is larger than the protocol allows */
export function encodeSignal(signal: Signal): Uint8Array {
  switch (signal.kind) {
    case 'description':
      return encodeFrame(SIGNALLING, { d: signal.envelope, sdp: signal.sdp })
    case 'candidate':
      return encodeFrame(SIGNALLING, { ice: signal.candidate })
    case 'bye':
      return encodeFrame(SIGNALLING, { bye: true })
  }
}

export function decodeSignal(bytes: Uint8Array): Result<Signal, CodecReason | SchemaReason> {
  const message = decodeFrame(SIGNALLING, bytes)
  if (!message.ok) return message
  const { d, sdp, ice, bye } = message.value
  const kinds = [d !== undefined || sdp !== undefined, ice !== undefined, bye !== undefined]
  if (kinds.filter(Boolean).length > 1) return bad('field-unknown')
  if (d !== undefined && sdp !== undefined) return good({ kind: 'description', envelope: d, sdp })
  if (ice !== undefined) return good({ kind: 'candidate', candidate: ice })
  if (bye === true) return good({ kind: 'bye' })
  return bad('field-missing')
}
