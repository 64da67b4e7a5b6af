import type { KeyText, RoomId } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import type { Observable } from '../observed.ts'
import type { VoiceKeys } from '../voice/keys.ts'
import type { VoiceCheck } from '../voice/opener.ts'
import type { AudibleConnection, AudienceConnections } from './audience.ts'
import type { ConnectionState } from './connection-state.ts'
import type { Traffic } from './traffic.ts'

/** Whose voice is sealed, and in which room. */
export interface VoiceSession {
  readonly room: RoomId
  /** 32 bytes: the session's key, which signs for what it says. */
  readonly seed: Uint8Array
}

/**
 * Connections that carry the voices of one room, one for each pair of sessions. What the platform calls an `RTCPeerConnection`, reduced to what the
 * mesh asks of it: one voice out, one voice in, each in a section of its own, Opus and nothing else.
 *
 * No voice leaves but sealed, and none sounds but what opened and its speaker signs for (SPEC §8.5, §8.6). There is no other way through a connection.
 */
export interface PeerConnections {
  /**
   * A new connection that has neither a voice nor a description. Nobody is asked for a microphone, now or later.
   * @param speaker the session at the other end, whose voice alone may come over it
   */
  open(listener: ConnectionListener, speaker: KeyText): Connection
  /** Connections with relays, for the same voices; undefined where there are none. */
  readonly audience: AudienceConnections<AudibleConnection> | undefined
  /** Sessions whose voices may come over relays; nobody's before the first call. */
  allow(speakers: readonly KeyText[]): void
  /** What voices are sealed and opened with from now on; before the first call nothing is sent or heard. */
  use(keys: VoiceKeys): void
  /** While our voice rests none of these connections sends anything, whatever track it was given. At first it does not rest. Not negotiated. */
  rest(resting: boolean): void
  /** What is known of the voices that came, by session. */
  readonly checks: Observable<ReadonlyMap<KeyText, VoiceCheck>>
  /** Ends what all of them share, once they are closed. Twice is safe. */
  close(): void
}

export interface ConnectionsOfRoom {
  /** A room is entered. */
  (session: VoiceSession): PeerConnections
  /**
   * Connections with relays for the room that is entered next, before it is known which: what comes over them waits for that. Who opens one closes it, or
   * hands it to that room. Undefined where there are none.
   */
  readonly ahead?: AudienceConnections<AudibleConnection>
}

/** Nothing is called back from inside a call to the connection, nor after `close`. */
export interface ConnectionListener {
  /** What was described is not what is wanted any more: `describe`, and send what it gives. Comes in the state `stable` only. */
  negotiationNeeded(): void
  /** A road to us, for the other side. */
  candidate(candidate: IceCandidate): void
  /** `state`, `signalling` or `voice` may be another. */
  changed(): void
}

/** An offer or answer (RFC 9429). */
export interface SessionDescription {
  readonly type: 'offer' | 'answer'
  readonly sdp: string
}

/** A trickled candidate (RFC 8840); an empty `candidate` ends its generation. */
export interface IceCandidate {
  readonly candidate: string
  readonly mid?: string
  readonly line?: number
  readonly ufrag?: string
}

/** W3C WebRTC §4.3.1, without the provisional answers that nobody makes. */
export type SignallingState = 'stable' | 'have-local-offer' | 'have-remote-offer' | 'closed'

/** Calls that change the description are carried out in the order in which they were made. After `close` they reject with `InvalidStateError`. */
export interface Connection {
  readonly state: ConnectionState
  readonly signalling: SignallingState
  /** What the other side sends: defined while the negotiated description says that it does. The same object for as long as the connection lives. */
  readonly voice: MediaStream | undefined
  /**
   * Sends this track, or none. The first track and every change between some and none is negotiated; another track in place of one is not.
   * Without one nothing is sent from the moment of the call.
   */
  send(track: MediaStreamTrack | undefined): void
  /** Whether what is received sounds; at first it does not. At once, and without the other side. */
  hear(audible: boolean): void
  /** Makes and applies the local description that the signalling state asks for: an answer in `have-remote-offer`, else an offer. */
  describe(): Promise<SessionDescription>
  /**
   * Applies a remote description. An offer in `have-local-offer` takes our own back first, which is then needed again.
   * @returns `wrong-description` when the platform can make nothing of it
   * @throws DOMException `InvalidStateError` on an answer that answers nothing
   */
  accept(description: SessionDescription): Promise<Result<true, 'wrong-description'>>
  /**
   * Takes a road to the other side. False for one that cannot be used: it is malformed, or of a generation that is not described. A candidate
   * is only a road: the worst that a bad one does is lead nowhere.
   */
  addCandidate(candidate: IceCandidate): Promise<boolean>
  /** The next offer asks for new roads; a negotiation is needed now. */
  restartIce(): void
  /**
   * SHA-256 of the certificate (DER) with which the other side proved itself; undefined before that, and on a platform that does not
   * show it. 32 bytes. The platform compares it with the accepted description by itself (RFC 8827 §6.5); this is to see that it did.
   */
  remoteFingerprint(): Promise<Uint8Array | undefined>
  /** Loudness of what was received just now, linear from 0 (silence, or nothing) to 1. */
  level(): number
  /** Of nothing, once it is closed. */
  traffic(): Promise<Traffic>
  /** At once; the other side notices in its own time. Twice is safe. */
  close(): void
}
