import type { RoomId } from '../../protocol/ids.ts'
import type { Offer, Transport, VoiceWish } from './offer.ts'
import type { VoiceId } from './selection.ts'

/** A link of this relay with a session or another relay, by number. */
export type LinkId = number & { readonly __kind: 'link' }

/** How a media process is set up; told once, before anything else. */
export interface MediaSetup {
  /** The address to bind; undefined for all of the machine. */
  readonly bind: string | undefined
  /** Addresses to tell others in place of the machine's own, behind a router that maps ports one to one. */
  readonly announce: readonly string[]
  /** UDP ports that are this process's alone; none: any that are free. */
  readonly ports: readonly number[]
  /** Known to the media processes of this relay only: what they tell each other on the loopback begins with it. 16 bytes. */
  readonly secret: Uint8Array
}

/** A voice on a link between two relays, and in which of its slots. */
export interface PlacedVoice {
  readonly voice: VoiceId
  readonly slot: number
}

/** What the relay tells a media process. Nothing in it is or holds a key of a room: there is none here that could be told. */
export type ToMedia =
  | { readonly kind: 'setup'; readonly setup: MediaSetup }
  | {
      readonly kind: 'open'
      readonly link: LinkId
      /** Undefined: it is held, and hears nothing, until `bind` names one. */
      readonly room: RoomId | undefined
      readonly offer: Offer
      /** Another relay: it gets the voices that it is given, and chooses itself. */
      readonly isRelay: boolean
      /** Of a speaker. */
      readonly voice: VoiceId | undefined
      readonly wish: VoiceWish
    }
  /** A link that is held, and was answered, belongs to this room from now on. */
  | { readonly kind: 'bind'; readonly link: LinkId; readonly room: RoomId }
  /** Makes an offer to another relay, to take voices of a room from it. */
  | { readonly kind: 'pull'; readonly link: LinkId; readonly room: RoomId }
  /** That relay's answer. */
  | { readonly kind: 'accept'; readonly link: LinkId; readonly transport: Transport }
  /** All voices that are given on this link from now on, or taken. */
  | { readonly kind: 'voices'; readonly link: LinkId; readonly voices: readonly PlacedVoice[] }
  | { readonly kind: 'close'; readonly link: LinkId }
  /** Another process has listeners for this voice: its packets go to these loopback ports too. */
  | { readonly kind: 'route'; readonly voice: VoiceId; readonly ports: readonly number[] }
  /** A voice that is received by another process belongs to this room; to none any more. */
  | { readonly kind: 'expect'; readonly voice: VoiceId; readonly room: RoomId | undefined }

/** Why a media process ended a link, or did not make it. */
export type MediaReason =
  /** The library could make nothing of the offer. */
  | 'wrong-description'
  /** No port or no place is left. */
  | 'relay-full'
  /** It sends far more than a voice. */
  | 'rate-limited'
  /** It did not connect in time, or the connection was lost. */
  | 'no-road'

export interface MediaLoad {
  /** Share of the last seconds in which the process was at work, 0 to 1. */
  readonly busy: number
  /** What packets took from their first to their last listener in the last second, on average, in milliseconds. */
  readonly fanOut: number
  /** Links that were answered and are not connected yet. */
  readonly halfOpen: number
  readonly links: number
  /** Packets that were sent, since the process began. */
  readonly sent: number
}

export type FromMedia =
  /** @property port on the loopback, for the other processes */
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'offered'; readonly link: LinkId; readonly sdp: string }
  | { readonly kind: 'answered'; readonly link: LinkId; readonly sdp: string }
  /** The connection stands, and has a room. */
  | { readonly kind: 'connected'; readonly link: LinkId }
  | { readonly kind: 'ended'; readonly link: LinkId; readonly reason: MediaReason }
  /** Every half second, of a link on which voices are taken: those of whom something came since it was last said. */
  | { readonly kind: 'arrived'; readonly link: LinkId; readonly voices: readonly VoiceId[] }
  | { readonly kind: 'load'; readonly load: MediaLoad }
