import type { Membership } from '../../protocol/community/membership.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { Me } from '../mesh/voucher.ts'
import type { Network } from '../network/network.ts'
import type { AudibleConnection, AudienceConnections } from '../ports/audience.ts'
import type { Clock } from '../ports/clock.ts'
import { AudienceLink, type FarRelay, type LinkUse } from './audience-link.ts'
import {
  MOVE_AFTER_MS,
  MOVE_FOR_MS,
  MOVE_FOR_SHARE,
  OVERLAP_MS,
  REST_MAX_MS,
  REST_MIN_MS,
  SEEK_MAX_MS,
  SEEK_MS,
  USELESS_MS,
  WORKS_AFTER_MS,
} from './limits.ts'

/** A relay that may carry a room's voices. */
export interface KnownRelay extends FarRelay {
  /** As a person is told of it: its host. */
  readonly name: string
  /** To it and back, in milliseconds; undefined before it was measured. */
  readonly roundTrip: number | undefined
}

/** A link that was made before the room was chosen (FANOUT-6), as a listener's. */
export interface HeldLink {
  readonly relay: KnownRelay
  readonly link: AudienceLink<AudibleConnection>
}

/** What a session is at a relay. */
export type Part = 'speaker' | 'listener'

export interface CarrierOptions {
  readonly room: RoomId
  readonly me: Me
  readonly network: Pick<Network, 'openChannel'>
  readonly connections: AudienceConnections<AudibleConnection>
  /** Those that have admitted us, as they are now; of equals the first is taken. */
  readonly relays: () => readonly KnownRelay[]
  /** For the first attempt, where that is a listener's: closed where it is not. */
  readonly held?: HeldLink | undefined
  /** Connects to these, which one that had no room for us named. */
  readonly meet: (others: readonly string[]) => void
  readonly clock: Clock
  readonly verifier: Verifier
  readonly membership: () => Membership
  /** `carrying`, or something of its link, may be another. */
  readonly onChange: () => void
  readonly report: (where: string, error: unknown) => void
}

/** One attempt with one relay. */
interface Try {
  readonly relay: KnownRelay
  readonly part: Part
  readonly link: AudienceLink<AudibleConnection>
  /** When it stood for the first time. */
  stoodAt?: number
  /** It is tried for the sake of these, whose voices the one that carries does not bring, and for how long they have been speaking since it stood. */
  sought?: { readonly voices: ReadonlySet<KeyText>; readonly waited: number }
}

/** What an attempt that ended says about the next one with the same relay. */
interface Rest {
  readonly until: number
  readonly failures: number
}

/**
 * The link with the relay that carries a room's voices for us: with the nearest of those known that take us. When one fails another takes its place,
 * and a much nearer one does too, which is there, and brings voices, before the one before it goes.
 */
export class Carrier {
  readonly #options: CarrierOptions
  readonly #resting = new Map<KeyText, Rest>()
  /** Until when each is not asked for a voice that another does not bring: it did not either. Milliseconds. */
  readonly #vain = new Map<KeyText, number>()
  /** Goodbyes under way. */
  readonly #closing = new Set<Promise<void>>()
  #held: HeldLink | undefined
  #part: Part | undefined
  #microphone: MediaStreamTrack | undefined
  #current: Try | undefined
  /** That to which we change, until it stands and brings what the one before does. */
  #next: Try | undefined
  #isStopped = false
  #movedAt = Number.NEGATIVE_INFINITY

  constructor(options: CarrierOptions) {
    this.#options = options
    this.#held = options.held
  }

  /** The link over which voices come and go now. */
  get carrying(): Try | undefined {
    return this.#current?.link.connected === true ? this.#current : undefined
  }

  /** @param part what we are to be at a relay; undefined: at none */
  want(part: Part | undefined): void {
    if (this.#isStopped) return
    this.#part = part
    if (part !== 'listener') this.#dropHeld()
    for (const each of [this.#next, this.#current])
      if (each !== undefined && each.part !== part) this.#close(each)
    if (part === undefined) this.#resting.clear()
    this.look()
  }

  /** Time has passed, or other relays are known: there may be one to turn to. */
  look(): void {
    const part = this.#part
    if (part === undefined) return
    this.#takeNext()
    const now = this.#options.clock.now()
    const known = this.#options.relays()
    const best = nearestOf(known.filter(({ key }) => (this.#resting.get(key)?.until ?? now) <= now))
    const held = this.#held
    if (held?.link.isUsable) {
      this.#held = undefined
      this.#current = this.#begin(held.relay, part, held.link)
      return
    }
    this.#dropHeld()
    if (best === undefined) return
    if (this.#current === undefined) this.#current = this.#begin(best, part)
    else if (this.#next === undefined && this.#isWorthwhile(best, known, now))
      this.#next = this.#begin(best, part)
  }

  /** Our voice, sent from when a relay takes it. */
  setMicrophone(track: MediaStreamTrack | undefined): void {
    this.#microphone = track
    for (const each of [this.#current, this.#next]) if (each?.part === 'speaker') this.#send(each)
  }

  /** Nothing comes over the relay that carries: others are turned to, and this one not for some minutes. */
  abandon(): void {
    const useless = this.#current
    if (useless === undefined) return
    this.#options.report(`voices over ${useless.relay.name}`, new Error('nothing comes over it'))
    this.#resting.set(useless.relay.key, { until: this.#options.clock.now() + USELESS_MS, failures: 0 })
    this.#close(useless)
    this.look()
  }

  /**
   * The relay that carries brings others and nothing of these, who speak: another is tried beside it, and takes its place once it brings one of them.
   * @param passed since this was called last, in milliseconds
   * @returns false when there is none that could be tried
   */
  seek(voices: ReadonlySet<KeyText>, passed: number): boolean {
    const now = this.#options.clock.now()
    this.#wait(voices, passed, now)
    const [part, current] = [this.#part, this.#current]
    if (voices.size === 0 || part === undefined || current === undefined || this.#next !== undefined)
      return true
    const best = nearestOf(
      this.#options
        .relays()
        .filter(
          ({ key }) =>
            key !== current.relay.key &&
            (this.#resting.get(key)?.until ?? now) <= now &&
            (this.#vain.get(key) ?? now) <= now,
        ),
    )
    if (best === undefined) return false
    this.#next = this.#begin(best, part)
    if (this.#next !== undefined) this.#next.sought = { voices, waited: 0 }
    return true
  }

  /** Says goodbye. Twice is safe. */
  async stop(): Promise<void> {
    this.want(undefined)
    this.#isStopped = true
    await Promise.all(this.#closing)
  }

  /** There is one so much nearer that the change is worth it. */
  #isWorthwhile(best: KnownRelay, known: readonly KnownRelay[], now: number): boolean {
    const current = this.carrying
    if (current === undefined || now - this.#movedAt < MOVE_AFTER_MS) return false
    const before = known.find(({ key }) => key === current.relay.key)?.roundTrip
    if (before === undefined || best.roundTrip === undefined) return false
    return before - best.roundTrip >= MOVE_FOR_MS && best.roundTrip <= before * MOVE_FOR_SHARE
  }

  /** @returns undefined where the platform makes no connection: it may have too many, and the room goes on all the same */
  #begin(relay: KnownRelay, part: Part, held?: HeldLink['link']): Try | undefined {
    try {
      return this.#open(relay, part, held)
    } catch (error) {
      this.#options.report(`voices over ${relay.name}`, error)
      this.#rest(relay)
      return undefined
    }
  }

  /** Leaves it alone for a while, longer each time. @param hasWorked it was of use before it ended */
  #rest({ key }: KnownRelay, hasWorked = false): void {
    const failures = (hasWorked ? 0 : (this.#resting.get(key)?.failures ?? 0)) + 1
    const wait = Math.min(REST_MIN_MS * 2 ** (failures - 1), REST_MAX_MS)
    this.#resting.set(key, { until: this.#options.clock.now() + wait, failures })
  }

  #open(relay: KnownRelay, part: Part, held?: HeldLink['link']): Try {
    const { room, me, network, connections, clock, verifier, membership, report, meet, onChange } =
      this.#options
    const use: LinkUse = {
      room,
      onChange: () => this.#changed(begun),
      onEnd: ({ reason, ...end }, others) => {
        const cause = end.kind === 'failed' ? end.cause : undefined
        report(`voices over ${relay.name}`, new Error(reason, { cause }))
        const hasWorked = begun.stoodAt !== undefined && clock.now() - begun.stoodAt >= WORKS_AFTER_MS
        // What became of a link from before the room says nothing of a new one.
        if (held === undefined || begun.stoodAt !== undefined) this.#rest(relay, hasWorked)
        this.#drop(begun)
        if (others.length > 0) meet(others)
        this.look()
        onChange()
      },
    }
    held?.bind(use)
    const own = { relay, speaks: part === 'speaker', me, network, connections, clock, verifier, membership }
    const begun: Try = { relay, part, link: held ?? new AudienceLink({ ...use, ...own }) }
    this.#movedAt = clock.now()
    if (part === 'speaker') this.#send(begun)
    return begun
  }

  #changed(each: Try): void {
    if (each.link.connected) {
      each.stoodAt ??= this.#options.clock.now()
      if (each === this.#next) this.#takeNext()
    }
    if (each === this.#current) this.#options.onChange()
  }

  /** The new one is there and brings voices, or none come: now the one before may go. */
  #takeNext(): void {
    const [before, next] = [this.#current, this.#next]
    if (before === undefined || next?.stoodAt === undefined || !next.link.connected) return
    if (next.sought !== undefined) {
      if (!brings(next, next.sought.voices)) return
      this.#resting.set(before.relay.key, { until: this.#options.clock.now() + USELESS_MS, failures: 0 })
    }
    // A relay at which nobody listened has to fetch them first.
    const isYoung = next.sought === undefined && this.#options.clock.now() - next.stoodAt < OVERLAP_MS
    if (isYoung && isSounding(before) && !isSounding(next)) return
    this.#current = next
    this.#next = undefined
    this.#options.onChange()
    this.#close(before)
  }

  /** One that is tried for the sake of voices, and brings none of them, is let go of again. */
  #wait(voices: ReadonlySet<KeyText>, passed: number, now: number): void {
    const next = this.#next
    if (next?.sought === undefined || next.stoodAt === undefined) return
    if (voices.size > 0) next.sought = { voices, waited: next.sought.waited + passed }
    if (next.sought.waited < SEEK_MS && now - next.stoodAt < SEEK_MAX_MS) return
    this.#vain.set(next.relay.key, now + USELESS_MS)
    this.#close(next)
  }

  #dropHeld(): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#await(held.link.close())
  }

  #close(ended: Try): void {
    this.#drop(ended)
    this.#await(ended.link.close())
    this.#options.onChange()
  }

  #await(closed: Promise<void>): void {
    const goodbye = closed.finally(() => this.#closing.delete(goodbye))
    this.#closing.add(goodbye)
  }

  #drop(ended: Try): void {
    if (this.#next === ended) this.#next = undefined
    if (this.#current !== ended) return
    this.#current = this.#next
    this.#next = undefined
  }

  #send({ link }: Try): void {
    link.connection
      .send(this.#microphone)
      .catch((error: unknown) => this.#options.report('our voice over a relay', error))
  }
}

function brings({ link }: Try, voices: ReadonlySet<KeyText>): boolean {
  const levels = link.connection.levels()
  return link.connection.slots.some(
    ({ speaker }, i) => speaker !== undefined && voices.has(speaker) && (levels[i] ?? 0) > 0,
  )
}

function isSounding({ link }: Try): boolean {
  return link.connected && link.connection.levels().some((level) => level > 0)
}

/** Of equals the first; undefined of none. */
export function nearestOf(relays: readonly KnownRelay[]): KnownRelay | undefined {
  return relays.reduce<KnownRelay | undefined>(nearer, undefined)
}

function nearer(best: KnownRelay | undefined, other: KnownRelay): KnownRelay {
  const isNearer =
    (other.roundTrip ?? Number.POSITIVE_INFINITY) < (best?.roundTrip ?? Number.POSITIVE_INFINITY)
  return best === undefined || isNearer ? other : best
}
