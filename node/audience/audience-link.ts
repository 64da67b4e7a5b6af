import { fingerprintOf } from '../../protocol/audio/description.ts'
import { verifyRelayAnswer } from '../../protocol/audio/relay-answer.ts'
import { TICKET } from '../../protocol/audio/ticket.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { seal } from '../../protocol/envelope.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import { MAX_TICKET_LIFETIME } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { FANOUT, FANOUT_PROTOCOL, type FanoutMessage } from '../../protocol/wire/fanout.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import { Bucket } from '../bucket.ts'
import type { LinkEnd, WorldReason } from '../mesh/link-end.ts'
import type { Me } from '../mesh/voucher.ts'
import type { Channel, Network, PeerIdString } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import type { AudienceConnection, AudienceConnections } from '../ports/audience.ts'
import { type Cancel, type Clock, second } from '../ports/clock.ts'
import { CONNECT_MS, LAST_WORDS_MS, MESSAGE_BURST, MESSAGE_REFILL_MS, OPEN_MS, RENEW_MS } from './limits.ts'

/** The relay at the other end, under both of its names. */
export interface FarRelay {
  readonly peer: PeerIdString
  readonly key: KeyText
}

/** Which room a link is for, and who is told of it. */
export interface LinkUse {
  readonly room: RoomId
  /** `connected` or `hearing` may be another. */
  readonly onChange: () => void
  /**
   * Once, and the last call.
   * @param others relays that the one that refused us names
   */
  readonly onEnd: (end: LinkEnd, others: readonly string[]) => void
}

export interface AudienceLinkOptions<C extends AudienceConnection> extends Omit<LinkUse, 'room'> {
  /** Undefined: it is held for one that nobody has named yet (FANOUT-6), and does not speak. */
  readonly room: RoomId | undefined
  readonly relay: FarRelay
  readonly speaks: boolean
  readonly me: Me
  readonly network: Pick<Network, 'openChannel'>
  readonly connections: AudienceConnections<C>
  readonly clock: Clock
  readonly verifier: Verifier
  readonly membership: () => Membership
}

/**
 * One attempt to hear a room, and to be heard, over a relay (SPEC §8.11): one stream, one connection, and tickets for as long as both last. Both end
 * together; what comes after is a new attempt with a new certificate. One that is held has a room later, and its ticket then.
 */
export class AudienceLink<C extends AudienceConnection> {
  /** What is heard and sent is the platform's. */
  readonly connection: C
  #options: AudienceLinkOptions<C>
  readonly #messages: Bucket
  #channel: Channel | undefined
  #offer = ''
  /** It was offered without a ticket. */
  #isHeld = false
  /** What answered, and is vouched for when there is a room. */
  #answer: string | undefined
  #fingerprint: Uint8Array = new Uint8Array()
  /** What the relay's signed answer names; until it came, nothing. */
  #promised: Uint8Array | undefined
  #isCertified = false
  #hearing = 0
  #overdue: Cancel
  #unbound: Cancel = () => {}
  #renewals: Cancel = () => {}
  #isEnded = false

  constructor(options: AudienceLinkOptions<C>) {
    const { connections, clock, speaks } = options
    this.#options = options
    this.#messages = new Bucket(clock, MESSAGE_BURST, MESSAGE_REFILL_MS)
    this.connection = connections.open(speaks, { changed: () => this.#changed() })
    this.#overdue = clock.after(OPEN_MS + CONNECT_MS, () => this.#fail('no-answer'))
    void this.#run()
  }

  /** Voices may come, and the relay's certificate is the one that it signed. */
  get connected(): boolean {
    return this.#isCertified && this.connection.state === 'connected'
  }

  /** What is held may still become a room's. */
  get isUsable(): boolean {
    return !this.#isEnded && ['new', 'connecting', 'connected'].includes(this.connection.state)
  }

  /** From now on what was held is for this room. Once. */
  bind(use: LinkUse): void {
    if (this.#options.room !== undefined) throw new Error('a link is for one room')
    this.#options = { ...this.#options, ...use }
    if (this.#isEnded) return
    this.#unbound = this.#options.clock.after(CONNECT_MS, () => this.#fail('no-answer'))
    // Where nothing was offered yet, it is offered with the ticket, like any other.
    if (this.#isHeld) void this.#show(use.room)
  }

  /** How many listen to the room over relays, as this one last said. */
  get hearing(): number {
    return this.#hearing
  }

  /** Says goodbye and ends at once; resolves when the goodbye is out or cannot be sent. `onEnd` is not called. */
  async close(): Promise<void> {
    if (this.#isEnded) return
    this.#release()
    const channel = this.#channel
    if (channel === undefined) return
    const sent = this.#send(channel, { bye: true })
    await channel.close()
    await sent
  }

  async #run(): Promise<void> {
    const { network, relay, clock } = this.#options
    const opening = new AbortController()
    const late = clock.after(OPEN_MS, () => opening.abort())
    // Made while the stream is on its way: each takes its time.
    const offering = this.connection.offer()
    offering.catch(() => undefined)
    try {
      const channel = await network.openChannel(relay.peer, FANOUT_PROTOCOL, {
        signal: opening.signal,
        maxBytes: FANOUT.maxBytes,
      })
      if (this.#isEnded) return channel.abort(new Error('the link was closed'))
      // From here on the end of the link ends it, also while the platform makes an offer, or never does.
      this.#channel = channel
      const offer = await offering
      if (this.#isEnded) return
      const fingerprint = fingerprintOf(offer)
      if (fingerprint === undefined)
        throw new Error('an offer of ours has not exactly one SHA-256 fingerprint')
      this.#offer = offer
      this.#fingerprint = fingerprint
      const { room } = this.#options
      this.#isHeld = room === undefined
      if (room === undefined) await this.#send(channel, { hold: offer })
      else await this.#send(channel, { ticket: await this.#ticket(room), offer })
      await this.#read(channel)
    } catch (error) {
      if (error instanceof NetworkError && error.code === 'too-large') this.#refuse('too-large')
      else this.#fail(error instanceof NetworkError ? 'signalling-lost' : 'platform', error)
    } finally {
      late()
    }
  }

  async #read(channel: Channel): Promise<void> {
    for await (const bytes of channel.messages) {
      const message = decodeFrame(FANOUT, bytes)
      const taken = message.ok ? await this.#take(message.value) : message
      if (this.#isEnded) return
      if (!taken.ok) return this.#refuse(taken.reason)
    }
    this.#fail('signalling-lost')
  }

  async #take(message: FanoutMessage): Promise<Result<true, Reason>> {
    if (!this.#messages.take()) return bad('rate-limited')
    const { vouch, answer, held, bound, ptime, hearing, error, others, bye } = message
    if (vouch !== undefined && answer !== undefined) {
      const vouched = await this.#trust(vouch, answer)
      return vouched.ok && !this.#isEnded ? this.#accept(answer) : vouched
    }
    if (held !== undefined && this.#isHeld) return this.#accept(held)
    if (bound !== undefined && this.#isHeld && this.#answer !== undefined) {
      const vouched = await this.#trust(bound, this.#answer)
      if (vouched.ok && !this.#isEnded && this.connection.state === 'connected') void this.#certify()
      return vouched
    }
    if (ptime !== undefined) {
      if (this.#options.speaks) await this.connection.setPacketTime(ptime)
      return good(true)
    }
    if (hearing !== undefined) {
      this.#hearing = hearing
      this.#options.onChange()
      return good(true)
    }
    if (error !== undefined) {
      this.#end({ kind: 'refused', reason: error }, others)
      return good(true)
    }
    if (bye === true) {
      this.#fail('bye')
      return good(true)
    }
    // What only a session says.
    return bad('field-unknown')
  }

  async #accept(answer: string): Promise<Result<true, Reason>> {
    if (this.#answer !== undefined) return bad('stale')
    this.#answer = answer
    const accepted = await this.connection.accept(answer)
    if (!accepted.ok || this.#isEnded) return accepted
    this.#overdue()
    // It may have connected while the answer was being applied.
    if (this.connection.state !== 'connected')
      this.#overdue = this.#options.clock.after(CONNECT_MS, () => this.#fail('no-road'))
    return good(true)
  }

  /** Takes the relay's word for its answer, once. */
  async #trust(vouch: Uint8Array, answer: string): Promise<Result<true, Reason>> {
    const { verifier, membership, room, relay, me, clock } = this.#options
    if (this.#promised !== undefined) return bad('stale')
    // Nobody asked for it yet.
    if (room === undefined) return bad('field-unknown')
    const expected = { room, relay: relay.key, to: me.peer, offer: this.#offer, now: second(clock) }
    const verified = await verifyRelayAnswer(verifier, membership().community, vouch, answer, expected)
    if (!verified.ok || this.#isEnded) return verified.ok ? good(true) : verified
    this.#unbound()
    this.#promised = verified.value.payload.fp
    this.#renewals = clock.every(RENEW_MS, () => void this.#renew(room))
    return good(true)
  }

  /** Shows a ticket for what is held. */
  async #show(room: RoomId): Promise<void> {
    const channel = this.#channel
    if (channel !== undefined) await this.#send(channel, { bind: await this.#ticket(room) })
  }

  async #renew(room: RoomId): Promise<void> {
    const channel = this.#channel
    if (channel !== undefined) await this.#send(channel, { renew: await this.#ticket(room) })
  }

  async #ticket(room: RoomId): Promise<Uint8Array> {
    const { relay, me, speaks, clock, membership } = this.#options
    const at = second(clock)
    const payload = {
      r: room,
      m: me.member,
      from: me.peer,
      relay: relay.key,
      as: speaks ? ('speaker' as const) : ('listener' as const),
      fp: this.#fingerprint,
      at,
      exp: at + MAX_TICKET_LIFETIME,
    }
    return (await seal(TICKET, membership().community, payload, [me.device])).bytes
  }

  #changed(): void {
    if (this.#isEnded) return
    switch (this.connection.state) {
      case 'connected':
        this.#overdue()
        // What is held is nobody's yet, and nothing comes of it.
        if (!this.#isCertified && (this.#promised !== undefined || !this.#isHeld)) void this.#certify()
        break
      case 'untrusted':
        this.#refuse('wrong-fingerprint')
        return
      case 'failed':
      case 'closed':
        // The relay may have closed it, and is just saying why.
        this.#overdue()
        this.#overdue = this.#options.clock.after(LAST_WORDS_MS, () => this.#fail('no-road'))
        break
      case 'new':
      case 'connecting':
      case 'disconnected':
        break
    }
    this.#options.onChange()
  }

  /** Sees that the platform did compare the certificates, where it shows the other's; until then nothing sounds. */
  async #certify(): Promise<void> {
    try {
      const shown = await this.connection.remoteFingerprint()
      if (this.#isEnded) return
      if (this.#promised === undefined || (shown !== undefined && !equalBytes(shown, this.#promised)))
        return this.#refuse('wrong-fingerprint')
      this.#isCertified = true
      this.#options.onChange()
    } catch (error) {
      this.#fail('platform', error)
    }
  }

  async #send(channel: Channel, message: FanoutMessage): Promise<void> {
    try {
      await channel.send(encodeFrame(FANOUT, message))
    } catch (error) {
      // Whoever reads sees the end of the stream.
      if (!(error instanceof NetworkError)) throw error
    }
  }

  #refuse(reason: Reason): void {
    this.#end({ kind: 'refused', reason })
  }

  #fail(reason: WorldReason, cause?: unknown): void {
    this.#end({ kind: 'failed', reason, cause })
  }

  #end(end: LinkEnd, others: readonly string[] = []): void {
    if (this.#isEnded) return
    this.#release()
    this.#channel?.abort(new Error(`the link ended: ${end.reason}`))
    this.#options.onEnd(end, others)
  }

  #release(): void {
    this.#isEnded = true
    this.#overdue()
    this.#unbound()
    this.#renewals()
    this.connection.close()
  }
}
