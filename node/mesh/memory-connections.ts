import { fingerprintOf } from '../../protocol/audio/description.ts'
import type { EpochSecret } from '../../protocol/audio/epoch.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { Observed } from '../observed.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type {
  Connection,
  ConnectionListener,
  IceCandidate,
  PeerConnections,
  SessionDescription,
  SignallingState,
} from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import { NO_KEYS, type VoiceKeys } from '../voice/keys.ts'
import type { VoiceCheck } from '../voice/opener.ts'

/**
 * The air between the connections of one process: they find each other by the fragments in their descriptions, as ICE does, and see each
 * other's certificates, as DTLS does. A track is heard as loud as it is enabled, by those who hold the secret that it is sealed under.
 */
export class MemoryMedia {
  readonly #open = new Set<MemoryConnection>()
  #severed = false
  #next = 0

  /** Connections that were opened and not closed. */
  get size(): number {
    return this.#open.size
  }

  /** The connections of one session. */
  session(): PeerConnections {
    const checks = new Observed<ReadonlyMap<KeyText, VoiceCheck>>(new Map())
    const session: MemorySession = { keys: NO_KEYS, resting: false, checks }
    return {
      checks,
      audience: undefined,
      allow() {},
      open: (listener, speaker) => {
        const connection = new MemoryConnection(this, listener, session, speaker)
        this.#open.add(connection)
        return connection
      },
      use(keys) {
        session.keys = keys
      },
      rest(resting) {
        session.resting = resting
      },
      close() {
        session.keys = NO_KEYS
      },
    }
  }

  /** No road leads anywhere any more: those that are connected notice, those that try to connect fail. */
  sever(): void {
    this.#severed = true
    for (const connection of this.#open) connection.lose('disconnected')
  }

  /** Roads can be found again, by those that look for them. */
  heal(): void {
    this.#severed = false
  }

  get severed(): boolean {
    return this.#severed
  }

  /** A number that no other thing in this air has. */
  number(): number {
    this.#next += 1
    return this.#next
  }

  /** The connection whose roads a fragment names. */
  find(ufrag: string): MemoryConnection | undefined {
    return [...this.#open].find((connection) => connection.ufrag === ufrag)
  }

  remove(connection: MemoryConnection): void {
    this.#open.delete(connection)
  }
}

/** What the connections of a session share. */
interface MemorySession {
  keys: VoiceKeys
  resting: boolean
  readonly checks: Observed<ReadonlyMap<KeyText, VoiceCheck>>
}

type Direction = 'sendonly' | 'recvonly' | 'inactive'

/** One section (`m=`) of the session: ours, in which we send or do not, or the other side's, in which we receive. */
interface Section {
  /** Unknown until it is described; forgotten again when that is taken back. */
  mid: string | undefined
  /** What we want. */
  direction: Direction
  /** What we wanted when we last described it, and whether that stands. */
  described: Direction | undefined
  settled: Direction | undefined
  /** What both have agreed on; seen from us. */
  agreed: Direction | undefined
}

/** What a description says, as far as this air knows. */
interface Described {
  readonly ufrag: string
  readonly fingerprint: Uint8Array
  readonly sections: readonly { readonly mid: string; readonly direction: Direction }[]
}

class MemoryConnection implements Connection {
  readonly certificate = crypto.getRandomValues(new Uint8Array(32))
  readonly #media: MemoryMedia
  readonly #listener: ConnectionListener
  readonly #session: MemorySession
  readonly #speaker: KeyText
  readonly #candidates = new Set<string>()
  #state: ConnectionState = 'new'
  #signalling: SignallingState = 'stable'
  #ufrag: string
  /** The fragment before the offer that is open, to go back to. */
  #former: string
  #sections: Section[] = []
  #remote: Described | undefined
  #track: MediaStreamTrack | undefined
  #stream: MediaStream | undefined
  #audible = false
  #restart = false
  #asked = false
  #far: MemoryConnection | undefined
  /** Operations are carried out in order (W3C WebRTC §4.4.1.2). */
  #chain: Promise<unknown> = Promise.resolve()
  #queued = 0

  constructor(media: MemoryMedia, listener: ConnectionListener, session: MemorySession, speaker: KeyText) {
    this.#media = media
    this.#listener = listener
    this.#session = session
    this.#speaker = speaker
    this.#ufrag = `u${media.number()}`
    this.#former = this.#ufrag
  }

  get state(): ConnectionState {
    return this.#state
  }

  get signalling(): SignallingState {
    return this.#signalling
  }

  get ufrag(): string {
    return this.#ufrag
  }

  get voice(): MediaStream | undefined {
    if (this.#state === 'closed' || !this.#sections.some(({ agreed }) => agreed === 'recvonly'))
      return undefined
    this.#stream ??= { id: `stream ${this.#media.number()}` } as MediaStream
    return this.#stream
  }

  /** What leaves this side now. */
  get sent(): MediaStreamTrack | undefined {
    if (this.#session.resting) return undefined
    return this.#sections.some(({ agreed }) => agreed === 'sendonly') ? this.#track : undefined
  }

  send(track: MediaStreamTrack | undefined): void {
    if (this.#state === 'closed') return
    this.#track = track
    const section = this.#sections.find(({ direction }) => direction !== 'recvonly')
    const direction = track === undefined ? 'inactive' : 'sendonly'
    if (section !== undefined) section.direction = direction
    else if (track !== undefined) this.#sections.push(newSection(undefined, direction))
    this.#ask()
  }

  hear(audible: boolean): void {
    this.#audible = audible
  }

  /** What it is sealed under. */
  get sealed(): EpochSecret | undefined {
    return this.#session.keys.speak
  }

  level(): number {
    const heard = this.#state === 'connected' && this.#audible && this.voice !== undefined
    const sealed = this.#far?.sealed
    if (!heard || this.#far?.sent?.enabled !== true || sealed === undefined) return 0
    const { keys, checks } = this.#session
    const opens = keys.held.some(
      ({ epoch, generation, secret }) =>
        epoch === sealed.epoch &&
        generation <= sealed.generation &&
        (generation < sealed.generation || equalBytes(secret, sealed.secret)),
    )
    const check = opens ? 'verified' : 'locked'
    if (checks.value.get(this.#speaker) !== check) checks.set(new Map(checks.value).set(this.#speaker, check))
    return opens ? 1 : 0
  }

  async traffic(): Promise<Traffic> {
    // In this air everything comes at once.
    return { roundTrip: 0, jitter: undefined, received: 0, lost: 0 }
  }

  describe(): Promise<SessionDescription> {
    return this.#operate(() => {
      if (this.#signalling === 'have-remote-offer') return this.#answer()
      return this.#offer()
    })
  }

  accept({ type, sdp }: SessionDescription): Promise<Result<true, 'wrong-description'>> {
    return this.#operate(() => {
      if (type === 'answer' && this.#signalling !== 'have-local-offer')
        throw invalidState('nothing was offered')
      const remote = parse(sdp)
      if (remote === undefined) return bad('wrong-description')
      if (type === 'offer' && this.#signalling === 'have-local-offer') this.#rollBack()
      if (remote.ufrag !== this.#remote?.ufrag) {
        this.#candidates.clear()
        // New roads of the other side are answered with new ones of ours.
        if (type === 'offer' && this.#remote !== undefined) this.#ufrag = `u${this.#media.number()}`
      }
      this.#remote = remote
      for (const { mid } of remote.sections) {
        if (this.#sections.some((section) => section.mid === mid)) continue
        this.#sections.push(newSection(mid, 'recvonly'))
      }
      if (type === 'offer') this.#signal('have-remote-offer')
      else this.#settle()
      return good(true)
    })
  }

  addCandidate({ candidate, ufrag }: IceCandidate): Promise<boolean> {
    return this.#operate(() => {
      if (this.#remote === undefined || (ufrag !== undefined && ufrag !== this.#remote.ufrag)) return false
      if (candidate !== '' && !candidate.startsWith('candidate:')) return false
      this.#candidates.add(candidate)
      this.#connect()
      return true
    })
  }

  restartIce(): void {
    this.#restart = true
    this.#ask()
  }

  async remoteFingerprint(): Promise<Uint8Array | undefined> {
    return this.#far?.certificate
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#signalling = 'closed'
    this.#media.remove(this)
    this.#far?.lose('disconnected')
    this.#far = undefined
    this.#track = undefined
  }

  /** The other side is gone, or is not whom the description named. */
  lose(state: 'disconnected' | 'failed' | 'untrusted'): void {
    if (this.#state === 'untrusted' || (state === 'disconnected' && this.#state !== 'connected')) return
    this.#enter(state)
  }

  /** Does this side expect that one, and may it be reached? */
  expects(other: MemoryConnection): boolean {
    return this.#signalling === 'stable' && this.#remote?.ufrag === other.ufrag && this.#candidates.size > 0
  }

  trusts(other: MemoryConnection): boolean {
    return this.#remote !== undefined && equalBytes(this.#remote.fingerprint, other.certificate)
  }

  meet(other: MemoryConnection): void {
    this.#far = other
    this.#enter('connected')
  }

  #offer(): SessionDescription {
    if (this.#signalling === 'stable') this.#former = this.#ufrag
    if (this.#restart) {
      this.#restart = false
      this.#ufrag = `u${this.#media.number()}`
    }
    const taken = new Set(this.#sections.map(({ mid }) => mid))
    let free = 0
    for (const section of this.#sections) {
      while (section.mid === undefined) {
        const mid = String(free++)
        if (!taken.has(mid)) section.mid = mid
      }
    }
    this.#signal('have-local-offer')
    this.#gather()
    return { type: 'offer', sdp: this.#write((section) => section.direction) }
  }

  #answer(): SessionDescription {
    const sdp = this.#write((section) => agree(section.direction, this.#offered(section)))
    this.#settle()
    this.#gather()
    return { type: 'answer', sdp }
  }

  /** Both descriptions are there. */
  #settle(): void {
    for (const section of this.#sections) {
      if (section.described === undefined) continue
      section.settled = section.described
      section.agreed = agree(section.described, this.#offered(section))
    }
    this.#asked = false
    this.#signal('stable')
    if (this.#state === 'new') this.#enter('connecting')
    this.#connect()
    this.#ask()
  }

  #rollBack(): void {
    for (const section of this.#sections) {
      section.described = section.settled
      if (section.settled === undefined) section.mid = undefined
    }
    this.#restart ||= this.#ufrag !== this.#former
    this.#ufrag = this.#former
    this.#signalling = 'stable'
  }

  #offered(section: Section): Direction {
    return this.#remote?.sections.find(({ mid }) => mid === section.mid)?.direction ?? 'inactive'
  }

  #connect(): void {
    const other = this.#remote === undefined ? undefined : this.#media.find(this.#remote.ufrag)
    if (other === undefined || !this.expects(other) || !other.expects(this)) return
    const sides = [this, other] as const
    if (this.#media.severed) for (const side of sides) side.lose('failed')
    else if (!this.trusts(other) || !other.trusts(this)) for (const side of sides) side.lose('untrusted')
    else {
      this.meet(other)
      other.meet(this)
    }
  }

  /** A description like a browser's, as far as anybody looks. */
  #write(direction: (section: Section) => Direction): string {
    const rows = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      `a=ice-ufrag:${this.#ufrag}`,
      `a=fingerprint:sha-256 ${hexPairs(this.certificate)}`,
    ]
    for (const section of this.#sections) {
      if (section.mid === undefined) continue
      section.described = section.direction
      rows.push('m=audio 9 UDP/TLS/RTP/SAVPF 111', `a=mid:${section.mid}`, `a=${direction(section)}`)
    }
    return rows.map((row) => `${row}\r\n`).join('')
  }

  #operate<T>(run: () => T): Promise<T> {
    if (this.#state === 'closed') return Promise.reject(invalidState('the connection is closed'))
    this.#queued += 1
    const result = this.#chain.then(() => {
      this.#queued -= 1
      if (this.#state === 'closed') throw invalidState('the connection was closed')
      return run()
    })
    const done = () => this.#ask()
    this.#chain = result.then(done, done)
    return result
  }

  /** Asks for a negotiation once, when there is nothing else under way (W3C WebRTC §4.7.3). */
  #ask(): void {
    this.#tell(() => {
      const needed = this.#restart || this.#sections.some(({ settled, direction }) => settled !== direction)
      if (this.#signalling !== 'stable' || this.#queued > 0 || this.#asked || !needed) return
      this.#asked = true
      this.#listener.negotiationNeeded()
    })
  }

  #signal(state: SignallingState): void {
    this.#signalling = state
    this.#tell(() => this.#listener.changed())
  }

  /** The one road to here; told after the description that it belongs to, as browsers do. */
  #gather(): void {
    const candidate = 'candidate:1 1 udp 1 127.0.0.1 9 typ host'
    const ufrag = this.#ufrag
    this.#chain.then(() =>
      this.#tell(() => this.#listener.candidate({ candidate, mid: '0', line: 0, ufrag })),
    )
  }

  #enter(state: ConnectionState): void {
    if (this.#state === 'closed' || this.#state === state) return
    this.#state = state
    this.#tell(() => this.#listener.changed())
  }

  /** Never from inside a call, and never after the end. */
  #tell(what: () => void): void {
    queueMicrotask(() => {
      if (this.#state !== 'closed') what()
    })
  }
}

function newSection(mid: string | undefined, direction: Direction): Section {
  return { mid, direction, described: undefined, settled: undefined, agreed: undefined }
}

/** What becomes of a section when one side wants this and the other offers that; seen from the first. */
function agree(wanted: Direction, offered: Direction): Direction {
  if (wanted === 'sendonly') return offered === 'recvonly' ? 'sendonly' : 'inactive'
  if (wanted === 'recvonly') return offered === 'sendonly' ? 'recvonly' : 'inactive'
  return 'inactive'
}

function parse(sdp: string): Described | undefined {
  const fingerprint = fingerprintOf(sdp)
  const ufrag = /^a=ice-ufrag:(\S+)\r?$/m.exec(sdp)?.[1]
  if (!sdp.startsWith('v=0\r\n') || fingerprint === undefined || ufrag === undefined) return undefined
  const sections = [...sdp.matchAll(/^a=mid:(\S+)\r\na=(sendonly|recvonly|inactive)\r$/gm)].map(
    ([, mid, direction]) => ({ mid: mid as string, direction: direction as Direction }),
  )
  return { ufrag, fingerprint, sections }
}

function hexPairs(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}

function invalidState(message: string): DOMException {
  return new DOMException(message, 'InvalidStateError')
}
