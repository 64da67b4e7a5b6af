import { default as library, type PeerConnection, type Track } from 'node-datachannel'
import { Observed } from '../../../node/observed.ts'
import type { ConnectionState } from '../../../node/ports/connection-state.ts'
import type {
  Connection,
  ConnectionListener,
  IceCandidate,
  PeerConnections,
  SessionDescription,
  SignallingState,
} from '../../../node/ports/connections.ts'
import type { Traffic } from '../../../node/ports/traffic.ts'
import type { VoiceCheck } from '../../../node/voice/opener.ts'
import { fingerprintOf } from '../../../protocol/audio/description.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import { good, type Result } from '../../../protocol/result.ts'

/** RTP payload type of Opus in our offers, and the id of the extension that says how loud it is (RFC 6464). */
const OPUS = 111
const LEVEL_ID = 1
const MID = 'voice'

/** The far ends of a mesh: they send packets that were sealed elsewhere, and count what comes without opening it. */
export class FarConnections implements PeerConnections {
  readonly audience = undefined
  readonly checks = new Observed<ReadonlyMap<KeyText, VoiceCheck>>(new Map())
  readonly made: FarConnection[] = []

  open(listener: ConnectionListener): Connection {
    const connection = new FarConnection(listener)
    this.made.push(connection)
    return connection
  }

  allow(): void {}

  rest(): void {}

  use(): void {}

  close(): void {}
}

/** Voices come and go once, and there is no glare: the other side offers only when what we offered was answered. */
export class FarConnection implements Connection {
  readonly voice = undefined
  readonly #listener: ConnectionListener
  readonly #pc: PeerConnection
  /** Kept, or the library lets go of them. */
  readonly #coming: Track[] = []
  #going: Track | undefined
  #state: ConnectionState = 'new'
  #received = 0
  #sequence = 0
  #timestamp = 0

  constructor(listener: ConnectionListener) {
    this.#listener = listener
    this.#pc = new library.PeerConnection('', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
    })
    this.#pc.onStateChange((state) => {
      if (this.#state === 'closed') return
      this.#state = state as ConnectionState
      listener.changed()
    })
    this.#pc.onLocalCandidate((candidate, mid) => {
      if (this.#state !== 'closed') listener.candidate({ candidate, mid })
    })
    this.#pc.onTrack((track) => {
      this.#coming.push(track)
      track.onMessage(() => {
        this.#received += 1
      })
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  get signalling(): SignallingState {
    return this.#state === 'closed' ? 'closed' : (this.#pc.signalingState() as SignallingState)
  }

  /** Packets of the other side. */
  get received(): number {
    return this.#received
  }

  get sends(): boolean {
    return this.#going?.isOpen() === true
  }

  send(track: MediaStreamTrack | undefined): void {
    if (track === undefined || this.#going !== undefined) return
    const media = new library.Audio(MID, 'SendOnly')
    media.addOpusCodec(OPUS)
    media.addSSRC(1, 'palabre', 'palabre', MID)
    this.#going = this.#pc.addTrack(media)
    queueMicrotask(() => this.#listener.negotiationNeeded())
  }

  hear(): void {}

  async describe(): Promise<SessionDescription> {
    const type = this.signalling === 'have-remote-offer' ? 'answer' : 'offer'
    this.#pc.setLocalDescription(type)
    const { sdp } = this.#pc.localDescription() ?? {}
    if (sdp === undefined) throw new Error('the library made no description')
    const level = `a=extmap:${LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n`
    return { type, sdp: sdp.replace(`a=mid:${MID}\r\n`, (mid) => mid + level) }
  }

  async accept({ type, sdp }: SessionDescription): Promise<Result<true, 'wrong-description'>> {
    this.#pc.setRemoteDescription(sdp, type)
    return good(true)
  }

  async addCandidate({ candidate, mid }: IceCandidate): Promise<boolean> {
    if (candidate !== '') this.#pc.addRemoteCandidate(candidate, mid ?? MID)
    return true
  }

  restartIce(): void {}

  async remoteFingerprint(): Promise<Uint8Array | undefined> {
    const { value, algorithm } = this.#pc.remoteFingerprint()
    return fingerprintOf(`a=fingerprint:${algorithm} ${value}`)
  }

  level(): number {
    return 0
  }

  async traffic(): Promise<Traffic> {
    return { roundTrip: undefined, jitter: undefined, received: this.#received, lost: 0 }
  }

  /** One packet of a voice. @param ticks of 48 kHz in it @param level RFC 6464 */
  sendPacket(payload: Uint8Array, ticks: number, level: number): void {
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + ticks) >>> 0
    if (!this.sends) return
    const bytes = Buffer.allocUnsafe(20 + payload.length)
    bytes[0] = 0x90
    bytes[1] = OPUS
    bytes.writeUInt16BE(this.#sequence, 2)
    bytes.writeUInt32BE(this.#timestamp, 4)
    bytes.writeUInt32BE(1, 8)
    bytes.writeUInt32BE(0xbede0001, 12)
    bytes.writeUInt32BE(((LEVEL_ID << 28) | (level << 16)) >>> 0, 16)
    bytes.set(payload, 20)
    this.#going?.sendMessageBinary(bytes)
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#coming.length = 0
    this.#pc.close()
  }
}
