import type { MemberId } from '../../protocol/ids.ts'
import { Bucket } from '../bucket.ts'
import type { Clock } from '../ports/clock.ts'

/**
 * What one member may say in a room, whoever carries it: a beacon every 150 ms from each of some sessions is as quick as an honest one gets, and a
 * moderator who clears a room acts some times a second. More is not carried on: others get it by anti-entropy.
 */
const BURST = 100
const REFILL_MS = 50
/** Members who are remembered; beyond, whoever spoke longest ago begins anew. */
const MAX_REMEMBERED = 2048

/** Keeps each member of a room to what an honest one says. */
export class Authors {
  readonly #clock: Clock
  readonly #buckets = new Map<MemberId, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a message that claims to be theirs is worth verifying. It takes nothing: anybody may claim. */
  hears(member: MemberId): boolean {
    return (this.#buckets.get(member)?.left ?? BURST) > 0
  }

  /** They said something, truly. @param count how many messages it would be one by one: a bundle is no cheap way to say more */
  heard(member: MemberId, count: number): void {
    const bucket = this.#buckets.get(member) ?? new Bucket(this.#clock, BURST, REFILL_MS)
    bucket.owe(count)
    // The map's order is that of the last use.
    this.#buckets.delete(member)
    this.#buckets.set(member, bucket)
    if (this.#buckets.size <= MAX_REMEMBERED) return
    const [oldest] = this.#buckets.keys()
    this.#buckets.delete(oldest as MemberId)
  }
}
