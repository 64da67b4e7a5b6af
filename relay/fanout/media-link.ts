import { setTimeout as delay } from 'node:timers/promises'
import { default as library, type PeerConnection, type Track } from 'node-datachannel'
import { readVoicePacket, type VoicePacket } from '../../node/audience/rtp.ts'
import { HANDSHAKE_MS, LOOK_AGAIN_MS, MAX_SURPLUS_PACKETS, MAX_VOICE_PAYLOAD } from './limits.ts'
import type { MediaReason } from './messages.ts'
import { Meter } from './meter.ts'
import { answerSdp, type Offer, plainOffer, readTransport, type Section, type VoiceWish } from './offer.ts'
import { type Branch, type Ear, SLOT_SOURCES } from './room-fan.ts'
import type { VoiceId } from './selection.ts'

export interface MediaLinkOptions {
  readonly offer: Offer
  readonly voice: VoiceId | undefined
  readonly wish: VoiceWish
  readonly port: number
  readonly bind: string | undefined
  readonly announce: readonly string[]
  readonly onConnected: () => void
  /** A packet of its voice that may be forwarded. */
  readonly onPacket: (packet: VoicePacket) => void
  /** Once, and the last call. */
  readonly onEnd: (reason: MediaReason) => void
}

/** In this order and never back; `closed` from any. */
type State = 'new' | 'offered' | 'answered' | 'connected' | 'closed'

/**
 * One connection of the library, and the only hand on it. Some of its calls end the whole process when they come at the wrong time (an answer
 * without an offer, an answer twice, a port that is taken): each is made in the one state that allows it, and never again.
 *
 * Of what the library would call back for, only two are asked of it. Every callback is a handle of the event loop as long as the link lives, and the loop
 * walks all of them whenever one is called, for each packet of a speaker: with six for each of 2,500 listeners that took 4 ms (measured). What happens
 * once and soon is looked for instead.
 */
export class MediaLink implements Ear, Branch {
  readonly payloadType: number
  readonly slots: number
  readonly voice: VoiceId | undefined
  /** Where the other end is a relay. */
  given: ReadonlyMap<VoiceId, number> = new Map()
  readonly #options: MediaLinkOptions
  readonly #pc: PeerConnection
  readonly #tracks = new Map<string, Track>()
  readonly #slotMids: readonly string[]
  #outgoing: readonly (Track | undefined)[] = []
  #state: State = 'new'
  #overdue: NodeJS.Timeout | undefined

  constructor(options: MediaLinkOptions) {
    const { offer, voice, port, bind } = options
    const slots = offer.sections.filter(({ kind }) => kind === 'slot')
    this.#options = options
    this.#slotMids = slots.map(({ mid }) => mid)
    this.slots = slots.length
    this.payloadType = slots[0]?.payloadType ?? 0
    this.voice = voice
    this.#pc = new library.PeerConnection('', {
      iceServers: [],
      enableIceUdpMux: true,
      portRangeBegin: port,
      portRangeEnd: port,
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      ...(bind === undefined ? {} : { bindAddress: bind }),
    })
  }

  /** A link that was answered and is not connected yet. */
  get isHalfOpen(): boolean {
    return this.#state === 'offered' || this.#state === 'answered'
  }

  get isConnected(): boolean {
    return this.#state === 'connected'
  }

  /** @returns the answer, or undefined when the library makes nothing of the offer; once. */
  async answer(): Promise<string | undefined> {
    if (this.#state !== 'new') throw new Error(`an answer in state ${this.#state}`)
    const { offer, wish } = this.#options
    this.#state = 'offered'
    this.#pc.onTrack((track) => this.#tracks.set(track.mid(), track))
    this.#pc.onStateChange((state) => this.#changed(state))
    try {
      this.#pc.setRemoteDescription(plainOffer(offer), 'offer')
    } catch {
      // The library's only way to say so.
      return undefined
    }
    if (this.#pc.signalingState() !== 'have-remote-offer') return undefined
    this.#overdue = setTimeout(() => this.#end('no-road'), HANDSHAKE_MS)
    this.#pc.setLocalDescription('answer')
    await this.#until('offered', () => this.#pc.gatheringState() === 'complete')
    // The tracks are told of by callbacks, which may be on their way.
    await this.#until('offered', () => this.#tracks.size === offer.sections.length)
    // It may have been closed meanwhile.
    if (this.#state !== 'offered') return undefined
    const transport = readTransport(this.#pc.localDescription()?.sdp ?? '', this.#options.announce)
    if (transport === undefined || !this.#bindTracks(offer.sections)) return undefined
    this.#state = 'answered'
    return answerSdp({ sections: offer.sections, transport, sources: SLOT_SOURCES, voice: wish })
  }

  send(slot: number, packet: Buffer): void {
    const track = this.#outgoing[slot]
    if (track === undefined || this.#state !== 'connected') return
    try {
      track.sendMessageBinary(packet)
    } catch {
      // The transport has closed and the library has not said so yet: the packet is lost, as it would be on the road.
    }
  }

  pass(packet: Buffer): void {
    this.send(0, packet)
  }

  /** At once; `onEnd` is not called. Twice is safe. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#overdue)
    this.#outgoing = []
    this.#tracks.clear()
    // At once: what stays would swallow whoever comes next from the same address.
    this.#pc.close()
  }

  #bindTracks(sections: readonly Section[]): boolean {
    this.#outgoing = this.#slotMids.map((mid) => this.#tracks.get(mid))
    for (const section of sections) {
      if (section.kind !== 'voice') continue
      const track = this.#tracks.get(section.mid)
      if (track === undefined) return false
      if (this.voice === undefined) continue
      // Tells the speaker what arrives.
      track.setMediaHandler(new library.RtcpReceivingSession())
      const meter = new Meter(performance.now())
      const { payloadType, level } = section
      track.onMessage((bytes) => this.#received(bytes, payloadType, level, meter))
    }
    return this.#outgoing.every((track) => track !== undefined)
  }

  #received(bytes: Buffer, payloadType: number, level: number | undefined, meter: Meter): void {
    // The other side knows of the connection before we do, and what it sends at once may be here before the library's word of it. Only what came over
    // the finished handshake comes here.
    if (this.#state !== 'answered' && this.#state !== 'connected') return
    const packet = readVoicePacket(bytes, payloadType, level)
    const isVoice = packet !== undefined && packet.payload.length <= MAX_VOICE_PAYLOAD
    if (!isVoice) meter.reject()
    else if (meter.take(packet.payload.length, performance.now())) this.#options.onPacket(packet)
    if (meter.surplus > MAX_SURPLUS_PACKETS) this.#end('rate-limited')
  }

  #changed(state: string): void {
    if (state === 'connected') void this.#open()
    else if (state === 'failed' || state === 'closed' || state === 'disconnected') this.#end('no-road')
  }

  /** That it is connected is told a moment before its tracks take anything. */
  async #open(): Promise<void> {
    await this.#until('answered', () => this.#outgoing.every((track) => track?.isOpen()))
    if (this.#state !== 'answered') return
    this.#state = 'connected'
    clearTimeout(this.#overdue)
    this.#options.onConnected()
  }

  /** Resolves when the condition holds, or the state is another. */
  async #until(state: State, condition: () => boolean): Promise<void> {
    while (this.#state === state && !condition()) await delay(LOOK_AGAIN_MS)
  }

  #end(reason: MediaReason): void {
    if (this.#state === 'closed') return
    this.close()
    this.#options.onEnd(reason)
  }
}
