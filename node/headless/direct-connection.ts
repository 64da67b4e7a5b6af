import { default as library, type PeerConnection, type Track } from 'node-datachannel'
import { fingerprintOf } from '../../protocol/audio/description.ts'
import { opusDuration } from '../../protocol/audio/opus.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { readVoicePacket } from '../audience/rtp.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type {
  Connection,
  ConnectionListener,
  IceCandidate,
  SessionDescription,
  SignallingState,
} from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import type { Opener } from '../voice/opener.ts'
import { iceServerOf } from './ice-servers.ts'
import { Outlet } from './outlet.ts'
import { type Arrival, PacketStream } from './packet-stream.ts'
import { packetTrackOf } from './packet-track.ts'
import { Reception, trafficOf } from './reception.ts'
import { LEVEL_ROW, OPUS, RtpVoice, SOURCE } from './rtp-voice.ts'
import { asClient, fragmentOf, readSections, type Section, type SectionDirection, tidied } from './sdp.ts'
import type { Sound } from './sound.ts'

/** Milliseconds of sound in a packet, between two who are linked directly. */
const PACKET_TIME = 20
/** Nothing came for so long: five packets. Milliseconds. */
const SILENT_AFTER_MS = 200

/** A packet as it came, until it may be heard. */
interface Waiting {
  readonly arrival: Arrival
  /** Linear, 0 to 1; 0 where the other side does not say it. */
  readonly level: number
}

/**
 * A direct link of a peer without devices, on libdatachannel. That finds no new roads for a connection that stands (ICE restart): one that would have to
 * is closed, and whoever wants the link makes it anew.
 */
export class DirectConnection implements Connection {
  readonly #listener: ConnectionListener
  readonly #pc: PeerConnection
  readonly #sound: Sound
  readonly #stream = new PacketStream('direct')
  readonly #reception = new Reception()
  readonly #opener: Opener<Waiting>
  readonly #outlet: Outlet
  readonly #packets = new RtpVoice()
  /** Of our own section. No section of the other side is called so, whoever describes first. */
  readonly #mid = `v${crypto.randomUUID().slice(0, 8)}`
  /** Kept, or the library lets go of them. */
  readonly #tracks: Track[] = []
  #own: Track | undefined
  /** Our section: what we want of it, what we last described, and what both have agreed to. */
  #wanted: 'sendonly' | 'inactive' | undefined
  #described: 'sendonly' | 'inactive' | undefined
  #settled: 'sendonly' | 'inactive' | undefined
  #remote: readonly Section[] = []
  #fragment: string | undefined
  /** The other side's section, once both have agreed that it sends. */
  #incoming: Section | undefined
  #state: ConnectionState = 'new'
  /** ICE has found a road. */
  #isFound = false
  /** It was connected once. */
  #hasStood = false
  #isAsked = false
  #isAudible = false
  #heardAt = Number.NEGATIVE_INFINITY
  #level = 0
  #isClosed = false
  /** Whoever opened it has closed it. */
  #isUnwanted = false

  constructor(
    listener: ConnectionListener,
    speaker: KeyText,
    iceServers: readonly RTCIceServer[],
    sound: Sound,
  ) {
    this.#listener = listener
    this.#sound = sound
    this.#opener = sound.opener<Waiting>('mesh', () => [speaker])
    this.#outlet = new Outlet({
      sound,
      sealer: sound.sealer('mesh'),
      packetTime: () => PACKET_TIME,
      send: (sealed, milliseconds, level) => this.#send(this.#packets.next(sealed, milliseconds, level)),
    })
    this.#pc = new library.PeerConnection('', {
      iceServers: iceServers.flatMap(iceServerOf),
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      ...(sound.bind === undefined ? {} : { bindAddress: sound.bind }),
    })
    this.#pc.onStateChange((state) => this.#enter(state))
    this.#pc.onIceStateChange((state) => {
      if (state === 'connected' || state === 'completed') this.#isFound = true
    })
    this.#pc.onSignalingStateChange(() => {
      if (!this.#isClosed) this.#listener.changed()
    })
    this.#pc.onLocalCandidate((candidate, mid) => {
      if (!this.#isClosed) this.#listener.candidate({ candidate: candidate.replace(/^a=/, ''), mid })
    })
    this.#pc.onTrack((track) => {
      this.#tracks.push(track)
      track.onMessage((bytes) => {
        void this.#take(bytes).catch((error: unknown) => sound.report('a voice', error))
      })
    })
  }

  get state(): ConnectionState {
    return this.#isClosed ? 'closed' : this.#state
  }

  get signalling(): SignallingState {
    if (this.#isClosed) return 'closed'
    const state = this.#pc.signalingState()
    if (state === 'have-local-pranswer' || state === 'have-remote-pranswer')
      throw new Error('nobody makes provisional answers')
    return state
  }

  get voice(): MediaStream | undefined {
    return this.#isClosed || this.#incoming === undefined ? undefined : this.#stream.asMediaStream()
  }

  send(track: MediaStreamTrack | undefined): void {
    if (this.#isClosed) return
    this.#outlet.use(track && packetTrackOf(track))
    if (track !== undefined) this.#wanted = 'sendonly'
    else if (this.#wanted !== undefined) this.#wanted = 'inactive'
    if (this.#own === undefined && this.#wanted !== undefined) {
      const media = new library.Audio(this.#mid, 'SendOnly')
      media.addOpusCodec(OPUS)
      media.addSSRC(SOURCE, 'palabre', 'palabre', this.#mid)
      this.#own = this.#pc.addTrack(media)
    }
    this.#ask()
  }

  hear(audible: boolean): void {
    this.#isAudible = audible
  }

  async describe(): Promise<SessionDescription> {
    const { signalling } = this
    // The library ends the process when it is asked for what it cannot give.
    const isAnswer = signalling === 'have-remote-offer'
    if (!isAnswer && (signalling !== 'stable' || (this.#own === undefined && this.#tracks.length === 0)))
      throw new DOMException('there is nothing to describe', 'InvalidStateError')
    this.#pc.setLocalDescription(isAnswer ? 'answer' : 'offer')
    const sdp = this.#pc.localDescription()?.sdp
    if (sdp === undefined) throw new DOMException('there is no description', 'InvalidStateError')
    if (!isAnswer || this.#remote.some(({ mid }) => mid === this.#mid)) this.#described = this.#wanted
    const offered = new Map(this.#remote.map(({ mid, direction }) => [mid, direction]))
    const directionOf = (mid: string): SectionDirection => {
      if (mid === this.#mid) return this.#wanted ?? 'inactive'
      return !isAnswer || sends(offered.get(mid)) ? 'recvonly' : 'inactive'
    }
    const text = tidied(sdp, directionOf, LEVEL_ROW)
    if (isAnswer) this.#settle()
    return { type: isAnswer ? 'answer' : 'offer', sdp: text }
  }

  async accept({ type, sdp }: SessionDescription): Promise<Result<true, 'wrong-description'>> {
    const { signalling } = this
    if (signalling === 'closed' || (type === 'answer' && signalling !== 'have-local-offer'))
      throw new DOMException('nothing was offered', 'InvalidStateError')
    const fragment = fragmentOf(sdp)
    if (this.#fragment !== undefined && fragment !== this.#fragment) {
      this.#giveUp()
      return good(true)
    }
    // Whoever answers first of all waits for DTLS to be begun, and goes on doing so.
    const told = type === 'offer' && this.#fragment === undefined ? asClient(sdp) : sdp
    try {
      this.#pc.setRemoteDescription(told, type)
    } catch {
      // The library's only way to say so.
      return bad('wrong-description')
    }
    this.#fragment = fragment
    this.#remote = readSections(sdp)
    // An offer of our own was taken back for it.
    if (type === 'offer' && signalling === 'have-local-offer') this.#described = this.#settled
    if (type === 'answer') this.#settle()
    return good(true)
  }

  async addCandidate({ candidate, mid }: IceCandidate): Promise<boolean> {
    if (this.#isClosed || this.#fragment === undefined) return false
    // The end of a generation; the library waits for none.
    if (candidate === '') return true
    try {
      this.#pc.addRemoteCandidate(candidate, mid ?? this.#remote[0]?.mid ?? '')
      return true
    } catch {
      // The library's only way to say so.
      return false
    }
  }

  restartIce(): void {
    this.#giveUp()
  }

  async remoteFingerprint(): Promise<Uint8Array | undefined> {
    const { value, algorithm } = this.#pc.remoteFingerprint()
    return fingerprintOf(`a=fingerprint:${algorithm} ${value}`)
  }

  level(): number {
    const isRecent = performance.now() - this.#heardAt <= SILENT_AFTER_MS
    return isRecent && this.#isAudible && this.voice !== undefined ? this.#level : 0
  }

  async traffic(): Promise<Traffic> {
    return trafficOf([this.#reception])
  }

  close(): void {
    this.#isUnwanted = true
    this.#end()
  }

  #end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#outlet.close()
    this.#pc.close()
  }

  /** Both descriptions are there. */
  #settle(): void {
    this.#settled = this.#described
    this.#isAsked = false
    this.#incoming = this.#remote.find(({ mid, direction }) => mid !== this.#mid && sends(direction))
    this.#ask()
  }

  /** Asks for a negotiation once, when there is nothing else under way (W3C WebRTC §4.7.3). */
  #ask(): void {
    queueMicrotask(() => {
      if (this.#isAsked || this.signalling !== 'stable' || this.#wanted === this.#settled) return
      this.#isAsked = true
      this.#listener.negotiationNeeded()
    })
  }

  #giveUp(): void {
    if (this.#isClosed) return
    this.#end()
    queueMicrotask(() => {
      if (!this.#isUnwanted) this.#listener.changed()
    })
  }

  /** As the library tells it: when it does, it may be further. */
  #enter(state: string): void {
    if (this.#isClosed || state === 'closed') return
    // A road was found, and at its end is another than the description names (RFC 8122 §6.2).
    const isUntrusted = state === 'failed' && this.#isFound && !this.#hasStood
    this.#state = isUntrusted ? 'untrusted' : (state as ConnectionState)
    this.#hasStood ||= state === 'connected'
    this.#listener.changed()
  }

  #send(packet: Buffer): void {
    if (this.#settled !== 'sendonly' || this.state !== 'connected') return
    try {
      this.#own?.sendMessageBinary(packet)
      this.#sound.went()
    } catch {
      // The transport has closed, and the library has not said so yet.
    }
  }

  async #take(bytes: Buffer): Promise<void> {
    const { opus: type, level: levelId } = this.#incoming ?? {}
    const packet = type === undefined || this.#isClosed ? undefined : readVoicePacket(bytes, type, levelId)
    if (packet === undefined) return
    const arrival = this.#reception.take(packet.sequence, packet.timestamp, performance.now())
    const level = packet.level === undefined || packet.level === 127 ? 0 : 10 ** (-packet.level / 20)
    // The library takes its memory back.
    const heard = await this.#opener.open({ arrival, level }, packet.payload.slice())
    for (const { frame, opus } of heard) {
      if (this.#isClosed || !this.#isAudible) return
      this.#heardAt = performance.now()
      this.#level = frame.level
      this.#stream.hear({ milliseconds: opusDuration(opus) ?? 0, arrival: frame.arrival })
    }
  }
}

function sends(direction: SectionDirection | undefined): boolean {
  return direction === 'sendonly' || direction === 'sendrecv'
}
