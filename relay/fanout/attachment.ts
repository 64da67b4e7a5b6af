import type { Channel, PeerIdString } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { type Clock, second } from '../../node/ports/clock.ts'
import { fingerprintOf, sdpDigest } from '../../protocol/audio/description.ts'
import { RELAY_ANSWER } from '../../protocol/audio/relay-answer.ts'
import { type Ticket, verifyTicket } from '../../protocol/audio/ticket.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { seal } from '../../protocol/envelope.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_DESCRIPTION_LIFETIME } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import { FANOUT, type FanoutMessage } from '../../protocol/wire/fanout.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import type { Crew } from './crew.ts'
import type { RoomGate } from './gate.ts'
import { FIRST_MESSAGE_MS } from './limits.ts'
import type { LinkId } from './messages.ts'
import { type Offer, readOffer } from './offer.ts'
import type { VoiceId } from './selection.ts'

export interface AttachmentParts {
  readonly channel: Channel
  /** The session at the other end, and whose it proved to be. */
  readonly peer: PeerIdString
  readonly from: KeyText
  readonly member: MemberId
  readonly verifier: Verifier
  readonly membership: () => Membership
  /** The relay's session. */
  readonly relay: Signer
  readonly gate: RoomGate
  readonly crew: Crew
  readonly clock: Clock
  /** Whether this member may begin another link now. */
  readonly allowed: () => boolean
  /** Multiaddrs of other relays of the community. */
  readonly others: () => readonly string[]
  /** Milliseconds of sound in a packet, as the room needs them. */
  readonly packetTime: (room: RoomId) => number
  /** Its connection stands, and afterwards: it has ended. Once each. */
  readonly onConnected: (room: RoomId) => void
  readonly onGone: (room: RoomId) => void
}

/** What a link has come to. */
type State =
  | { readonly kind: 'silent' }
  /** It showed a good ticket, and its connection is being made or has been. */
  | Live
  | { readonly kind: 'ended' }

interface Live {
  readonly kind: 'live'
  readonly ticket: Ticket
  /** Milliseconds on our clock: how long the ticket lasts. */
  readonly until: number
  readonly link: LinkId | undefined
  readonly isConnected: boolean
}

/**
 * One session at this relay: a stream with its tickets, and a connection of a media process for as long as the stream and a ticket last
 * (SPEC §8.10 and §8.11).
 */
export class Attachment {
  readonly #parts: AttachmentParts
  #state: State = { kind: 'silent' }
  #told = { packetTime: 0, hearing: -1 }

  constructor(parts: AttachmentParts) {
    this.#parts = parts
    const late = parts.clock.after(FIRST_MESSAGE_MS, () => {
      if (this.#state.kind === 'silent') this.refuse('expired')
    })
    void this.#read().finally(() => {
      late()
      this.#end()
    })
  }

  /** The room that it is in, once its ticket was good. */
  get room(): RoomId | undefined {
    return this.#state.kind === 'live' ? this.#state.ticket.r : undefined
  }

  get isSpeaker(): boolean {
    return this.#state.kind === 'live' && this.#state.ticket.as === 'speaker'
  }

  /** Its own voice, where it is a speaker's. */
  get voice(): VoiceId | undefined {
    if (!this.isSpeaker || this.#state.kind !== 'live' || this.#state.link === undefined) return undefined
    return this.#parts.crew.voiceOf(this.#state.link)
  }

  get isConnected(): boolean {
    return this.#state.kind === 'live' && this.#state.isConnected
  }

  /** Ends what its ticket or its place in the room does not allow any more. @param now milliseconds */
  check(now: number): void {
    if (this.#state.kind !== 'live') return
    const { ticket, until } = this.#state
    const allowed = now >= until ? bad('expired') : this.#mayBe(ticket)
    if (!allowed.ok) this.refuse(allowed.reason)
  }

  /** Says what has changed in the room. */
  tell(packetTime: number, hearing: number): void {
    if (!this.isConnected) return
    if (this.isSpeaker && packetTime !== this.#told.packetTime) this.#send({ ptime: packetTime })
    if (hearing !== this.#told.hearing) this.#send({ hearing })
    this.#told = { packetTime, hearing }
  }

  /** Says why, and ends it. */
  refuse(reason: Reason): void {
    if (this.#state.kind === 'ended') return
    const others = reason === 'relay-full' ? this.#parts.others() : []
    this.#send({ error: reason, others })
    this.#end()
    void this.#parts.channel.close()
  }

  /** Says goodbye, and ends it. */
  leave(): void {
    if (this.#state.kind === 'ended') return
    this.#send({ bye: true })
    this.#end()
    void this.#parts.channel.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const bytes of this.#parts.channel.messages) {
        const message = decodeFrame(FANOUT, bytes)
        const taken = message.ok ? await this.#take(message.value) : message
        if (this.#state.kind === 'ended') return
        if (!taken.ok) return this.refuse(taken.reason)
      }
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      if (error.code === 'too-large') this.refuse('too-large')
    }
  }

  async #take({ ticket, offer, renew, bye }: FanoutMessage): Promise<Result<true, Reason>> {
    if (bye === true) {
      this.#end()
      void this.#parts.channel.close()
      return good(true)
    }
    const state = this.#state
    if (state.kind === 'silent' && ticket !== undefined && offer !== undefined)
      return await this.#begin(ticket, offer)
    if (state.kind === 'live' && renew !== undefined) return await this.#renew(state, renew)
    // What only a relay says, or a second beginning.
    return bad('field-unknown')
  }

  async #begin(envelope: Uint8Array, sdp: string): Promise<Result<true, Reason>> {
    const { allowed, crew, gate, packetTime, onConnected, clock, peer } = this.#parts
    if (!allowed()) return bad('rate-limited')
    const verified = await this.#verify(envelope)
    if (!verified.ok) return verified
    const ticket = verified.value
    const offer = readTicketed(ticket, sdp)
    if (!offer.ok) return offer
    let placed = this.#mayBe(ticket)
    if (!placed.ok) {
      // We may not know yet what lets it in; then it does.
      await gate.learn(ticket.r, peer)
      placed = this.#mayBe(ticket)
      if (!placed.ok) return placed
    }
    gate.meet(ticket.r, peer)
    if (this.#state.kind === 'ended') return good(true)
    const until = clock.now() + (ticket.exp - ticket.at) * 1000
    this.#state = { kind: 'live', ticket, until, link: undefined, isConnected: false }
    const wish = { packetTime: packetTime(ticket.r), dtx: gate.isOpen(ticket.r) }
    this.#told = { packetTime: wish.packetTime, hearing: -1 }
    const link = await crew.open({
      room: ticket.r,
      offer: offer.value,
      as: ticket.as,
      wish,
      events: {
        answered: (answer) => void this.#answer(ticket.r, sdp, answer),
        connected: () => {
          if (this.#state.kind !== 'live') return
          this.#state = { ...this.#state, isConnected: true }
          onConnected(ticket.r)
        },
        ended: (reason) => {
          if (reason === 'no-road' || reason === 'process-lost') this.leave()
          else this.refuse(reason)
        },
      },
    })
    if (link === undefined) return bad('relay-full')
    if (this.#state.kind === 'live') this.#state = { ...this.#state, link }
    else crew.close(link)
    return good(true)
  }

  async #renew(live: Live, envelope: Uint8Array): Promise<Result<true, Reason>> {
    const verified = await this.#verify(envelope, live.ticket)
    if (!verified.ok) return verified
    if (this.#state.kind !== 'live') return good(true)
    const ticket = verified.value
    const until = this.#parts.clock.now() + (ticket.exp - ticket.at) * 1000
    this.#state = { ...this.#state, ticket, until }
    return good(true)
  }

  async #verify(envelope: Uint8Array, held?: Ticket): Promise<Result<Ticket, Reason>> {
    const { verifier, membership, relay, from, member, clock } = this.#parts
    const expected = { relay: relay.publicKey, from, member, now: second(clock), ...(held && { held }) }
    const verified = await verifyTicket(verifier, membership(), envelope, expected)
    return verified.ok ? good(verified.value.payload) : verified
  }

  #mayBe({ r, m, as }: Ticket): Result<true, Reason> {
    const most = this.#parts.gate.mayForward(r, m)
    if (most === undefined) return bad('not-admitted')
    return as === 'speaker' && most === 'listener' ? bad('level-too-low') : good(true)
  }

  async #answer(room: RoomId, offer: string, answer: string): Promise<void> {
    const { relay, from, membership, clock } = this.#parts
    const fp = fingerprintOf(answer)
    if (fp === undefined) throw new Error('an answer of ours has not exactly one SHA-256 fingerprint')
    const at = second(clock)
    const vouch = await seal(
      RELAY_ANSWER,
      membership().community,
      {
        r: room,
        from: relay.publicKey,
        to: from,
        offer: sdpDigest(offer),
        fp,
        sdp: sdpDigest(answer),
        at,
        exp: at + MAX_DESCRIPTION_LIFETIME,
      },
      [relay],
    )
    this.#send({ vouch: vouch.bytes, answer })
  }

  #send(message: FanoutMessage): void {
    this.#parts.channel.send(encodeFrame(FANOUT, message)).catch((error: unknown) => {
      // A stream that takes nothing any more has ended, and the link with it.
      if (!(error instanceof NetworkError)) throw error
    })
  }

  #end(): void {
    const state = this.#state
    if (state.kind === 'ended') return
    this.#state = { kind: 'ended' }
    if (state.kind !== 'live') return
    if (state.link !== undefined) this.#parts.crew.close(state.link)
    if (state.isConnected) this.#parts.onGone(state.ticket.r)
  }
}

/** The offer that a ticket was made for (TICKET-5, FANOUT-2). */
function readTicketed(ticket: Ticket, sdp: string): Result<Offer, Reason> {
  const offer = readOffer(sdp)
  if (!offer.ok) return offer
  if (!equalBytes(offer.value.fingerprint, ticket.fp)) return bad('wrong-fingerprint')
  const speaks = offer.value.sections.some(({ kind }) => kind === 'voice')
  return speaks === (ticket.as === 'speaker') ? offer : bad('wrong-description', 'voice')
}
