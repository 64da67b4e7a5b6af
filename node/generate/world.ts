import type { LedgerState, Member } from '../../protocol/community/membership.ts'
import type { CommunityId, KeyText, MemberId, RoomId, StatementId } from '../../protocol/ids.ts'
import type { Dice } from './dice.ts'
import type { Keys } from './keys.ts'

/** A made-up member, with what the ledger does not know: the names of their keys. */
export interface Person {
  /** Counts from 0 in the order in which they came in; founders first. */
  readonly number: number
  readonly id: MemberId
  /** Of the root in force, and of the devices that they made. */
  root: string
  readonly devices: string[]
  /** How many keys they ever made: the next one's number. */
  keys: number
  /** Their first slots were given out. */
  released: boolean
}

/** An invitation that nobody has used yet. */
export interface Pending {
  readonly id: StatementId
  readonly sponsor: Person
  readonly slot: number
  /** The name of its key. */
  readonly key: string
}

/** A slot that its member may use by now. */
export interface FreeSlot {
  readonly sponsor: Person
  readonly slot: number
}

/** Somebody whose first slots time alone may make usable. */
export interface Waiting {
  readonly person: Person
  readonly until: number
}

/** A room whose stage is open, and who is in it. */
export interface OpenRoom {
  readonly id: RoomId
  readonly host: Person
  readonly people: readonly Person[]
  readonly at: number
}

/** What somebody was attested and has not turned in. */
export interface Received {
  readonly refs: StatementId[]
  readonly rooms: Set<RoomId>
}

/** The ledger as it grows. */
export interface Chronicle {
  readonly state: LedgerState
  /** Takes a statement at this time when it holds; gives the reason when it does not. */
  propose(envelope: Uint8Array, at: number): string | undefined
}

/** Everything that happens is a function of the dice, the keys and the ledger. */
export interface World {
  readonly community: CommunityId
  readonly keys: Keys
  readonly dice: Dice
  readonly chronicle: Chronicle
  /** Log time. */
  now: number
  readonly people: Person[]
  readonly byId: Map<MemberId, Person>
  readonly pending: Pending[]
  readonly free: FreeSlot[]
  /** Who waits for their first slots, the first to get them first. */
  readonly waiting: Waiting[]
  /** How many of `waiting` have had their turn. */
  waited: number
  readonly rooms: OpenRoom[]
  readonly received: Map<MemberId, Received>
  /** Who may have received enough to claim. */
  readonly claimers: Set<Person>
  /** Who was told that a ban is near, and since when. */
  readonly noticed: { readonly person: Person; readonly at: number }[]
  readonly bans: StatementId[]
  /** Root keys of the founders, by key: they are the council. */
  readonly founders: ReadonlyMap<KeyText, string>
  /** Counts everything that needs a name. */
  count: number
}

/** Something that happens; false when there was no occasion for it. */
export type Happening = (world: World) => Promise<boolean>

export function memberOf(world: World, person: Person): Member {
  return world.chronicle.state.members.get(person.id) as Member
}

/** Somebody who may act. `undefined` when ten tries found nobody. */
export function anybody(world: World, suits: (member: Member) => boolean = () => true): Person | undefined {
  for (let tries = 0; tries < 10; tries++) {
    const person = world.dice.pick(world.people)
    if (person === undefined) return undefined
    const member = memberOf(world, person)
    if (member.standing === 'active' && suits(member)) return person
  }
  return undefined
}

/** A name for a key, a room or a nonce that was never used before. */
export function freshName(world: World, kind: string): string {
  world.count += 1
  return `${kind} ${world.count}`
}
