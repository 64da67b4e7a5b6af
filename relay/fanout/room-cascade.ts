import type { Network, PeerIdString } from '../../node/network/network.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import type { Cancel, Clock } from '../../node/ports/clock.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_CASCADE_VOICES, MAX_HOPS } from '../../protocol/limits.ts'
import type { Ears } from '../../protocol/wire/cascade.ts'
import type { Crew } from './crew.ts'
import { Doubts } from './doubts.ts'
import { EarCount } from './ear-count.ts'
import type { Feed, FeedSource, HeldVoice } from './feed.ts'
import type { RoomGate } from './gate.ts'
import {
  MAX_BRANCHES,
  MAX_VOICES_OF_ONE,
  PULL_AGAIN_MAX_MS,
  PULL_AGAIN_MIN_MS,
  PULL_AGAIN_RESET_MS,
} from './limits.ts'
import { Pull } from './pull.ts'
import type { VoiceId } from './selection.ts'

export interface RoomCascadeParts {
  readonly room: RoomId
  /** This relay's session key. */
  readonly own: KeyText
  readonly network: Pick<Network, 'openChannel'>
  readonly gate: RoomGate
  readonly crew: Crew
  readonly clock: Clock
  /** Other relays of the community that there is a connection with. */
  readonly linked: () => readonly PeerIdString[]
}

/** A voice that comes from another relay. */
interface Taken {
  readonly m: MemberId
  readonly from: Pull
  readonly hop: number
}

/** A relay that is asked about the room, or will be again. */
interface Asked {
  pull: Pull | undefined
  begun: number
  failures: number
  again: Cancel
}

/**
 * One room at this relay, among the relays of its community (SPEC §8.12). Whoever listens here hears each voice from its speaker, if that is attached
 * here, or from one other relay, which has it already.
 */
export class RoomCascade implements FeedSource {
  readonly #parts: RoomCascadeParts
  readonly #count: EarCount
  readonly #speakers = new Map<KeyText, HeldVoice>()
  readonly #asked = new Map<PeerIdString, Asked>()
  readonly #feeds = new Set<Feed>()
  #taken: ReadonlyMap<KeyText, Taken> = new Map()
  readonly #doubts: Doubts
  #listeners = 0

  constructor(parts: RoomCascadeParts) {
    this.#parts = parts
    this.#count = new EarCount(parts.own, parts.clock)
    this.#doubts = new Doubts(parts.clock)
  }

  /** Nobody needs it. */
  get isIdle(): boolean {
    return this.#listeners === 0 && this.#feeds.size === 0
  }

  /** How many listen, over all relays. */
  get hearing(): number {
    return this.#count.total
  }

  get hasPlace(): boolean {
    return [...this.#feeds].filter(({ isBranch }) => isBranch).length < MAX_BRANCHES
  }

  /** What other relays can have from here: what is attached, of each member the sessions that came last, and what does arrive. */
  get voices(): ReadonlyMap<KeyText, HeldVoice> {
    const voices = new Map<KeyText, HeldVoice>()
    const counts = new Map<MemberId, number>()
    for (const [from, held] of [...this.#speakers].reverse()) {
      const count = counts.get(held.m) ?? 0
      counts.set(held.m, count + 1)
      if (count < MAX_VOICES_OF_ONE && voices.size < MAX_CASCADE_VOICES) voices.set(from, held)
    }
    for (const [from, { m, from: pull, hop }] of this.#taken) {
      const voice = pull.arriving(from)
      // Whoever was told that it is here, and gets nothing, would doubt this relay.
      const isHere = voice !== undefined && !this.#doubts.has(from, pull.peer)
      if (isHere && hop < MAX_HOPS && voices.size < MAX_CASCADE_VOICES) voices.set(from, { m, hop, voice })
    }
    return voices
  }

  /** So many listen here. Without any, nothing is taken. */
  setListeners(count: number): void {
    this.#listeners = count
    this.#count.setHere(count)
    this.update()
  }

  /** A speaker is attached here. */
  enter(from: KeyText, m: MemberId, voice: VoiceId): void {
    this.#speakers.set(from, { m, hop: 0, voice })
    this.update()
  }

  leave(from: KeyText, voice: VoiceId): void {
    // Another link of the session may have taken its place.
    if (this.#speakers.get(from)?.voice !== voice) return
    this.#speakers.delete(from)
    this.update()
  }

  add(feed: Feed): void {
    this.#feeds.add(feed)
  }

  remove(feed: Feed): void {
    this.#feeds.delete(feed)
  }

  onEars(by: PeerIdString, ears: readonly Ears[]): void {
    this.#count.take(ears, keyOf(by))
  }

  /** Says how many listen, as far as it is known here. */
  tellEars(): void {
    const rows = this.#count.rows()
    for (const { pull } of this.#asked.values()) pull?.tellEars(rows)
    for (const feed of this.#feeds) feed.tellEars(rows)
  }

  /** Asks whom there is to ask, takes what is missing, lets go of what may not be heard, and gives to others what there is. */
  update(): void {
    this.#ask()
    this.#choose()
    for (const feed of this.#feeds) feed.tell()
  }

  stop(): void {
    for (const peer of [...this.#asked.keys()]) this.#drop(peer)
    for (const feed of [...this.#feeds]) feed.leave()
  }

  #ask(): void {
    const linked = this.#listeners > 0 ? this.#parts.linked() : []
    for (const peer of [...this.#asked.keys()]) if (!linked.includes(peer)) this.#drop(peer)
    for (const peer of linked) {
      if (this.#asked.has(peer)) continue
      const asked: Asked = { pull: undefined, begun: 0, failures: 0, again: () => {} }
      this.#asked.set(peer, asked)
      this.#pull(peer, asked)
    }
  }

  #pull(peer: PeerIdString, asked: Asked): void {
    const { room, network, crew, clock } = this.#parts
    asked.begun = clock.now()
    asked.pull = new Pull({
      peer,
      room,
      network,
      crew,
      clock,
      onChange: () => this.update(),
      onArrivals: (came) => this.#onArrivals(peer, came),
      onEars: (ears) => this.onEars(peer, ears),
      onEnd: () => {
        asked.pull = undefined
        asked.failures = clock.now() - asked.begun >= PULL_AGAIN_RESET_MS ? 1 : asked.failures + 1
        const wait = Math.min(PULL_AGAIN_MIN_MS * 2 ** (asked.failures - 1), PULL_AGAIN_MAX_MS)
        asked.again = clock.after(wait, () => this.#pull(peer, asked))
        this.update()
      },
    })
  }

  /** A relay that says that it has a voice, and does not bring it while its speaker speaks, is left for another one. */
  #onArrivals(peer: PeerIdString, came: ReadonlyMap<KeyText, boolean>): void {
    const { gate, room } = this.#parts
    let isOther = false
    for (const [from, hasCome] of came) {
      const taken = this.#taken.get(from)
      if (taken?.from.peer !== peer) continue
      const isMissing = !hasCome && gate.speaks(room, taken.m, from)
      if (this.#doubts.judge(from, peer, isMissing, hasCome)) isOther = true
    }
    if (isOther) this.update()
  }

  #drop(peer: PeerIdString): void {
    const asked = this.#asked.get(peer)
    this.#asked.delete(peer)
    asked?.again()
    asked?.pull?.close()
  }

  /** Each voice from one relay. It stays with that one for as long as it can: to change costs a moment of silence. */
  #choose(): void {
    const pulls = [...this.#asked.values()].flatMap(({ pull }) => pull ?? [])
    const taken = new Map<KeyText, Taken>()
    const known = new Set(pulls.flatMap((pull) => [...pull.voices.keys()]))
    this.#doubts.keep(known)
    for (const from of known) {
      const before = this.#taken.get(from)
      const choice = before && this.#isGood(before, from, pulls) ? before : this.#best(from, pulls)
      if (choice !== undefined && taken.size < MAX_CASCADE_VOICES) taken.set(from, choice)
    }
    this.#taken = taken
    for (const pull of pulls) {
      const own = [...taken].filter(([, each]) => each.from === pull)
      pull.want(new Map(own.map(([from, { hop }]) => [from, hop])))
    }
  }

  #isGood(taken: Taken, from: KeyText, pulls: readonly Pull[]): boolean {
    const voice = taken.from.voices.get(from)
    return (
      pulls.includes(taken.from) &&
      voice?.m === taken.m &&
      voice.hop < taken.hop &&
      !this.#doubts.has(from, taken.from.peer) &&
      this.#mayTake(from, taken.m)
    )
  }

  /** One that is not doubted, or was longest ago; of those that it has come to on the shortest way, and of those the one that has least to do. */
  #best(from: KeyText, pulls: readonly Pull[]): Taken | undefined {
    const able = pulls.flatMap((pull) => {
      const voice = pull.voices.get(from)
      return voice !== undefined && this.#mayTake(from, voice.m) ? [{ pull, voice }] : []
    })
    const doubted = ({ pull }: { readonly pull: Pull }) => this.#doubts.until(from, pull.peer)
    const [best] = able.toSorted(
      (a, b) => doubted(a) - doubted(b) || a.voice.hop - b.voice.hop || a.pull.load - b.pull.load,
    )
    return best && { m: best.voice.m, from: best.pull, hop: best.voice.hop + 1 }
  }

  /** As for who is attached here (TICKET-6): by the room, as this relay knows it. */
  #mayTake(from: KeyText, m: MemberId): boolean {
    const { gate, room } = this.#parts
    return !this.#speakers.has(from) && gate.mayForward(room, m) === 'speaker'
  }
}
