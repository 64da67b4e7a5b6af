import type { Network, PeerIdString, Unsubscribe } from '../../node/network/network.ts'
import type { Clock } from '../../node/ports/clock.ts'
import { type KeyText, keyText, type MemberId, type RoomId } from '../../protocol/ids.ts'
import { CASCADE, CASCADE_PROTOCOL } from '../../protocol/wire/cascade.ts'
import { encodeFrame } from '../../protocol/wire/frame.ts'
import type { Crew } from './crew.ts'
import { Feed } from './feed.ts'
import type { RoomGate } from './gate.ts'
import { HEARING_EVERY_MS, MAX_CASCADE_ROOMS } from './limits.ts'
import { RoomCascade } from './room-cascade.ts'
import type { VoiceId } from './selection.ts'

/** The other relays of the community. */
export interface FellowRelays {
  /** Whether this is one of them. Whoever is none gets nothing. */
  has(peer: PeerIdString): boolean
  /** Those that there is a connection with. */
  linked(): readonly PeerIdString[]
  /** `linked` may be others. */
  onChange(listener: () => void): Unsubscribe
}

export interface CascadeParts {
  readonly network: Network
  readonly fellows: FellowRelays
  readonly gate: RoomGate
  readonly crew: Crew
  readonly clock: Clock
  readonly others: () => readonly string[]
}

/** Relays that feed relays: what the fan-out of one relay tells of its rooms, and learns of the listeners of others. */
export class Cascade {
  readonly #parts: CascadeParts
  readonly #own: KeyText
  readonly #rooms = new Map<RoomId, RoomCascade>()
  readonly #feeds = new Set<Feed>()
  readonly #cancels: readonly (() => void)[]

  private constructor(parts: CascadeParts) {
    this.#parts = parts
    this.#own = keyText(parts.network.publicKey)
    const { fellows, gate, clock } = parts
    this.#cancels = [
      fellows.onChange(() => {
        for (const cascade of this.#rooms.values()) cascade.update()
      }),
      gate.onChange((room) => this.#rooms.get(room)?.update()),
      clock.every(HEARING_EVERY_MS, () => {
        for (const feed of [...this.#feeds]) if (!fellows.has(feed.peer)) feed.refuse('not-admitted')
        for (const cascade of this.#rooms.values()) {
          cascade.update()
          cascade.tellEars()
        }
      }),
    ]
  }

  static async start(parts: CascadeParts): Promise<Cascade> {
    const cascade = new Cascade(parts)
    await parts.network.handleChannel(
      CASCADE_PROTOCOL,
      { maxBytes: CASCADE.maxBytes, maxConcurrentPerPeer: MAX_CASCADE_ROOMS },
      (peer, channel) => {
        if (parts.fellows.has(peer)) {
          cascade.#feed(peer, channel)
          return
        }
        void channel.send(encodeFrame(CASCADE, { error: 'not-admitted', others: [] })).catch(() => undefined)
        void channel.close()
      },
    )
    return cascade
  }

  /** Sessions that listen to a room over other relays too. */
  hearing(room: RoomId): number {
    return this.#rooms.get(room)?.hearing ?? 0
  }

  /** So many listen to a room here. Said again every now and then, for what may be heard there changes with time too. */
  setListeners(room: RoomId, count: number): void {
    if (count > 0) this.#of(room).setListeners(count)
    else this.#rooms.get(room)?.setListeners(0)
    this.#tidy(room)
  }

  /** A speaker is attached here, and listens too. */
  enter(room: RoomId, from: KeyText, member: MemberId, voice: VoiceId): void {
    this.#of(room).enter(from, member, voice)
  }

  leave(room: RoomId, from: KeyText, voice: VoiceId): void {
    this.#rooms.get(room)?.leave(from, voice)
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel()
    await this.#parts.network.unhandle(CASCADE_PROTOCOL)
    for (const cascade of this.#rooms.values()) cascade.stop()
    for (const feed of [...this.#feeds]) feed.leave()
  }

  #feed(peer: PeerIdString, channel: ConstructorParameters<typeof Feed>[0]['channel']): void {
    const { crew, clock, others } = this.#parts
    const feed = new Feed({
      peer,
      channel,
      crew,
      clock,
      others,
      enter: (room, entered) => {
        // Whoever comes again knows best that what was there before is dead.
        for (const other of [...this.#feeds])
          if (other !== entered && other.peer === peer && other.room === room) other.leave()
        const cascade = this.#of(room)
        cascade.add(entered)
        return cascade
      },
      onEnd: (ended) => {
        this.#feeds.delete(ended)
        if (ended.room === undefined) return
        this.#rooms.get(ended.room)?.remove(ended)
        this.#tidy(ended.room)
      },
    })
    this.#feeds.add(feed)
  }

  #of(room: RoomId): RoomCascade {
    const known = this.#rooms.get(room)
    if (known !== undefined) return known
    const { network, gate, crew, clock, fellows } = this.#parts
    const linked = () => fellows.linked()
    const cascade = new RoomCascade({ room, own: this.#own, network, gate, crew, clock, linked })
    this.#rooms.set(room, cascade)
    return cascade
  }

  #tidy(room: RoomId): void {
    const cascade = this.#rooms.get(room)
    if (cascade?.isIdle !== true) return
    cascade.stop()
    this.#rooms.delete(room)
  }
}
