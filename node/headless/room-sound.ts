import { FIRST_STREAM, type LinkKind } from '../../protocol/audio/voice.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { FrameReason, SignatureReason } from '../../protocol/reasons.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { platformAead } from '../crypto/aead.ts'
import { sessionSigner } from '../crypto/session-signer.ts'
import { Observed } from '../observed.ts'
import type { ConnectionListener, PeerConnections, VoiceSession } from '../ports/connections.ts'
import { Keyring, type VoiceKeys } from '../voice/keys.ts'
import { Opener, type VoiceCheck } from '../voice/opener.ts'
import { Sealer } from '../voice/sealer.ts'
import { AudibleHeadlessConnection } from './audible-connection.ts'
import { DirectConnection } from './direct-connection.ts'
import type { Sound } from './sound.ts'

export interface SoundOptions {
  readonly verifier: Verifier
  /** The address to bind; undefined for all of the machine. */
  readonly bind: string | undefined
  /** STUN and TURN servers, possibly none. */
  readonly iceServers: readonly RTCIceServer[]
  readonly report: (where: string, error: unknown) => void
}

/** What was sealed and opened, over all links. */
export interface SoundCounts {
  /** Packets of our own voice that went out. */
  readonly sent: number
  /** Packets that came and were not let through, by reason. */
  readonly refused: ReadonlyMap<FrameReason | SignatureReason, number>
}

/**
 * The voices of one room in a process without devices for sound: packets of Opus come in and go out. The same seals and checks stand between them and
 * the network as in a browser, and there is no way around them.
 */
export class RoomSound implements PeerConnections, Sound {
  readonly checks = new Observed<ReadonlyMap<KeyText, VoiceCheck>>(new Map())
  /** There is a secret under which our voice can be sealed. */
  readonly maySpeak = new Observed(false)
  readonly audience = {
    open: (...[speaks, listener]: Parameters<NonNullable<PeerConnections['audience']>['open']>) =>
      new AudibleHeadlessConnection(speaks, listener, this),
  }
  readonly bind: string | undefined
  readonly report: SoundOptions['report']
  isResting = false
  readonly #options: SoundOptions
  readonly #session: VoiceSession
  readonly #keyring: Keyring
  readonly #signer: ReturnType<typeof sessionSigner>
  readonly #refused = new Map<FrameReason | SignatureReason, number>()
  #stage: readonly KeyText[] = []
  #nextStream = firstStream()
  #sent = 0

  constructor(session: VoiceSession, options: SoundOptions) {
    this.bind = options.bind
    this.report = options.report
    this.#options = options
    this.#session = session
    this.#keyring = new Keyring(session.room)
    this.#signer = sessionSigner(session.seed)
  }

  get counts(): SoundCounts {
    return { sent: this.#sent, refused: this.#refused }
  }

  open(listener: ConnectionListener, speaker: KeyText): DirectConnection {
    return new DirectConnection(listener, speaker, this.#options.iceServers, this)
  }

  allow(speakers: readonly KeyText[]): void {
    this.#stage = speakers
  }

  use(keys: VoiceKeys): void {
    this.#keyring.set(keys)
    this.maySpeak.set(keys.speak !== undefined)
  }

  rest(resting: boolean): void {
    this.isResting = resting
  }

  close(): void {
    this.use({ held: [], speak: undefined })
  }

  went(): void {
    this.#sent += 1
  }

  async sealer(kind: LinkKind): Promise<Sealer> {
    const stream = this.#nextStream
    this.#nextStream += 1
    const signer = await this.#signer
    return new Sealer({
      voice: { room: this.#session.room, speaker: signer.publicKey, kind, stream },
      signer,
      aead: platformAead,
      now,
      secret: () => this.#keyring.speak,
    })
  }

  opener<F>(kind: LinkKind, speakers: () => readonly KeyText[] = () => this.#stage): Opener<F> {
    return new Opener<F>({
      room: this.#session.room,
      kind,
      speakers,
      keyring: this.#keyring,
      aead: platformAead,
      verifier: this.#options.verifier,
      now,
      onCheck: (speaker, check) => this.checks.set(new Map(this.checks.value).set(speaker, check)),
      onRefusal: (reason) => this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1),
    })
  }
}

const now = () => performance.now()

/** VOICE-2: at random, with the first bit set, and far enough from the last that they can be counted up. */
function firstStream(): number {
  const random = new DataView(crypto.getRandomValues(new Uint8Array(8)).buffer)
  return FIRST_STREAM + Number(random.getBigUint64(0) >> 26n)
}
