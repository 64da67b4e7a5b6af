import { equalBytes } from '../../protocol/bytes.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { Bucket } from '../bucket.ts'
import type { Channel } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import type {
  Connection,
  ConnectionListener,
  IceCandidate,
  PeerConnections,
  SessionDescription,
} from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import {
  CONNECT_MS,
  DISCONNECTED_MS,
  MAX_EARLY_CANDIDATES,
  MAX_RESTARTS,
  MESSAGE_BURST,
  MESSAGE_REFILL_MS,
  RESTART_MS,
} from './limits.ts'
import type { LinkEnd, WorldReason } from './link-end.ts'
import { describesVoices } from './sections.ts'
import { decodeSignal, encodeSignal, type Signal } from './signal.ts'
import type { Far, Voucher } from './voucher.ts'

export interface NegotiationOptions {
  readonly channel: Channel
  readonly connections: PeerConnections
  readonly voucher: Voucher
  readonly clock: Clock
  readonly far: Far
  /** Gives way when both offer at once. */
  readonly polite: boolean
  /** `connected` or `voice` may be another. */
  readonly onChange: () => void
  /** Once, and the last call. */
  readonly onEnd: (end: LinkEnd) => void
}

/**
 * One attempt at a link: one channel, one connection, and the perfect negotiation between them (W3C WebRTC §10.7). Both end together; what
 * comes after is a new attempt with a new certificate.
 *
 * What a peer sent is handled one message after the other. Between the check of a description and its use nothing is awaited, so the
 * signalling state that was looked at is the one in which it is applied.
 */
export class Negotiation {
  readonly #options: NegotiationOptions
  readonly #connection: Connection
  readonly #messages: Bucket
  /** Candidates that came before the description that they belong to. */
  readonly #early: IceCandidate[] = []
  /** Descriptions and candidates leave in the order in which they were made, however long a signature takes. */
  #outbox: Promise<void> = Promise.resolve()
  /** What every description of the other side must name: a connection has one certificate for life. */
  #fingerprint: Uint8Array | undefined
  #certified = false
  #making = false
  #restarts = 0
  #described = false
  #accepted = false
  #overdue: Cancel | undefined
  #ended = false

  constructor(options: NegotiationOptions) {
    this.#options = options
    this.#messages = new Bucket(options.clock, MESSAGE_BURST, MESSAGE_REFILL_MS)
    const listener: ConnectionListener = {
      negotiationNeeded: () => void this.#offer(),
      candidate: (candidate) => this.#post(async () => ({ kind: 'candidate', candidate })),
      changed: () => this.#changed(),
    }
    this.#connection = options.connections.open(listener, options.far.key)
    void this.#read()
  }

  /** The voices flow, and the other side's certificate is the signed one. */
  get connected(): boolean {
    return this.#certified && this.#connection.state === 'connected'
  }

  /** Neither side has described anything: neither has a voice to send. */
  get idle(): boolean {
    return !this.#described
  }

  /** What the other side sends, once its certificate was seen to be the signed one; also while a lost road is looked for again. */
  get voice(): MediaStream | undefined {
    return this.#certified ? this.#connection.voice : undefined
  }

  send(track: MediaStreamTrack | undefined): void {
    this.#connection.send(track)
  }

  hear(audible: boolean): void {
    this.#connection.hear(audible)
  }

  level(): number {
    return this.#connection.level()
  }

  traffic(): Promise<Traffic> {
    return this.#connection.traffic()
  }

  /** Says goodbye and ends at once; resolves when the goodbye is out or cannot be sent. `onEnd` is not called. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#release()
    const { channel } = this.#options
    const sent = channel.send(encodeSignal({ kind: 'bye' })).catch((error: unknown) => {
      // The other side sees the end of the channel instead.
      if (!(error instanceof NetworkError)) throw error
    })
    // A stream that takes nothing any more is not waited for: closing has its own patience.
    await channel.close()
    await sent
  }

  async #read(): Promise<void> {
    try {
      for await (const bytes of this.#options.channel.messages) {
        const refusal = await this.#take(bytes)
        if (this.#ended) return
        if (refusal !== undefined) return this.#end({ kind: 'refused', reason: refusal })
      }
      this.#fail('signalling-lost')
    } catch (error) {
      if (error instanceof NetworkError && error.code === 'too-large') {
        this.#end({ kind: 'refused', reason: 'too-large' })
      } else {
        this.#fail(error instanceof NetworkError ? 'signalling-lost' : 'platform', error)
      }
    }
  }

  /** @returns the reason for which the message is refused */
  async #take(bytes: Uint8Array): Promise<Reason | undefined> {
    if (!this.#messages.take()) return 'rate-limited'
    const signal = decodeSignal(bytes)
    if (!signal.ok) return signal.reason
    switch (signal.value.kind) {
      case 'description':
        return this.#takeDescription(signal.value.envelope, signal.value.sdp)
      case 'candidate':
        return this.#takeCandidate(signal.value.candidate)
      case 'bye':
        this.#fail('bye')
        return undefined
    }
  }

  async #takeDescription(envelope: Uint8Array, sdp: string): Promise<Reason | undefined> {
    const { voucher, far, polite } = this.#options
    const checked = await voucher.check(far, envelope, sdp)
    if (this.#ended) return undefined
    if (!checked.ok) return checked.reason
    const { kind, fp } = checked.value
    if (this.#fingerprint !== undefined && !equalBytes(fp, this.#fingerprint)) return 'wrong-fingerprint'
    if (!describesVoices(sdp)) return 'wrong-description'

    const state = this.#connection.signalling
    if (kind === 'answer' && state !== 'have-local-offer') return 'stale'
    if (kind === 'offer' && !polite && (this.#making || state !== 'stable')) return undefined
    this.#fingerprint = fp
    const applied = await this.#connection.accept({ type: kind, sdp })
    if (this.#ended) return undefined
    if (!applied.ok) return applied.reason
    this.#accepted = true
    this.#await()
    for (const candidate of this.#early.splice(0)) await this.#connection.addCandidate(candidate)
    if (this.#connection.signalling === 'have-remote-offer') await this.#describe()
    return undefined
  }

  async #takeCandidate(candidate: IceCandidate): Promise<Reason | undefined> {
    if (this.#accepted) {
      // Of an offer that we did not take, or of roads that were given up: not ours to use, and not wrong to send.
      await this.#connection.addCandidate(candidate)
      return undefined
    }
    if (this.#early.length >= MAX_EARLY_CANDIDATES) return 'rate-limited'
    this.#early.push(candidate)
    return undefined
  }

  async #offer(): Promise<void> {
    if (this.#ended) return
    this.#making = true
    try {
      await this.#describe()
    } catch (error) {
      this.#fail('platform', error)
    } finally {
      this.#making = false
    }
  }

  /** Makes, signs and sends our description. Its place in the outbox is taken before its candidates can ask for theirs. */
  async #describe(): Promise<void> {
    const { voucher, far } = this.#options
    const description = this.#connection.describe()
    this.#post(async () => {
      const { type, sdp }: SessionDescription = await description
      return { kind: 'description', envelope: await voucher.vouch(far.key, { type, sdp }), sdp }
    })
    await description
    this.#await()
  }

  #post(make: () => Promise<Signal>): void {
    this.#outbox = this.#outbox.then(async () => {
      if (this.#ended) return
      try {
        const signal = await make()
        if (!this.#ended) await this.#options.channel.send(encodeSignal(signal))
      } catch (error) {
        this.#fail(error instanceof NetworkError ? 'signalling-lost' : 'platform', error)
      }
    })
  }

  /** From the first description on there is something to wait for. */
  #await(): void {
    if (this.#described || this.#ended) return
    this.#described = true
    this.#set(CONNECT_MS, () => this.#fail(this.#accepted ? 'no-road' : 'no-answer'))
    this.#options.onChange()
  }

  #changed(): void {
    if (this.#ended) return
    switch (this.#connection.state) {
      case 'connected':
        this.#cancel()
        this.#restarts = 0
        if (!this.#certified) void this.#certify()
        break
      case 'disconnected':
        if (this.#restarts === 0) this.#set(DISCONNECTED_MS, () => this.#mend())
        break
      case 'failed':
        // A restart under way is given its time: it fails at first when the way out is still closed.
        if (this.#restarts === 0) this.#mend()
        break
      case 'untrusted':
        this.#end({ kind: 'refused', reason: 'wrong-fingerprint' })
        return
      case 'closed':
        this.#fail('no-road')
        return
      case 'new':
      case 'connecting':
        break
    }
    this.#options.onChange()
  }

  /** Sees that the platform did compare the certificates, where it shows the other's; until then nothing sounds. */
  async #certify(): Promise<void> {
    try {
      const shown = await this.#connection.remoteFingerprint()
      if (this.#ended) return
      if (shown !== undefined && (this.#fingerprint === undefined || !equalBytes(shown, this.#fingerprint))) {
        return this.#end({ kind: 'refused', reason: 'wrong-fingerprint' })
      }
      this.#certified = true
      this.#options.onChange()
    } catch (error) {
      this.#fail('platform', error)
    }
  }

  /** Looks for new roads, each time with more patience, and gives up after the last. Both sides do; that is a glare like any other. */
  #mend(): void {
    if (this.#restarts >= MAX_RESTARTS) {
      this.#fail('no-road')
      return
    }
    const patience = RESTART_MS * 2 ** this.#restarts
    this.#restarts += 1
    this.#set(patience, () => this.#mend())
    this.#connection.restartIce()
  }

  /** One thing at a time is waited for. */
  #set(milliseconds: number, then: () => void): void {
    this.#cancel()
    this.#overdue = this.#options.clock.after(milliseconds, then)
  }

  #cancel(): void {
    this.#overdue?.()
    this.#overdue = undefined
  }

  #fail(reason: WorldReason, cause?: unknown): void {
    this.#end({ kind: 'failed', reason, cause })
  }

  #end(end: LinkEnd): void {
    if (this.#ended) return
    this.#release()
    if (end.reason === 'bye') void this.#options.channel.close()
    else this.#options.channel.abort(new Error(`the link ended: ${end.reason}`))
    this.#options.onEnd(end)
  }

  #release(): void {
    this.#ended = true
    this.#cancel()
    this.#early.length = 0
    this.#connection.close()
  }
}
