import type { KeyText } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import type { ConnectionState } from './connection-state.ts'
import type { Traffic } from './traffic.ts'

/**
 * Connections with a relay that carries a room's voices: three slots to listen with, and a voice for who speaks. Offered once, answered once, and
 * made anew rather than mended.
 */
export interface AudienceConnections<C extends AudienceConnection> {
  /** @param speaks whether it also has a voice of its own */
  open(speaks: boolean, listener: AudienceListener): C
}

/** Nothing is called back from inside a call to the connection, nor after `close`. */
export interface AudienceListener {
  /** `state`, or what is heard, may be another. */
  changed(): void
}

/** One that a person listens to, and speaks into. What it brings was opened, and is of those whom `allow` of its connections named last. */
export interface AudibleConnection extends AudienceConnection {
  /** The same streams for as long as the connection lives. */
  readonly slots: readonly AudienceSlot[]
  /** Our own voice, or none; only where the connection speaks. */
  send(track: MediaStreamTrack | undefined): Promise<void>
  /** Loudness of what came in each slot just now, as in `Connection`. */
  levels(): readonly number[]
  /** As in `Connection`. */
  traffic(): Promise<Traffic>
}

export interface AudienceSlot {
  readonly stream: MediaStream
  /** Whose voice came in it last, by the key that sealed it; undefined before the first word. */
  readonly speaker: KeyText | undefined
}

export interface AudienceConnection {
  readonly state: ConnectionState
  /** The offer (FANOUT-2), without candidates; once. */
  offer(): Promise<string>
  /** Applies the relay's answer; once. @returns `wrong-description` when the platform can make nothing of it */
  accept(answer: string): Promise<Result<true, 'wrong-description'>>
  /** From now on each packet of our own voice holds so many milliseconds of sound. */
  setPacketTime(milliseconds: number): Promise<void>
  /** SHA-256 of the relay's certificate as it proved itself; as in `Connection`. */
  remoteFingerprint(): Promise<Uint8Array | undefined>
  /** At once. Twice is safe. */
  close(): void
}
