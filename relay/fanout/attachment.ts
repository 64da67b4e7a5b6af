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
import { MAX_DESCRIPTION_LIFETIME, MAX_HELD_LIFETIME } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import { FANOUT, type FanoutMessage } from '../../protocol/wire/fanout.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import type { Crew, LinkRequest } from './crew.ts'
import type { RoomGate } from './gate.ts'
import { FIRST_MESSAGE_MS } from './limits.ts'
import type { LinkId } from './messages.ts'
import { type Offer, readOffer, type VoiceWish } from './offer.ts'
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
  /** A place for a link of theirs that is held, or why there is none. */
  readonly hold: () => Result<() => void, Reason>
  /** Multiaddrs of other relays of the community. */
  readonly others: () => readonly string[]
  /** Milliseconds of sound in a packet, as the room needs them. */
  readonly packetTime: (room: RoomId) => number
  /** Its connection stands, and afterwards: it has ended. Once each. */
  readonly onConnected: (room: RoomId) => void
  readonly onGone: (room: RoomId) => void
}

/** Of a link that only listens: nobody is asked for a voice. */
const UNWISHED: VoiceWish = { packetTime: 20, dtx: false }

/** What a link has come to. */
type State =
  | { readonly kind: 'silent' }
  | Held
  /** It showed a good ticket, and its connection is being made or has been. */
  | Live
  | { readonly kind: 'ended' }

/** Its connection is made before it has a room (FANOUT-6). */
interface Held {
  readonly kind: 'held'
  /** The one that its ticket is to name. SHA-256, 32 bytes. */
  readonly fingerprint: Uint8Array
  /** Milliseconds on our clock. */
  readonly until: number
  readonly link: LinkId | undefined
  /** Gives its place back, once. */
  readonly release: () => void
}

interface Live {
  readonly kind: 'live'
  readonly ticket: Ticket
  /** Milliseconds on our clock: how long the ticket lasts. */
  readonly until: number
  readonly link: LinkId | undefined
  readonly isConnected: boolean
}

/** What the session offered and we answered. */
interface Exchange {
  readonly offer: string
  /** Undefined until the media process has made it. */
  answer: string | undefined
  /** The answer goes out before there is a room to vouch for. */
  readonly isHeld: boolean
}

/**
 * One session at this relay: a stream with its tickets, and a connection of a media process for as long as the stream and a ticket last
 * (SPEC §8.10 and §8.11).
 */
export class Attachment {
  readonly #parts: AttachmentParts
  #state: State = { kind: 'silent' }
  #exchange: Exchange | undefined
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
    if (this.#state.kind === 'held' && now >= this.#state.until) this.refuse('expired')
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

  async #take({ ticket, offer, hold, bind, renew, bye }: FanoutMessage): Promise<Result<true, Reason>> {
    if (bye === true) {
      this.#end()
      void this.#parts.channel.close()
      return good(true)
    }
    const state = this.#state
    if (state.kind === 'silent' && ticket !== undefined && offer !== undefined)
      return await this.#begin(ticket, offer)
    if (state.kind === 'silent' && hold !== undefined) return await this.#hold(hold)
    if (state.kind === 'held' && bind !== undefined) return await this.#bind(state, bind)
    if (state.kind === 'live' && renew !== undefined) return await this.#renew(state, renew)
    // What only a relay says, or a second beginning.
    return bad('field-unknown')
  }

  async #begin(envelope: Uint8Array, sdp: string): Promise<Result<true, Reason>> {
    const { allowed, gate, packetTime } = this.#parts
    if (!allowed()) return bad('rate-limited')
    const verified = await this.#verify(envelope)
    if (!verified.ok) return verified
    const ticket = verified.value
    const offer = readTicketed(ticket, sdp)
    if (!offer.ok) return offer
    const placed = await this.#place(ticket)
    if (!placed.ok || this.#state.kind === 'ended') return placed
    const wish = { packetTime: packetTime(ticket.r), dtx: gate.isOpen(ticket.r) }
    this.#state = { kind: 'live', ticket, until: this.#endOf(ticket), link: undefined, isConnected: false }
    this.#told = { packetTime: wish.packetTime, hearing: -1 }
    this.#exchange = { offer: sdp, answer: undefined, isHeld: false }
    return await this.#open({ room: ticket.r, offer: offer.value, as: ticket.as, wish })
  }

  /** FANOUT-6. */
  async #hold(sdp: string): Promise<Result<true, Reason>> {
    const { allowed, hold, clock } = this.#parts
    if (!allowed()) return bad('rate-limited')
    const offer = readOffer(sdp)
    if (!offer.ok) return offer
    if (speaks(offer.value)) return bad('wrong-description', 'voice')
    const place = hold()
    if (!place.ok) return place
    const { fingerprint } = offer.value
    const until = clock.now() + MAX_HELD_LIFETIME * 1000
    const release = place.value
    this.#state = { kind: 'held', fingerprint, until, link: undefined, release }
    this.#exchange = { offer: sdp, answer: undefined, isHeld: true }
    return await this.#open({ room: undefined, offer: offer.value, as: 'listener', wish: UNWISHED })
  }

  async #bind({ fingerprint, release }: Held, envelope: Uint8Array): Promise<Result<true, Reason>> {
    const verified = await this.#verify(envelope)
    if (!verified.ok) return verified
    const ticket = verified.value
    if (!equalBytes(fingerprint, ticket.fp)) return bad('wrong-fingerprint')
    if (ticket.as === 'speaker') return bad('wrong-description', 'voice')
    const placed = await this.#place(ticket)
    const held = this.#state
    if (!placed.ok || held.kind !== 'held') return placed
    const { link } = held
    release()
    this.#state = { kind: 'live', ticket, until: this.#endOf(ticket), link, isConnected: false }
    await this.#vouch(ticket.r)
    return good(true)
  }

  /** Whether it may be where its ticket says, as we know the room, or come to know it from the session. */
  async #place(ticket: Ticket): Promise<Result<true, Reason>> {
    const { gate, peer } = this.#parts
    if (!this.#mayBe(ticket).ok) {
      // We may not know yet what lets it in; then it does.
      await gate.learn(ticket.r, peer)
      const placed = this.#mayBe(ticket)
      if (!placed.ok) return placed
    }
    gate.meet(ticket.r, peer)
    return good(true)
  }

  async #open(request: Omit<LinkRequest, 'events'>): Promise<Result<true, Reason>> {
    const { crew, onConnected } = this.#parts
    const link = await crew.open({
      ...request,
      events: {
        answered: (answer) => void this.#answered(answer),
        connected: () => {
          if (this.#state.kind !== 'live') return
          this.#state = { ...this.#state, isConnected: true }
          onConnected(this.#state.ticket.r)
        },
        ended: (reason) => {
          if (reason === 'no-road' || reason === 'process-lost') this.leave()
          else this.refuse(reason)
        },
      },
    })
    if (link === undefined) return bad('relay-full')
    if (isStanding(this.#state)) this.#state = { ...this.#state, link }
    else crew.close(link)
    return good(true)
  }

  async #renew(live: Live, envelope: Uint8Array): Promise<Result<true, Reason>> {
    const verified = await this.#verify(envelope, live.ticket)
    if (!verified.ok) return verified
    if (this.#state.kind !== 'live') return good(true)
    const ticket = verified.value
    this.#state = { ...this.#state, ticket, until: this.#endOf(ticket) }
    return good(true)
  }

  async #verify(envelope: Uint8Array, held?: Ticket): Promise<Result<Ticket, Reason>> {
    const { verifier, membership, relay, from, member, clock } = this.#parts
    const expected = { relay: relay.publicKey, from, member, now: second(clock), ...(held && { held }) }
    const verified = await verifyTicket(verifier, membership(), envelope, expected)
    return verified.ok ? good(verified.value.payload) : verified
  }

  /** TICKET-3, in milliseconds on our clock. */
  #endOf({ at, exp }: Ticket): number {
    return this.#parts.clock.now() + (exp - at) * 1000
  }

  #mayBe({ r, m, as }: Ticket): Result<true, Reason> {
    const most = this.#parts.gate.mayForward(r, m)
    if (most === undefined) return bad('not-admitted')
    return as === 'speaker' && most === 'listener' ? bad('level-too-low') : good(true)
  }

  async #answered(answer: string): Promise<void> {
    const [exchange, state] = [this.#exchange, this.#state]
    if (exchange === undefined || !isStanding(state)) return
    exchange.answer = answer
    if (exchange.isHeld) this.#send({ held: answer })
    if (state.kind === 'live') await this.#vouch(state.ticket.r)
  }

  /** Signs for the answer, when there is one, and gives what was held to its room. */
  async #vouch(room: RoomId): Promise<void> {
    const { relay, from, membership, clock, crew } = this.#parts
    if (this.#exchange?.answer === undefined) return
    const { offer, answer, isHeld } = this.#exchange
    if (isHeld && this.#state.kind === 'live' && this.#state.link !== undefined)
      crew.bind(this.#state.link, room)
    const fp = fingerprintOf(answer)
    if (fp === undefined) throw new Error('an answer of ours has not exactly one SHA-256 fingerprint')
    const at = second(clock)
    const { bytes } = await seal(
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
    this.#send(isHeld ? { bound: bytes } : { vouch: bytes, answer })
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
    if (state.kind === 'held') state.release()
    if (isStanding(state) && state.link !== undefined) this.#parts.crew.close(state.link)
    if (state.kind === 'live' && state.isConnected) this.#parts.onGone(state.ticket.r)
  }
}

function isStanding(state: State): state is Held | Live {
  return state.kind === 'held' || state.kind === 'live'
}

function speaks({ sections }: Offer): boolean {
  return sections.some(({ kind }) => kind === 'voice')
}

/** The offer that a ticket was made for (TICKET-5, FANOUT-2). */
function readTicketed(ticket: Ticket, sdp: string): Result<Offer, Reason> {
  const offer = readOffer(sdp)
  if (!offer.ok) return offer
  if (!equalBytes(offer.value.fingerprint, ticket.fp)) return bad('wrong-fingerprint')
  return speaks(offer.value) === (ticket.as === 'speaker') ? offer : bad('wrong-description', 'voice')
}
