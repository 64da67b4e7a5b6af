import type { Channel, Network, PeerIdString } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import type { Cancel, Clock } from '../../node/ports/clock.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import { EARS_EXPIRY_MS, MAX_CASCADE_VOICES } from '../../protocol/limits.ts'
import {
  CASCADE,
  CASCADE_PROTOCOL,
  type CascadeMessage,
  type CascadeVoice,
  type Ears,
} from '../../protocol/wire/cascade.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import type { Crew } from './crew.ts'
import { PULL_OPEN_MS } from './limits.ts'
import type { LinkId } from './messages.ts'
import { readTransport } from './offer.ts'
import type { VoiceId } from './selection.ts'

export interface PullParts {
  readonly peer: PeerIdString
  readonly room: RoomId
  readonly network: Pick<Network, 'openChannel'>
  readonly crew: Crew
  readonly clock: Clock
  /** What it has, how busy it is, or whether its voices arrive may be another. */
  readonly onChange: () => void
  /** Every half second: of which of the voices that are taken from there something came meanwhile, and of which not. */
  readonly onArrivals: (came: ReadonlyMap<KeyText, boolean>) => void
  readonly onEars: (ears: readonly Ears[]) => void
  /** Once, and the last call; not after `close`. */
  readonly onEnd: () => void
}

/** A voice that is taken, or will be as soon as there is a connection. */
interface Taken {
  readonly voice: VoiceId
  readonly slot: number
  readonly hop: number
}

/** Another relay, asked about one room: what it has of it, and a connection for the voices that are taken from there, once there are any. */
export class Pull {
  readonly peer: PeerIdString
  readonly #parts: PullParts
  readonly #taken = new Map<KeyText, Taken>()
  #voices: ReadonlyMap<KeyText, CascadeVoice> = new Map()
  #load = 0
  #channel: Channel | undefined
  #link: LinkId | 'none' | 'begun' = 'none'
  #isConnected = false
  #lastSlot = 0
  #overdue: Cancel
  #isEnded = false

  constructor(parts: PullParts) {
    this.peer = parts.peer
    this.#parts = parts
    this.#overdue = this.#expect()
    void this.#run()
  }

  /** What it has, by the speakers' sessions. */
  get voices(): ReadonlyMap<KeyText, CascadeVoice> {
    return this.#voices
  }

  /** How busy it is, 0 to 100. */
  get load(): number {
    return this.#load
  }

  /** Under which number a voice arrives here; undefined while it does not. */
  arriving(from: KeyText): VoiceId | undefined {
    return this.#isConnected ? this.#taken.get(from)?.voice : undefined
  }

  /** Takes these voices and no others. @param wanted through how many relays each will have come here */
  want(wanted: ReadonlyMap<KeyText, number>): void {
    if (this.#isEnded) return
    const same = (from: KeyText) => this.#taken.get(from)?.hop === wanted.get(from)
    if ([...wanted.keys(), ...this.#taken.keys()].every(same)) return
    for (const [from, { hop }] of [...this.#taken]) if (wanted.get(from) !== hop) this.#taken.delete(from)
    for (const [from, hop] of wanted) {
      const slot = this.#taken.has(from) ? undefined : this.#freeSlot()
      if (slot !== undefined) this.#taken.set(from, { voice: this.#parts.crew.newVoice(), slot, hop })
    }
    if (this.#taken.size > 0 && this.#link === 'none') void this.#begin()
    this.#tell()
  }

  tellEars(ears: readonly Ears[]): void {
    this.#send({ ears })
  }

  /** Says goodbye, and ends it; `onEnd` is not called. */
  close(): void {
    if (this.#isEnded) return
    this.#send({ bye: true })
    this.#release()
    void this.#channel?.close()
  }

  async #run(): Promise<void> {
    const { network, peer, room, clock } = this.#parts
    const opening = new AbortController()
    const late = clock.after(PULL_OPEN_MS, () => opening.abort())
    try {
      const channel = await network.openChannel(peer, CASCADE_PROTOCOL, {
        signal: opening.signal,
        maxBytes: CASCADE.maxBytes,
      })
      late()
      if (this.#isEnded) return channel.abort(new Error('nobody listens any more'))
      this.#channel = channel
      this.#send({ r: room })
      for await (const bytes of channel.messages) {
        const message = decodeFrame(CASCADE, bytes)
        this.#overdue()
        this.#overdue = this.#expect()
        if (this.#isEnded || !message.ok || !this.#take(message.value)) break
      }
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
    } finally {
      late()
      this.#end()
    }
  }

  /** It says at least who listens there; when it is silent it is gone, long before its connection is known to be dead. */
  #expect(): Cancel {
    return this.#parts.clock.after(EARS_EXPIRY_MS, () => this.#end())
  }

  /** False: it is over. */
  #take({ voices, load, answer, ears }: CascadeMessage): boolean {
    if (voices !== undefined) {
      this.#voices = new Map(voices.map((voice) => [voice.from, voice]))
      this.#load = load ?? 0
      this.#parts.onChange()
      return true
    }
    if (answer !== undefined) {
      const transport = readTransport(answer, [])
      if (transport === undefined || typeof this.#link !== 'number') return false
      this.#parts.crew.accept(this.#link, transport)
      return true
    }
    if (ears !== undefined) {
      this.#parts.onEars(ears)
      return true
    }
    // A refusal, a goodbye, or what only we say.
    return false
  }

  async #begin(): Promise<void> {
    const { crew, room, onChange, onArrivals } = this.#parts
    this.#link = 'begun'
    const link = await crew.pull(room, {
      offered: (offer) => {
        this.#send({ offer })
        this.#tell()
      },
      connected: () => {
        this.#isConnected = true
        onChange()
      },
      arrived: (voices) => {
        const came = new Set(voices)
        onArrivals(new Map([...this.#taken].map(([from, { voice }]) => [from, came.has(voice)])))
      },
      ended: () => {
        this.#link = 'none'
        this.#end()
      },
    })
    if (link === undefined) return this.#end()
    if (this.#isEnded) return crew.close(link)
    this.#link = link
  }

  /** Says which voices go where: to our own media process, and to the other relay. */
  #tell(): void {
    if (typeof this.#link !== 'number') return
    this.#parts.crew.setTaken(this.#link, [...this.#taken.values()])
    this.#send({ want: [...this.#taken].map(([from, { slot, hop }]) => ({ from, slot, hop })) })
  }

  /** The next in turn, so that one that was given back is not at once another's: packets may be on their way. */
  #freeSlot(): number | undefined {
    const used = new Set([...this.#taken.values()].map(({ slot }) => slot))
    if (used.size >= MAX_CASCADE_VOICES) return undefined
    do this.#lastSlot = (this.#lastSlot + 1) % MAX_CASCADE_VOICES
    while (used.has(this.#lastSlot))
    return this.#lastSlot
  }

  #send(message: CascadeMessage): void {
    this.#channel?.send(encodeFrame(CASCADE, message)).catch((error: unknown) => {
      // Whoever reads sees the end of the stream.
      if (!(error instanceof NetworkError)) throw error
    })
  }

  #end(): void {
    if (this.#isEnded) return
    this.#release()
    this.#channel?.abort(new Error('the other relay gives nothing'))
    this.#parts.onEnd()
  }

  #release(): void {
    this.#isEnded = true
    this.#isConnected = false
    this.#overdue()
    if (typeof this.#link === 'number') this.#parts.crew.close(this.#link)
  }
}
