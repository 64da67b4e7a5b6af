import { encodeValue, type Value } from '../../protocol/codec.ts'
import { unhex } from './bytes.ts'
import type { Dice } from './dice.ts'
import {
  type Chain,
  chain,
  council,
  device,
  devices,
  isFrozen,
  isRemoved,
  type Member,
  member,
  members,
  roots,
  standing,
} from './history.ts'
import { begin, type Reading, take } from './reader.ts'
import type { Scheme } from './scheme.ts'
import { covered, envelopeOf, NOWHERE } from './statement.ts'

/** A statement that is about to be made: what it says, and who signs. */
export interface Draft {
  readonly type: string
  readonly fields: Readonly<Record<string, Value>>
  readonly signers: readonly string[]
}

/** A ledger that grows, with everybody's keys at hand. The second replay says what holds in it so far. */
export interface World {
  readonly dice: Dice
  readonly scheme: Scheme
  readonly entries: Uint8Array[]
  reading: Reading
  /** The time of the next entry. */
  now: number
  /** What was said, by the id of the statement: also what is void. */
  readonly said: Map<string, Draft>
  /** Envelopes that were given to the log before. */
  readonly envelopes: Uint8Array[]
  /** Roots for whom an invitation was made. */
  readonly awaited: string[]
}

export function community(world: World): string {
  return world.reading.history.community
}

/** The payload of a draft. @param c another community than the ledger's; `undefined` leaves it out */
export function payloadOf({ type, fields }: Draft, c: string | undefined): Uint8Array {
  return encodeValue({ ...fields, t: type, ...(c !== undefined && { c: unhex(c) }) })
}

/** Signs a payload with each key, in the order of the keys. */
export function sealed(
  scheme: Scheme,
  { type, signers }: Pick<Draft, 'type' | 'signers'>,
  c: string,
  payload: Uint8Array,
): Uint8Array {
  const { message } = covered(type, c, payload)
  const keys = [...new Set(signers)].sort()
  return envelopeOf(
    payload,
    keys.map((key) => ({ key, signature: scheme.sign(key, message) })),
  )
}

export function seal(world: World, draft: Draft): Uint8Array {
  const c = community(world)
  const payload = payloadOf(draft, c)
  world.said.set(covered(draft.type, c, payload).id, draft)
  return sealed(world.scheme, draft, c, payload)
}

export function idOf(world: World, draft: Draft): string {
  const c = community(world)
  return covered(draft.type, c, payloadOf(draft, c)).id
}

export function entryOf(at: number, envelope: Uint8Array): Uint8Array {
  return encodeValue({ at, e: envelope })
}

/** Gives an envelope to the log. False when it is no entry that anybody reads. */
export function log(world: World, envelope: Uint8Array): boolean {
  const entry = entryOf(world.now, envelope)
  const next = take(world.scheme.check, world.reading, entry)
  if (!next.ok) return false
  world.reading = next.value
  world.entries.push(entry)
  world.envelopes.push(envelope)
  return true
}

/** A ledger that begins with this genesis. */
export function found(dice: Dice, scheme: Scheme, genesis: Draft, at: number): World {
  const first = entryOf(at, sealed(scheme, genesis, NOWHERE, payloadOf(genesis, undefined)))
  const begun = begin(scheme.check, first)
  if (!begun.ok) throw new Error(`not a genesis: ${begun.reason}`)
  return {
    dice,
    scheme,
    entries: [first],
    reading: begun.value,
    now: at,
    said: new Map(),
    envelopes: [],
    awaited: [],
  }
}

// Who may be meant

/** Somebody, mostly in good standing. */
export function somebody(world: World): Member | undefined {
  const { dice, reading } = world
  const everybody = members(reading.history)
  const active = everybody.filter(({ id }) => standing(reading.history, id) === 'active')
  if (everybody.length === 0) return undefined
  return dice.of(active.length === 0 || dice.once(12) ? everybody : active)
}

/** Somebody's key, mostly one that still counts. */
export function deviceOf(world: World, m: string): string | undefined {
  const { dice, reading } = world
  const own = devices(reading.history).filter((one) => one.m === m)
  const fit = own.filter(({ key }) => !isRemoved(reading.history, key) && !isFrozen(reading.history, key))
  if (own.length === 0) return undefined
  return dice.of(fit.length === 0 || dice.once(20) ? own : fit).key
}

export function rootOf(world: World, m: string): string {
  return roots(world.reading.history, member(world.reading.history, m) as Member).inForce.key
}

/** The next place in the chain of a key. */
export function next(world: World, key: string): Chain {
  const { history } = world.reading
  const root = members(history)
    .map((one) => roots(history, one).inForce)
    .find((one) => one.key === key)
  return chain(history, key, root?.start ?? device(history, key)?.start ?? '00'.repeat(32))
}

// Whole statements

type Extra = Readonly<Record<string, Value>>

export function byDevice(world: World, type: string, m: string, extra: Extra): Draft | undefined {
  const key = deviceOf(world, m)
  return key === undefined ? undefined : chained(world, type, m, extra, key, [key])
}

export function byRoot(
  world: World,
  type: string,
  m: string,
  extra: Extra,
  others: readonly string[] = [],
): Draft {
  const root = rootOf(world, m)
  return chained(world, type, m, extra, root, [root, ...others])
}

function chained(
  world: World,
  type: string,
  m: string,
  extra: Extra,
  key: string,
  signers: readonly string[],
): Draft {
  const { n, last } = next(world, key)
  return { type, fields: { m: unhex(m), ...extra, n, prev: unhex(last), at: world.now }, signers }
}

export function byCouncil(world: World, type: string, extra: Extra): Draft {
  const { v, k, keys } = council(world.reading.history)
  const most = world.dice.once(3) ? keys.length : k
  const signers = [...keys].sort(() => world.dice.below(3) - 1).slice(0, most)
  return { type, fields: { v, ...extra, at: world.now }, signers }
}
