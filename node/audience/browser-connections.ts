import type { KeyText } from '../../protocol/ids.ts'
import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { dtlsOf, levelOf, preferOpus, shownFingerprint, trafficOf } from '../mesh/browser-platform.ts'
import type { Senders } from '../mesh/senders.ts'
import type {
  AudibleConnection,
  AudienceConnections,
  AudienceListener,
  AudienceSlot,
} from '../ports/audience.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { Traffic } from '../ports/traffic.ts'

/** What stands between a voice and the relay: nobody is sent, or hears, what has not gone through it (W3C WebRTC Encoded Transform). */
export interface AudienceTransforms {
  /** Called before the sender has a track, once. */
  seal(sender: RTCRtpSender): void
  /**
   * Called before anything can come, once, with the receivers of all slots.
   * @param onSpeaker it is another's voice that comes in a slot now
   * @returns ends what `onSpeaker` is told
   */
  open(receivers: readonly RTCRtpReceiver[], onSpeaker: (slot: number, speaker: KeyText) => void): () => void
}

/** The browser's connections with a relay. They ask no STUN server: a relay is at an address that it says itself. */
export function browserAudience(
  senders: Senders,
  transforms: AudienceTransforms,
): AudienceConnections<BrowserAudienceConnection> {
  return { open: (speaks, listener) => new BrowserAudienceConnection(speaks, listener, senders, transforms) }
}

export class BrowserAudienceConnection implements AudibleConnection {
  readonly #pc: RTCPeerConnection
  readonly #receivers: readonly RTCRtpReceiver[]
  readonly #forgetSlots: () => void
  readonly #senders: Senders
  readonly #sender: RTCRtpSender | undefined
  #slots: readonly AudienceSlot[]
  #answer = ''
  #closed = false

  constructor(speaks: boolean, listener: AudienceListener, senders: Senders, transforms: AudienceTransforms) {
    this.#senders = senders
    this.#pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' })
    this.#pc.onconnectionstatechange = () => listener.changed()
    const slots = Array.from({ length: MAX_VOICE_SLOTS }, () =>
      this.#pc.addTransceiver('audio', { direction: 'recvonly' }),
    )
    const receivers = slots.map(({ receiver }) => receiver)
    // A decoder plays what it cannot read as loud noise: the transforms come before the first packet can.
    this.#forgetSlots = transforms.open(receivers, (slot, speaker) => {
      this.#slots = this.#slots.map((each, i) => (i === slot ? { ...each, speaker } : each))
      listener.changed()
    })
    this.#receivers = receivers
    this.#slots = receivers.map(({ track }) => ({ stream: new MediaStream([track]), speaker: undefined }))
    const voice = speaks ? this.#pc.addTransceiver('audio', { direction: 'sendonly' }) : undefined
    if (voice !== undefined) transforms.seal(voice.sender)
    this.#sender = voice?.sender
    for (const transceiver of this.#pc.getTransceivers()) preferOpus(transceiver)
  }

  get state(): ConnectionState {
    if (this.#closed) return 'closed'
    const { connectionState } = this.#pc
    return connectionState === 'failed' && dtlsOf(this.#pc)?.state === 'failed'
      ? 'untrusted'
      : connectionState
  }

  get slots(): readonly AudienceSlot[] {
    return this.#slots
  }

  /** A relay forwards no loudness, and nobody's silence: what comes is speech. */
  levels(): readonly number[] {
    return this.#receivers.map((receiver) => (this.#closed ? 0 : levelOf(receiver, 1)))
  }

  traffic(): Promise<Traffic> {
    return trafficOf(this.#pc)
  }

  async send(track: MediaStreamTrack | undefined): Promise<void> {
    if (this.#closed) return
    try {
      if (this.#sender !== undefined) await this.#senders.send(this.#sender, track ?? null)
    } catch (cause) {
      // It was closed meanwhile, which has the same effect.
      if (!this.#closed) throw cause
    }
  }

  async offer(): Promise<string> {
    await this.#pc.setLocalDescription()
    const sdp = this.#pc.localDescription?.sdp
    if (sdp === undefined) throw new DOMException('there is no description', 'InvalidStateError')
    return sdp.replace(/^a=(candidate:.*|end-of-candidates)\r\n/gm, '')
  }

  async accept(answer: string): Promise<Result<true, 'wrong-description'>> {
    try {
      await this.#pc.setRemoteDescription({ type: 'answer', sdp: answer })
      this.#answer = answer
      return good(true)
    } catch (cause) {
      // The state is ours to know; any other complaint of the platform is about the description.
      if (!(cause instanceof DOMException) || cause.name === 'InvalidStateError') throw cause
      return bad('wrong-description')
    }
  }

  /** The relay's own answer with another wish in it: nothing that it has to hear of again. */
  async setPacketTime(milliseconds: number): Promise<void> {
    if (this.#closed || this.#answer === '') return
    this.#answer = this.#answer.replace(/^a=ptime:\d+/m, `a=ptime:${milliseconds}`)
    await this.#pc.setLocalDescription()
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: this.#answer })
  }

  remoteFingerprint(): Promise<Uint8Array | undefined> {
    return shownFingerprint(this.#pc)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#forgetSlots()
    if (this.#sender !== undefined) this.#senders.drop(this.#sender)
    this.#pc.onconnectionstatechange = null
    this.#pc.close()
  }
}
