import type { KeyText, MemberId, RoomId } from '../ids.ts'
import {
  EARS_EXPIRY_MS,
  MAX_CASCADE_VOICES,
  MAX_COUNTED_RELAYS,
  MAX_HEARING,
  MAX_HOPS,
  MAX_OTHER_RELAYS,
  MAX_SDP_BYTES,
} from '../limits.ts'
import type { Reason } from '../reasons.ts'
import { id, key, list, map, oneGroup, type Schema, uint, yes } from '../schema.ts'
import { multiaddr } from '../session.ts'
import type { Frame } from './frame.ts'
import { error } from './services.ts'
import { sdpText } from './signalling.ts'

/** A voice that a relay has: the speaker's session, whose it is, and how many relays it has come through. */
export interface CascadeVoice {
  readonly from: KeyText
  readonly m: MemberId
  readonly hop: number
}

/** A voice that a relay wants, where its packets shall go, and how many relays it will have come through there. */
export interface WantedVoice {
  readonly from: KeyText
  readonly slot: number
  readonly hop: number
}

/** How many listen to the room at one relay, as it said itself at `at` of its own clock. */
export interface Ears {
  readonly relay: KeyText
  readonly n: number
  /** Milliseconds. */
  readonly at: number
  /** Milliseconds since it was said, on the clocks of those that passed it on. */
  readonly age: number
}

export interface CascadeMessage {
  readonly r?: RoomId
  readonly voices?: readonly CascadeVoice[]
  readonly load?: number
  readonly offer?: string
  readonly answer?: string
  readonly want?: readonly WantedVoice[]
  readonly ears?: readonly Ears[]
  readonly error?: Reason
  readonly others?: readonly string[]
  readonly bye?: true
}

const fields: Schema<CascadeMessage> = map(
  {},
  {
    r: id<RoomId>(),
    voices: list(map({ from: key, m: id<MemberId>(), hop: uint(MAX_HOPS - 1) }), MAX_CASCADE_VOICES),
    load: uint(100),
    offer: sdpText,
    answer: sdpText,
    want: list(
      map({ from: key, slot: uint(MAX_CASCADE_VOICES - 1), hop: uint(MAX_HOPS, 1) }),
      MAX_CASCADE_VOICES,
    ),
    ears: list(
      map({ relay: key, n: uint(MAX_HEARING), at: uint(), age: uint(EARS_EXPIRY_MS) }),
      MAX_COUNTED_RELAYS,
    ),
    error,
    others: list(multiaddr, MAX_OTHER_RELAYS),
    bye: yes,
  },
)

/**
 * One message between two relays of a community about one room (SPEC §8.12). From the one that takes: `r`, once and first; `offer`, once; `want`, all that
 * it wants, whenever that is another. From the one that gives: `voices` + `load`, all that it has and how busy it is, in percent; `answer`, once;
 * `error` + `others`, a refusal that ends the stream. `ears` and `bye`: from both.
 */
export const CASCADE: Frame<CascadeMessage> = {
  shape: oneGroup(
    fields,
    ['r'],
    ['voices', 'load'],
    ['offer'],
    ['answer'],
    ['want'],
    ['ears'],
    ['error', 'others'],
    ['bye'],
  ),
  maxBytes: MAX_SDP_BYTES + 64,
}

/** The libp2p protocol of the stream. */
export const CASCADE_PROTOCOL = '/palabre/cascade/1'
