import { default as library, type PeerConnection, type Track } from 'node-datachannel'
import { readVoicePacket, type VoicePacket } from '../../node/audience/rtp.ts'
import { MAX_SURPLUS_PACKETS, MAX_VOICE_PAYLOAD, PULL_CONNECT_MS } from './limits.ts'
import type { MediaReason, PlacedVoice } from './messages.ts'
import { Meter } from './meter.ts'
import { answerSdp, type Section, type Transport } from './offer.ts'
import { CASCADE_SOURCES } from './room-fan.ts'
import { RELAY_LEVEL_ID, sourceOf } from './rtp.ts'
import type { VoiceId } from './selection.ts'

const OPUS = 111
const SECTION: Section = { kind: 'slot', mid: 'voices', payloadType: OPUS }

export interface PullLinkOptions {
  readonly bind: string | undefined
  readonly onConnected: () => void
  readonly onPacket: (voice: VoiceId, packet: VoicePacket) => void
  /** Once, and the last call. */
  readonly onEnd: (reason: MediaReason) => void
}

/** In this order and never back; `closed` from any. */
type State = 'new' | 'offered' | 'accepted' | 'connected' | 'closed'

interface Source {
  readonly voice: VoiceId
  readonly meter: Meter
  /** Something came since `arrivals` was last read. */
  hasCome: boolean
}

/**
 * A connection to another relay, from which voices are taken; the other end is a `MediaLink`. The only hand on the library's connection, for the same
 * reason as there. All voices come in one section, told apart by their sources.
 */
export class PullLink {
  readonly #options: PullLinkOptions
  readonly #pc: PeerConnection
  /** Kept, or the library lets go of it. */
  readonly #track: Track
  #sources: ReadonlyMap<number, Source> = new Map()
  #state: State = 'new'
  #overdue: NodeJS.Timeout | undefined

  constructor(options: PullLinkOptions) {
    const { bind } = options
    this.#options = options
    // From a port of its own: between two shared ports the library has one connection and no second, and relays have several.
    this.#pc = new library.PeerConnection('', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      ...(bind === undefined ? {} : { bindAddress: bind }),
    })
    const media = new library.Audio(SECTION.mid, 'RecvOnly')
    media.addOpusCodec(OPUS)
    this.#track = this.#pc.addTrack(media)
    this.#track.onMessage((bytes) => this.#received(bytes))
    this.#track.onOpen(() => this.#opened())
    this.#pc.onStateChange((state) => {
      if (state === 'failed' || state === 'closed' || state === 'disconnected') this.#end('no-road')
    })
  }

  /** A link that waits for the other relay, or for a road to it. */
  get isHalfOpen(): boolean {
    return this.#state === 'offered' || this.#state === 'accepted'
  }

  /** Without candidates: the other relay learns ours from our checks. Once. */
  offer(): string {
    if (this.#state !== 'new') throw new Error(`an offer in state ${this.#state}`)
    this.#state = 'offered'
    this.#overdue = setTimeout(() => this.#end('no-road'), PULL_CONNECT_MS)
    this.#pc.setLocalDescription('offer')
    const sdp = this.#pc.localDescription()?.sdp
    if (sdp === undefined) throw new Error('the library made no offer')
    return sdp.replace(/^a=(candidate:.*|end-of-candidates)\r\n/gm, '')
  }

  /** False when it is none that the library understands, or comes twice. */
  accept(transport: Transport): boolean {
    if (this.#state !== 'offered') return false
    this.#state = 'accepted'
    const [first = 0, ...others] = CASCADE_SOURCES
    const answer = answerSdp({
      sections: [SECTION],
      transport,
      sources: [first],
      voice: { packetTime: 20, dtx: false },
    })
    try {
      this.#pc.setRemoteDescription(
        answer + others.map((source) => `a=ssrc:${source} cname:palabre\r\n`).join(''),
        'answer',
      )
      return true
    } catch {
      // The library's only way to say so.
      return false
    }
  }

  /** From now on these, and no others, are taken. */
  take(voices: readonly PlacedVoice[]): void {
    const before = new Map([...this.#sources.values()].map((source) => [source.voice, source]))
    this.#sources = new Map(
      voices.map(({ voice, slot }) => [
        CASCADE_SOURCES[slot] ?? 0,
        before.get(voice) ?? { voice, meter: new Meter(performance.now()), hasCome: false },
      ]),
    )
  }

  /** Voices that are taken now. */
  get voices(): readonly VoiceId[] {
    return [...this.#sources.values()].map(({ voice }) => voice)
  }

  /** Voices of which something came since this was last asked; undefined while nothing can. */
  arrivals(): readonly VoiceId[] | undefined {
    if (this.#state !== 'connected' || this.#sources.size === 0) return undefined
    const came = [...this.#sources.values()].filter(({ hasCome }) => hasCome)
    for (const source of came) source.hasCome = false
    return came.map(({ voice }) => voice)
  }

  /** At once; `onEnd` is not called. Twice is safe. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#overdue)
    this.#pc.close()
  }

  #received(bytes: Buffer): void {
    if (this.#state !== 'accepted' && this.#state !== 'connected') return
    const source = this.#sources.get(sourceOf(bytes) ?? -1)
    // One that was let go of a moment ago, or control packets.
    if (source === undefined) return
    const packet = readVoicePacket(bytes, OPUS, RELAY_LEVEL_ID)
    const isVoice = packet !== undefined && packet.payload.length <= MAX_VOICE_PAYLOAD
    // What one voice may send holds for the relay that brings it too, whoever made it.
    if (isVoice && source.meter.take(packet.payload.length, performance.now())) {
      source.hasCome = true
      this.#options.onPacket(source.voice, packet)
      return
    }
    if (!isVoice) source.meter.reject()
    const surplus = [...this.#sources.values()].reduce((sum, { meter }) => sum + meter.surplus, 0)
    if (surplus > MAX_SURPLUS_PACKETS) this.#end('rate-limited')
  }

  #opened(): void {
    if (this.#state !== 'accepted') return
    this.#state = 'connected'
    clearTimeout(this.#overdue)
    this.#options.onConnected()
  }

  #end(reason: MediaReason): void {
    if (this.#state === 'closed') return
    this.close()
    this.#options.onEnd(reason)
  }
}
