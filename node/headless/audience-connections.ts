import { default as library, type PeerConnection, type Track } from 'node-datachannel'
import { fingerprintOf } from '../../protocol/audio/description.ts'
import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { AudienceConnection, AudienceConnections, AudienceListener } from '../ports/audience.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import { LEVEL_ROW, OPUS, RtpVoice, SOURCE } from './rtp-voice.ts'

const VOICE_MID = 'voice'

/** A packet that came in a slot. */
export interface HeardPacket {
  readonly slot: number
  readonly sequence: number
  readonly timestamp: number
  readonly payload: Uint8Array
}

export interface HeadlessOptions {
  /** The address to bind; undefined for all of the machine. */
  readonly bind: string | undefined
  readonly onPacket: (packet: HeardPacket) => void
}

/** Node's audience connections, without a device for sound: whole packets come in, and go out. */
export function headlessAudience(options: HeadlessOptions): AudienceConnections<HeadlessConnection> {
  return { open: (speaks, listener) => new HeadlessConnection(speaks, listener, options) }
}

export class HeadlessConnection implements AudienceConnection {
  readonly #listener: AudienceListener
  readonly #pc: PeerConnection
  readonly #voice: Track | undefined
  readonly #packets = new RtpVoice()
  /** Kept, or the library lets go of them. */
  readonly #slots: Track[] = []
  #state: ConnectionState = 'new'
  #opened = 0
  #offered = false
  #packetTime = 20

  constructor(speaks: boolean, listener: AudienceListener, { bind, onPacket }: HeadlessOptions) {
    this.#listener = listener
    this.#pc = new library.PeerConnection('', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      ...(bind === undefined ? {} : { bindAddress: bind }),
    })
    this.#pc.onStateChange((state) => this.#changed(state))
    for (let slot = 0; slot < MAX_VOICE_SLOTS; slot++) {
      const media = new library.Audio(`slot${slot}`, 'RecvOnly')
      media.addOpusCodec(OPUS)
      const track = this.#pc.addTrack(media)
      track.onMessage((bytes) => {
        const packet = this.#state === 'closed' ? undefined : readPacket(slot, bytes)
        if (packet !== undefined) onPacket(packet)
      })
      track.onOpen(() => this.#open())
      this.#slots.push(track)
    }
    if (!speaks) return
    const media = new library.Audio(VOICE_MID, 'SendOnly')
    media.addOpusCodec(OPUS)
    media.addSSRC(SOURCE, 'palabre', 'palabre', VOICE_MID)
    this.#voice = this.#pc.addTrack(media)
    this.#voice.onOpen(() => this.#open())
  }

  get state(): ConnectionState {
    // The library says that it is connected a moment before its tracks take anything.
    const lacking = this.#slots.length + (this.#voice === undefined ? 0 : 1) - this.#opened
    return this.#state === 'connected' && lacking > 0 ? 'connecting' : this.#state
  }

  /** Milliseconds of sound in a packet, as the relay wants it. */
  get packetTime(): number {
    return this.#packetTime
  }

  async offer(): Promise<string> {
    // The library ends the process when it is asked twice.
    if (this.#offered || this.#state === 'closed') throw new Error('an offer is made once')
    this.#offered = true
    this.#pc.setLocalDescription('offer')
    const sdp = this.#pc.localDescription()?.sdp
    if (sdp === undefined) throw new Error('the library made no offer')
    return sdp
      .replace(/^a=candidate:.*\r\n/gm, '')
      .replace(`a=mid:${VOICE_MID}\r\n`, (mid) => mid + LEVEL_ROW)
  }

  async accept(answer: string): Promise<Result<true, 'wrong-description'>> {
    if (this.#state === 'closed' || this.#pc.signalingState() !== 'have-local-offer')
      throw new Error('an answer is taken once')
    try {
      this.#pc.setRemoteDescription(answer, 'answer')
      return good(true)
    } catch {
      // The library's only way to say so.
      return bad('wrong-description')
    }
  }

  async setPacketTime(milliseconds: number): Promise<void> {
    this.#packetTime = milliseconds
  }

  async remoteFingerprint(): Promise<Uint8Array | undefined> {
    const { value, algorithm } = this.#pc.remoteFingerprint()
    return fingerprintOf(`a=fingerprint:${algorithm} ${value}`)
  }

  /**
   * Sends one packet of our voice; lost when there is no connection.
   * @param milliseconds of sound in it @param level RFC 6464, 0 (loudest) to 127
   */
  send(payload: Uint8Array, milliseconds: number, level: number): void {
    const packet = this.#packets.next(payload, milliseconds, level)
    if (this.#voice !== undefined && this.state === 'connected') this.sendRaw(packet)
  }

  /** Sends a whole RTP packet as it is, for those who try what a relay does with it. */
  sendRaw(packet: Buffer): void {
    try {
      this.#voice?.sendMessageBinary(packet)
    } catch {
      // The transport has closed, and the library has not said so yet.
    }
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#pc.close()
  }

  #open(): void {
    this.#opened += 1
    if (this.state === 'connected') this.#listener.changed()
  }

  #changed(state: string): void {
    if (this.#state === 'closed') return
    this.#state = state as ConnectionState
    this.#listener.changed()
  }
}

function readPacket(slot: number, bytes: Buffer): HeardPacket | undefined {
  // The relay sends no extension, no padding and no other sources (FANOUT-3).
  if (bytes.length <= 12 || bytes[0] !== 0x80 || ((bytes[1] as number) & 0x7f) !== OPUS) return undefined
  return {
    slot,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    payload: bytes.subarray(12),
  }
}
