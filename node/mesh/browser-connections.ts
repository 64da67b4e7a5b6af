import type { KeyText } from '../../protocol/ids.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { browserAudience } from '../audience/browser-connections.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type {
  Connection,
  ConnectionListener,
  ConnectionsOfRoom,
  IceCandidate,
  PeerConnections,
  SessionDescription,
  SignallingState,
  VoiceSession,
} from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import { type VoiceTransforms, waitingTransforms } from '../voice/transforms.ts'
import { dtlsOf, levelOf, preferOpus, shownFingerprint, trafficOf } from './browser-platform.ts'
import { Senders } from './senders.ts'

/**
 * The browser's `RTCPeerConnection`.
 *
 * @param iceServers STUN and TURN servers, possibly none. Always passed on: what a library or browser would choose learns of every call.
 */
export function browserConnections(iceServers: readonly RTCIceServer[]): ConnectionsOfRoom {
  let waiting = newRoom()
  const enter = (session: VoiceSession): PeerConnections => {
    const { transforms, senders, audience } = waiting
    waiting = newRoom()
    transforms.begin(session)
    return {
      checks: transforms.checks,
      open: (listener, speaker) => new BrowserConnection(iceServers, listener, transforms, senders, speaker),
      audience,
      allow: transforms.allow,
      use: (keys) => transforms.use(keys),
      rest: (resting) => senders.rest(resting),
      close: () => transforms.close(),
    }
  }
  const ahead: ConnectionsOfRoom['ahead'] = {
    open: (speaks, listener) => waiting.audience.open(speaks, listener),
  }
  return Object.assign(enter, { ahead })
}

/** What all connections of one room share, made before it is known which room that is. */
function newRoom() {
  const transforms = waitingTransforms()
  const senders = new Senders()
  const audience = browserAudience(senders, {
    seal: (sender) => transforms.seal(sender, 'relay'),
    open: transforms.openSlots,
  })
  return { transforms, senders, audience }
}

class BrowserConnection implements Connection {
  readonly #pc: RTCPeerConnection
  readonly #listener: ConnectionListener
  readonly #transforms: VoiceTransforms
  readonly #senders: Senders
  readonly #speaker: KeyText
  #sending: RTCRtpTransceiver | undefined
  #voice: MediaStream | undefined
  #audible = false
  #closed = false

  constructor(
    iceServers: readonly RTCIceServer[],
    listener: ConnectionListener,
    transforms: VoiceTransforms,
    senders: Senders,
    speaker: KeyText,
  ) {
    this.#listener = listener
    this.#transforms = transforms
    this.#senders = senders
    this.#speaker = speaker
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
    return connectionState === 'failed' && dtlsOf(this.#pc)?.state === 'failed'
      ? 'untrusted'
      : connectionState
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
      const sending = this.#pc.addTransceiver('audio', { direction: 'sendonly' })
      preferOpus(sending)
      // Before there is anything to send, and what could not be sealed is never sent on: not one frame leaves in the clear.
      this.#transforms.seal(sending.sender, 'mesh')
      this.#sending = sending
      void this.#replace(sending.sender, track)
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
      // Before our answer is out, and so before anything can come: a decoder plays what is sealed as loud noise.
      if (transceiver.receiver.transform === null) this.#transforms.open(transceiver.receiver, this.#speaker)
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

  remoteFingerprint(): Promise<Uint8Array | undefined> {
    return shownFingerprint(this.#pc)
  }

  level(): number {
    const receiver = this.#receiver()
    return receiver === undefined ? 0 : levelOf(receiver, 0)
  }

  traffic(): Promise<Traffic> {
    return trafficOf(this.#pc)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pc.onnegotiationneeded = null
    this.#pc.onicecandidate = null
    this.#pc.onsignalingstatechange = null
    this.#pc.onconnectionstatechange = null
    if (this.#sending !== undefined) this.#senders.drop(this.#sending.sender)
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

  async #replace(sender: RTCRtpSender, track: MediaStreamTrack | null): Promise<void> {
    try {
      await this.#senders.send(sender, track)
    } catch (cause) {
      // It was closed meanwhile, which has the same effect.
      if (!this.#closed) throw cause
    }
  }
}

function toCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: RTCIceCandidate): IceCandidate {
  return {
    candidate,
    ...(sdpMid === null ? {} : { mid: sdpMid }),
    ...(sdpMLineIndex === null ? {} : { line: sdpMLineIndex }),
    ...(usernameFragment === null ? {} : { ufrag: usernameFragment }),
  }
}
