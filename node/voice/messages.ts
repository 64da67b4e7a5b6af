import type { LinkKind } from '../../protocol/audio/voice.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import type { VoiceKeys } from './keys.ts'
import type { VoiceCheck } from './opener.ts'

/** What the page says to the worker that seals and opens; `begin` once, and first. */
export type ToWorker =
  | { readonly kind: 'begin'; readonly room: RoomId; readonly seed: Uint8Array }
  | { readonly kind: 'keys'; readonly keys: VoiceKeys }
  /** Sessions whose voices may come over relays from now on. */
  | { readonly kind: 'stage'; readonly speakers: readonly KeyText[] }

/** The options of one `RTCRtpScriptTransform`. */
export type TransformOptions =
  | { readonly side: 'seal'; readonly link: LinkKind }
  | { readonly side: 'open'; readonly link: 'mesh'; readonly number: number; readonly speaker: KeyText }
  | {
      readonly side: 'open'
      readonly link: 'relay'
      /** Receivers of one link share a number: what is known of a speaker holds in whichever of them their voice comes. */
      readonly number: number
      readonly slot: number
    }

export type FromWorker =
  | { readonly kind: 'check'; readonly speaker: KeyText; readonly check: VoiceCheck }
  /** From now on it is this session's voice that comes in a slot of a relay's link. */
  | { readonly kind: 'slot'; readonly number: number; readonly slot: number; readonly speaker: KeyText }
  | { readonly kind: 'failed'; readonly message: string }
