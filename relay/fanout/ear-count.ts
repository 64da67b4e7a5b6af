import type { Clock } from '../../node/ports/clock.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { EARS_EXPIRY_MS, MAX_COUNTED_RELAYS, MAX_HEARING } from '../../protocol/limits.ts'
import type { Ears } from '../../protocol/wire/cascade.ts'

interface Row {
  readonly ears: Ears
  /** When it was said, in milliseconds on our clock. */
  readonly said: number
  /** By the relay itself, on a stream with it. */
  readonly isItsOwn: boolean
}

/**
 * How many listen to one room, relay by relay (CASCADE-6). Each relay counts its own and says so, and all pass on what they were told: by whatever road a
 * relay's word comes, and however often, it stands for that relay once, and for nine seconds on its whole way.
 */
export class EarCount {
  readonly #own: KeyText
  readonly #clock: Clock
  readonly #rows = new Map<KeyText, Row>()
  #here = 0

  /** @param own this relay */
  constructor(own: KeyText, clock: Clock) {
    this.#own = own
    this.#clock = clock
  }

  get total(): number {
    const sum = this.#fresh().reduce((all, { n }) => all + n, this.#here)
    // Whatever others claim: more than that cannot be said to those who listen.
    return Math.min(sum, MAX_HEARING)
  }

  setHere(count: number): void {
    this.#here = count
  }

  /** What is passed on. */
  rows(): readonly Ears[] {
    return [{ relay: this.#own, n: this.#here, at: this.#clock.now(), age: 0 }, ...this.#fresh()]
  }

  /** @param by the relay that says it: of itself it knows better than others do, whatever they make up */
  take(told: readonly Ears[], by: KeyText | undefined): void {
    this.#forget()
    for (const ears of told) {
      const known = this.#rows.get(ears.relay)
      const isItsOwn = ears.relay === by
      const isNewer =
        known === undefined || (known.isItsOwn === isItsOwn ? ears.at > known.ears.at : isItsOwn)
      const hasPlace = known !== undefined || this.#rows.size < MAX_COUNTED_RELAYS - 1
      if (ears.relay === this.#own || ears.age >= EARS_EXPIRY_MS || !isNewer || !hasPlace) continue
      this.#rows.set(ears.relay, { ears, said: this.#clock.now() - ears.age, isItsOwn })
    }
  }

  #fresh(): readonly Ears[] {
    this.#forget()
    const now = this.#clock.now()
    return [...this.#rows.values()].map(({ ears, said }) => ({ ...ears, age: Math.max(0, now - said) }))
  }

  #forget(): void {
    const oldest = this.#clock.now() - EARS_EXPIRY_MS
    for (const [relay, { said }] of this.#rows) if (said <= oldest) this.#rows.delete(relay)
  }
}
