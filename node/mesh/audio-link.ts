import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../protocol/wire/signalling.ts'
import { Bucket } from '../bucket.ts'
import type { Channel, PeerIdString, PeerNetwork } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import type { PeerConnections } from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import {
  CHANNEL_BURST,
  CHANNEL_REFILL_MS,
  FAILURES_SHOWN,
  MAX_REFUSALS,
  OPEN_MS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from './limits.ts'
import type { LinkEnd, LinkReason } from './link-end.ts'
import { Negotiation } from './negotiation.ts'
import type { Far, Voucher } from './voucher.ts'

/** The session at the other end, under both of its names. */
export interface FarSession extends Far {
  readonly peer: PeerIdString
}

export interface AudioLinkOptions {
  readonly far: FarSession
  readonly network: Pick<PeerNetwork, 'peer' | 'openChannel'>
  readonly connections: PeerConnections
  readonly voucher: Voucher
  readonly clock: Clock
  /** `view` may be another. */
  readonly onChange: () => void
  /** Why an attempt ended, and whatever the world says of it. */
  readonly report: (where: string, error: unknown) => void
}

/** `idle`: there is a channel, and nobody has a voice to send yet. */
export type LinkState = 'idle' | 'connecting' | 'connected' | 'failed'

/**
 * The voices between us and one other session, for as long as both are wanted together. It makes one attempt after the other: the side with
 * the lower PeerId opens the channel, the other accepts it.
 */
export class AudioLink {
  readonly far: FarSession
  readonly #options: AudioLinkOptions
  readonly #opens: boolean
  readonly #channels: Bucket
  #microphone: MediaStreamTrack | undefined
  #receive = false
  #negotiation: Negotiation | undefined
  /** What is waited for between two attempts, on the side that opens. */
  #waiting: Cancel | undefined
  #opening: AbortController | undefined
  #failures = 0
  #refusals = 0
  #reason: LinkReason | undefined
  #closed = false

  constructor(options: AudioLinkOptions) {
    this.far = options.far
    this.#options = options
    this.#opens = options.network.peer < options.far.peer
    this.#channels = new Bucket(options.clock, CHANNEL_BURST, CHANNEL_REFILL_MS)
    if (this.#opens) void this.#open()
  }

  /** `failed` when an attempt ended and none succeeded since, whether or not another is under way. */
  get state(): LinkState {
    if (this.#negotiation?.connected === true) return 'connected'
    // A peer that is still being dialled, or does not know of us yet, has not failed.
    const early = this.#reason === undefined || this.#reason === 'signalling-lost' || this.#reason === 'bye'
    if (early && this.#negotiation?.idle === true) return 'idle'
    return early && this.#failures < FAILURES_SHOWN ? 'connecting' : 'failed'
  }

  /** Why it is `failed`. */
  get reason(): LinkReason | undefined {
    return this.state === 'failed' ? this.#reason : undefined
  }

  /** The other side's voice, while it may be heard. */
  get voice(): MediaStream | undefined {
    return this.#receive ? this.#negotiation?.voice : undefined
  }

  /** 0 to 1; 0 while nothing may be heard. */
  level(): number {
    return this.voice === undefined ? 0 : (this.#negotiation?.level() ?? 0)
  }

  /** Undefined while it is not connected. */
  async traffic(): Promise<Traffic | undefined> {
    return this.state === 'connected' ? this.#negotiation?.traffic() : undefined
  }

  /** @param microphone what is sent, if anything @param receive whether the other side may be heard */
  want(microphone: MediaStreamTrack | undefined, receive: boolean): void {
    if (microphone !== this.#microphone) {
      this.#microphone = microphone
      this.#negotiation?.send(microphone)
    }
    if (receive !== this.#receive) {
      this.#receive = receive
      this.#negotiation?.hear(receive)
    }
  }

  /** The other side opened a channel. It knows best that an older one is dead, so the newest counts. */
  accept(channel: Channel): void {
    if (this.#closed || this.#opens || this.#isGivenUp() || !this.#channels.take()) {
      channel.abort(new Error('no channel is wanted here'))
      return
    }
    // First, where the platform has too many connections to make another.
    const older = this.#negotiation
    this.#negotiation = undefined
    void older?.close()
    this.#begin(channel)
  }

  /** The peer is linked again: there is no use in waiting any longer. */
  retry(): void {
    if (this.#waiting === undefined) return
    this.#waiting()
    this.#waiting = undefined
    void this.#open()
  }

  /** Says goodbye and ends everything. Twice is safe. */
  async close(): Promise<void> {
    this.#closed = true
    this.#waiting?.()
    this.#waiting = undefined
    this.#opening?.abort()
    const negotiation = this.#negotiation
    this.#negotiation = undefined
    await negotiation?.close()
  }

  async #open(): Promise<void> {
    const { network, clock } = this.#options
    const opening = new AbortController()
    this.#opening = opening
    const overdue = clock.after(OPEN_MS, () => opening.abort())
    try {
      const channel = await network.openChannel(this.far.peer, SIGNALLING_PROTOCOL, {
        signal: opening.signal,
        maxBytes: SIGNALLING.maxBytes,
      })
      if (this.#closed) channel.abort(new Error('the link was closed'))
      else this.#begin(channel)
    } catch (error) {
      this.#ended({
        kind: 'failed',
        reason: error instanceof NetworkError ? 'signalling-lost' : 'platform',
        cause: error,
      })
    } finally {
      overdue()
    }
  }

  /** Where the platform makes no connection, it may have too many, and whoever wanted the link goes on all the same: it is an attempt that failed. */
  #begin(channel: Channel): void {
    let negotiation: Negotiation
    try {
      negotiation = this.#negotiate(channel)
    } catch (cause) {
      channel.abort(new Error('there is no connection for it', { cause }))
      this.#ended({ kind: 'failed', reason: 'platform', cause })
      return
    }
    this.#negotiation = negotiation
    negotiation.hear(this.#receive)
    if (this.#microphone !== undefined) negotiation.send(this.#microphone)
    this.#options.onChange()
  }

  #negotiate(channel: Channel): Negotiation {
    const { connections, voucher, clock, onChange } = this.#options
    const negotiation: Negotiation = new Negotiation({
      channel,
      connections,
      voucher,
      clock,
      far: this.far,
      polite: this.#opens,
      onChange: () => {
        if (this.#negotiation !== negotiation) return
        if (negotiation.connected) this.#succeeded()
        onChange()
      },
      onEnd: (end) => {
        if (this.#negotiation !== negotiation) return
        this.#negotiation = undefined
        this.#ended(end)
      },
    })
    return negotiation
  }

  #succeeded(): void {
    this.#failures = 0
    this.#refusals = 0
    this.#reason = undefined
  }

  #ended(end: LinkEnd): void {
    if (this.#closed) return
    this.#reason = end.reason
    this.#failures += 1
    if (end.kind === 'refused') this.#refusals += 1
    const cause = end.kind === 'failed' ? end.cause : undefined
    this.#options.report(`link to ${this.far.peer}`, new Error(end.reason, { cause }))
    if (this.#opens && !this.#isGivenUp()) {
      const wait = Math.min(RETRY_MIN_MS * 2 ** (this.#failures - 1), RETRY_MAX_MS)
      this.#waiting = this.#options.clock.after(wait, () => this.retry())
    }
    this.#options.onChange()
  }

  /** Whoever sends bad things again and again is not listened to any more, until they are wanted anew. */
  #isGivenUp(): boolean {
    return this.#refusals >= MAX_REFUSALS
  }
}
