import { MAX_ENVELOPE_BYTES, MAX_HEARING, MAX_OTHER_RELAYS, MAX_SDP_BYTES } from '../limits.ts'
import type { Reason } from '../reasons.ts'
import { bytes, list, map, oneGroup, type Schema, uint, yes } from '../schema.ts'
import { multiaddr } from '../session.ts'
import type { Frame } from './frame.ts'
import { error } from './services.ts'
import { sdpText } from './signalling.ts'

/** Duration of a packet, in milliseconds, that a relay may ask of a speaker. */
const PACKET_TIMES: readonly number[] = [20, 60, 120]

export interface FanoutMessage {
  readonly ticket?: Uint8Array
  readonly offer?: string
  readonly renew?: Uint8Array
  readonly vouch?: Uint8Array
  readonly answer?: string
  readonly hold?: string
  readonly held?: string
  readonly bind?: Uint8Array
  readonly bound?: Uint8Array
  readonly ptime?: number
  readonly hearing?: number
  readonly error?: Reason
  readonly others?: readonly string[]
  readonly bye?: true
}

const envelope = bytes(MAX_ENVELOPE_BYTES, 1)

const packetTime: Schema<number> = {
  decode: (value, at) => {
    const read = uint(120).decode(value, at)
    return read.ok && !PACKET_TIMES.includes(read.value) ? { ok: false, reason: 'field-invalid', at } : read
  },
  encode: (value) => value,
}

const fields: Schema<FanoutMessage> = map(
  {},
  {
    ticket: envelope,
    offer: sdpText,
    renew: envelope,
    vouch: envelope,
    answer: sdpText,
    hold: sdpText,
    held: sdpText,
    bind: envelope,
    bound: envelope,
    ptime: packetTime,
    hearing: uint(MAX_HEARING),
    error,
    others: list(multiaddr, MAX_OTHER_RELAYS),
    bye: yes,
  },
)

/**
 * One message between a session and the relay that carries its room's voices (SPEC §8.11), either way. From the session: `ticket` + `offer`, once and
 * first; `renew`, another ticket. From the relay: `vouch` + `answer`, once; `ptime`, how long a speaker's packets are to be; `hearing`, how many
 * listen to the room through relays; `error` + `others`, a refusal that ends the stream, and where else to ask. `bye`: from both. A link that is held
 * until there is a room (FANOUT-6) begins with the offer, `hold`, which `held` answers; the ticket is `bind`, and `bound` vouches for the answer.
 */
export const FANOUT: Frame<FanoutMessage> = {
  shape: oneGroup(
    fields,
    ['ticket', 'offer'],
    ['renew'],
    ['vouch', 'answer'],
    ['hold'],
    ['held'],
    ['bind'],
    ['bound'],
    ['ptime'],
    ['hearing'],
    ['error', 'others'],
    ['bye'],
  ),
  maxBytes: MAX_ENVELOPE_BYTES + MAX_SDP_BYTES + 64,
}

/** The libp2p protocol of the stream. */
export const FANOUT_PROTOCOL = '/palabre/fanout/1'
