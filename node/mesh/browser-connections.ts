import { fingerprintOf } from '../../protocol/audio/description.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type {
  Connection,
  ConnectionListener,
  ConnectionState,
  IceCandidate,
  PeerConnections,
  SessionDescription,
  SignallingState,
} from '../ports/connections.ts'

/** A source that was not heard for so long is silent, in milliseconds: five packets, which is where concealment gives up too. */
const SILENT_AFTER_MS = 200

/**
 * The browser's `RTCPeerConnection`.
 *
 * @param iceServers STUN and TURN servers, possibly none. Always passed on: what a library or browser would choose learns of every call.
 */
export function browserConnections(iceServers: readonly RTCIceServer[]): PeerConnections {
  return { open: (listener) => new BrowserConnection(iceServers, listener) }
}

class BrowserConnection implements Connection {
  readonly #pc: RTCPeerConnection
  readonly #listener: ConnectionListener
  #sending: RTCRtpTransceiver | undefined
  #voice: MediaStream | undefined
  #audible = false
  #closed = false

  constructor(iceServers: readonly RTCIceServer[], listener: ConnectionListener) {
    this.#listener = listener
    this.#pc = new RTCPeerConnection({
      iceServers: [...iceServers],
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
    })
    const changed = () => this.#changed()
    this.#pc.onnegotiationneeded = () => this.#listener.negotiationNeeded()
    this.#pc.onicecandidate = ({ candidate }) => {
      if (candidate !== null) this.#listener.candidate(toCandidate(candidate))
    }
    this.#pc.onsignalingstatechange = changed
    this.#pc.onconnectionstatechange = changed
  }

  get state(): ConnectionState {
    const { connectionState } = this.#pc
    if (this.#closed) return 'closed'
    return connectionState === 'failed' && this.#dtls()?.state === 'failed' ? 'untrusted' : connectionState
  }

  get signalling(): SignallingState {
    const { signalingState } = this.#pc
    if (signalingState === 'have-local-pranswer' || signalingState === 'have-remote-pranswer')
      throw new Error('nobody makes provisional answers')
    return signalingState
  }

  get voice(): MediaStream | undefined {
    return this.#receiver() === undefined ? undefined : this.#voice
  }

  send(track: MediaStreamTrack | undefined): void {
    if (this.#closed) return
    if (this.#sending !== undefined) {
      this.#sending.direction = track === undefined ? 'inactive' : 'sendonly'
      void this.#replace(this.#sending.sender, track ?? null)
    } else if (track !== undefined) {
      this.#sending = this.#pc.addTransceiver(track, { direction: 'sendonly' })
      preferOpus(this.#sending)
    }
  }

  hear(audible: boolean): void {
    this.#audible = audible
    for (const { receiver } of this.#pc.getTransceivers()) receiver.track.enabled = audible
  }

  async describe(): Promise<SessionDescription> {
    await this.#pc.setLocalDescription()
    const description = this.#pc.localDescription
    if (description?.type !== 'offer' && description?.type !== 'answer')
      throw new DOMException('there is no description', 'InvalidStateError')
    return { type: description.type, sdp: description.sdp }
  }

  async accept(description: SessionDescription): Promise<Result<true, 'wrong-description'>> {
    try {
      await this.#pc.setRemoteDescription(description)
    } catch (cause) {
      // The state is ours to know; any other complaint of the platform is about the description, which has no other verifier of its form.
      if (!(cause instanceof DOMException) || cause.name === 'InvalidStateError') throw cause
      return bad('wrong-description')
    }
    for (const transceiver of this.#pc.getTransceivers()) {
      if (transceiver === this.#sending) continue
      transceiver.receiver.track.enabled = this.#audible
      if (description.type === 'offer') preferOpus(transceiver)
    }
    return good(true)
  }

  async addCandidate({ candidate, mid, line, ufrag }: IceCandidate): Promise<boolean> {
    try {
      await this.#pc.addIceCandidate({
        candidate,
        sdpMid: mid ?? null,
        sdpMLineIndex: line ?? null,
        usernameFragment: ufrag ?? null,
      })
      return true
    } catch (cause) {
      // Neither mid nor line is a TypeError of the dictionary; the rest is how the platform says that it cannot use a candidate.
      if (cause instanceof TypeError || cause instanceof DOMException) return false
      throw cause
    }
  }

  restartIce(): void {
    this.#pc.restartIce()
  }

  async remoteFingerprint(): Promise<Uint8Array | undefined> {
    const dtls = this.#dtls()
    // Chromium and Firefox show the certificate itself; what does not may say it in its statistics. Where neither is
    // shown the comparison is the browser's alone, with the fingerprint in the session description that was signed.
    const [certificate] = dtls?.getRemoteCertificates?.() ?? []
    if (certificate !== undefined) return new Uint8Array(await crypto.subtle.digest('SHA-256', certificate))
    const report = await this.#pc.getStats()
    for (const entry of report.values()) {
      if (entry.type !== 'transport' || entry.remoteCertificateId === undefined) continue
      const { fingerprint, fingerprintAlgorithm } = report.get(entry.remoteCertificateId) ?? {}
      if (fingerprint !== undefined)
        return fingerprintOf(`a=fingerprint:${fingerprintAlgorithm} ${fingerprint}`)
    }
    return undefined
  }

  level(): number {
    const [source] = this.#receiver()?.getSynchronizationSources() ?? []
    if (source === undefined) return 0
    const age = performance.timeOrigin + performance.now() - source.timestamp
    return age > SILENT_AFTER_MS ? 0 : (source.audioLevel ?? 0)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pc.onnegotiationneeded = null
    this.#pc.onicecandidate = null
    this.#pc.onsignalingstatechange = null
    this.#pc.onconnectionstatechange = null
    this.#pc.close()
    this.#voice = undefined
  }

  #changed(): void {
    if (this.#pc.signalingState === 'stable') {
      const track = this.#receiver()?.track
      if (track !== undefined) this.#voice ??= new MediaStream([track])
    }
    this.#listener.changed()
  }

  /** Of the section in which the negotiated description lets the other side send; the first, should there be two. */
  #receiver(): RTCRtpReceiver | undefined {
    if (this.#closed) return undefined
    return this.#pc.getTransceivers().find(({ currentDirection }) => currentDirection === 'recvonly')
      ?.receiver
  }

  /** All sections are bundled: there is one transport. */
  #dtls(): RTCDtlsTransport | undefined {
    for (const { sender, receiver } of this.#pc.getTransceivers()) {
      const transport = sender.transport ?? receiver.transport
      if (transport !== null) return transport
    }
    return undefined
  }

  async #replace(sender: RTCRtpSender, track: MediaStreamTrack | null): Promise<void> {
    try {
      await sender.replaceTrack(track)
    } catch (cause) {
      // It was closed meanwhile, which has the same effect.
      if (!this.#closed) throw cause
    }
  }
}

/** Every WebRTC endpoint has Opus (RFC 7874 §3). With it alone a description is about 1 KiB. */
function preferOpus(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []
  const opus = codecs.filter(({ mimeType }) => mimeType.toLowerCase() === 'audio/opus')
  // Firefox before 128 has no such method; both sides then agree on Opus because both list it first.
  if (opus.length > 0) transceiver.setCodecPreferences?.(opus)
}

function toCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: RTCIceCandidate): IceCandidate {
  return {
    candidate,
    ...(sdpMid === null ? {} : { mid: sdpMid }),
    ...(sdpMLineIndex === null ? {} : { line: sdpMLineIndex }),
    ...(usernameFragment === null ? {} : { ufrag: usernameFragment }),
  }
}
