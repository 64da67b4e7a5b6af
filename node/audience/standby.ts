import type { AudibleConnection, AudienceConnections } from '../ports/audience.ts'
import type { Cancel } from '../ports/clock.ts'
import { AudienceLink } from './audience-link.ts'
import { type CarrierOptions, type HeldLink, nearestOf } from './carrier.ts'
import { HOLD_MS, REST_MAX_MS } from './limits.ts'

export interface StandbyOptions
  extends Pick<CarrierOptions, 'me' | 'network' | 'relays' | 'clock' | 'verifier' | 'membership' | 'report'> {
  /** Those of the room that is entered next, whichever that is. */
  readonly connections: AudienceConnections<AudibleConnection>
  /** There is a room in the list to which a relay would bring us the voices. */
  readonly isUseful: () => boolean
}

/**
 * The link with a relay that is held for whoever may enter a large room in a moment (FANOUT-6): its handshakes are over when they do. One at a time, and
 * only while somebody is known to look at the list.
 */
export class Standby {
  readonly #options: StandbyOptions
  #held: (HeldLink & { readonly lapse: Cancel }) | undefined
  /** Until when somebody is taken to look at the list, and no relay is asked. Milliseconds. */
  #wantedUntil = Number.NEGATIVE_INFINITY
  #restUntil = Number.NEGATIVE_INFINITY

  constructor(options: StandbyOptions) {
    this.#options = options
  }

  /** Somebody looks at the list now. To be called again while they do: who went away from it says nothing. */
  want(): void {
    this.#wantedUntil = this.#options.clock.now() + HOLD_MS
    this.look()
  }

  /** There may be a room, or a relay, that was not there before. */
  look(): void {
    const { clock, connections, relays, report, isUseful, ...parts } = this.#options
    const now = clock.now()
    if (this.#held !== undefined || now >= this.#wantedUntil || now < this.#restUntil || !isUseful()) return
    const relay = nearestOf(relays())
    if (relay === undefined) return
    const rest = () => {
      this.#restUntil = clock.now() + REST_MAX_MS
    }
    try {
      const link: HeldLink['link'] = new AudienceLink({
        ...parts,
        connections,
        clock,
        relay,
        room: undefined,
        speaks: false,
        onChange() {},
        // The room is entered without it; a relay that is busy is left alone.
        onEnd: () => {
          rest()
          // A room that is being entered may have it, and another may be held since.
          if (this.#held?.link === link) this.#forget()
        },
      })
      // The relay is just about to end it.
      this.#held = { relay, link, lapse: clock.after(HOLD_MS, () => this.#drop()) }
    } catch (error) {
      // The platform makes no connection: it may have too many. Whoever shows the list, or leaves a room, goes on without.
      report(`voices over ${relay.name}, ahead of a room`, error)
      rest()
    }
  }

  /** Nobody looks at the list any more. */
  letGo(): void {
    this.#wantedUntil = Number.NEGATIVE_INFINITY
    this.#drop()
  }

  /** A room is entered: what was held for it is the room's, to bind or to close. */
  take(): HeldLink | undefined {
    const held = this.#held
    this.#wantedUntil = Number.NEGATIVE_INFINITY
    this.#forget()
    return held
  }

  #drop(): void {
    const held = this.#held
    this.#forget()
    void held?.link.close()
  }

  #forget(): void {
    this.#held?.lapse()
    this.#held = undefined
  }
}
