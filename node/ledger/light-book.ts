import type { LogPromise } from '../../protocol/community/entry.ts'
import type { Membership, RecordName } from '../../protocol/community/membership.ts'
import { append, judge } from '../../protocol/community/replay.ts'
import { openStatement } from '../../protocol/community/statement.ts'
import type { Id, MemberId } from '../../protocol/ids.ts'
import type { SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { good } from '../../protocol/result.ts'
import { type Fact, type LightRead, type LookedName, lightMembership } from './light.ts'

/**
 * Facts that are held at most: everybody in a large room with their devices, several times over. Whoever is met again is looked up again.
 */
const MAX_FACTS = 1024
/** Of those that say that there is nothing: whoever names people that are not there shall not make others forgotten. */
const MAX_ABSENT = 256

/** A fact, the size of the tree under which it was proved, and when that was, in milliseconds. */
interface Noted {
  readonly fact: Fact
  readonly size: number
  readonly at: number
}

/** What the log promised us, and the records that it changes. */
interface Own {
  readonly promise: LogPromise
  readonly statement: Uint8Array
  readonly changes: readonly LookedName[]
}

/**
 * What was looked up of a community's state, each record as it was in the newest tree under which it was asked for. Nothing goes back: what
 * is of a smaller tree than a record's last one changes nothing.
 */
export class LightBook {
  readonly #begun: Membership
  /** The one that was looked at last is the last. */
  readonly #facts = new Map<string, Noted>()
  readonly #profiles = new Map<MemberId, Id>()
  readonly #pinned = new Map<string, LookedName>()
  #newest: SignedCheckpoint | undefined
  /** What the log promised us, until it is in a tree that it signed. */
  #own: Own | undefined
  #membership: Membership | undefined

  /** @param begun the state after entry 0 */
  constructor(begun: Membership) {
    this.#begun = begun
  }

  /** The largest tree that any fact is from. */
  get newest(): SignedCheckpoint | undefined {
    return this.#newest
  }

  get size(): number {
    return this.#newest?.size ?? 0
  }

  get membership(): Membership {
    this.#membership ??= this.#draw()
    return this.#membership
  }

  /** What there is to know more about: first what is never forgotten, and of the rest what is there. */
  get names(): readonly LookedName[] {
    const others = [...this.#facts]
      .filter(([key, { fact }]) => fact.record !== undefined && !this.#pinned.has(key))
      .map(([, { fact }]) => ({ kind: fact.kind, name: fact.name }) as LookedName)
    return [...this.#pinned.values(), ...others]
  }

  /** These are never forgotten. */
  pin(names: readonly LookedName[]): void {
    for (const name of names) this.#pinned.set(keyOf(name), name)
  }

  /** Whether the state has it, as far as we know; since when it had not, in milliseconds; undefined when it was not looked at. */
  whether(name: LookedName): true | number | undefined {
    const noted = this.#facts.get(keyOf(name))
    return noted?.fact.record === undefined ? noted?.at : true
  }

  /** @param at milliseconds */
  note({ checkpoint, facts }: LightRead, at: number): void {
    const { size } = checkpoint
    if (size > this.size) this.#newest = checkpoint
    for (const fact of facts) {
      const key = keyOf(fact)
      if (size < (this.#facts.get(key)?.size ?? 0)) continue
      this.#facts.delete(key)
      this.#facts.set(key, { fact, size, at })
    }
    this.#forget(
      [...this.#facts].filter(([, { fact }]) => fact.record === undefined).map(([key]) => key),
      MAX_ABSENT,
    )
    this.#forget([...this.#facts.keys()], MAX_FACTS)
    const own = this.#own
    if (own?.changes.every((name) => (this.#facts.get(keyOf(name))?.size ?? 0) > own.promise.index))
      this.#own = undefined
    this.#membership = undefined
  }

  /** A member's commitment to their profile. */
  commit(member: MemberId, profile: Id): void {
    this.#profiles.set(member, profile)
    this.#membership = undefined
  }

  commitment(member: MemberId): Id | undefined {
    return this.#profiles.get(member)
  }

  /** The log promised a place to a statement of ours: what follows from it is so for us from now on. */
  expect(promise: LogPromise, statement: Uint8Array): void {
    this.#own = { promise, statement, changes: [] }
    const changes = this.#draw().touched.filter(isLooked)
    this.#own = { promise, statement, changes }
    this.pin(changes)
    this.#membership = undefined
  }

  /** @param keys of facts, the first to be forgotten first */
  #forget(keys: readonly string[], most: number): void {
    const free = keys.filter((key) => !this.#pinned.has(key))
    for (const key of free.slice(0, Math.max(0, keys.length - most))) this.#facts.delete(key)
  }

  #draw(): Membership {
    const facts = [...this.#facts.values()].map(({ fact }) => fact)
    const proved = lightMembership(this.#begun, Math.max(1, this.size), facts, this.#profiles)
    if (this.#own === undefined) return proved
    const { promise, statement } = this.#own
    const opened = openStatement(proved.community, statement)
    // We signed it ourselves, and the log found that it holds; what it is about, we looked up.
    const judged = opened.ok ? judge(proved, opened.value, promise.at, () => good(true)) : opened
    if (!judged.ok) return proved
    const next = append({ ...proved, size: promise.index }, judged.value, promise.at)
    return { ...next, size: Math.max(proved.size, next.size) }
  }
}

function isLooked(name: RecordName): name is LookedName {
  return name.kind === 'member' || name.kind === 'device' || name.kind === 'invite'
}

function keyOf({ kind, name }: LookedName): string {
  return `${kind}/${name}`
}
