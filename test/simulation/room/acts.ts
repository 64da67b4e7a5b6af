import type { MemberId, OperationId } from '../../../protocol/ids.ts'
import { MAX_CLOCK_SKEW } from '../../../protocol/limits.ts'
import {
  type History,
  indexOf,
  inPast,
  isWholeAt,
  nextEpoch,
  nextOfDevice,
  operationAt,
  wholeAt,
} from '../../../protocol/room/history.ts'
import {
  type FurtherAct,
  isTogether,
  type Operation,
  type SignedOperation,
} from '../../../protocol/room/operation.ts'
import { levelOf, type RoomState } from '../../../protocol/room/state.ts'
import type { Dice } from '../../independent/dice.ts'
import { MEMBERS, type Pen, type Unsigned } from './cast.ts'
import { look, type Peer } from './peer.ts'
import { LEAST } from './rulebook.ts'

/** How often each act is tried. Grants and acceptances more often: without them nobody has any authority to fight with. */
const TRIED: readonly Operation['k'][] = [
  ...(['grant', 'grant', 'grant', 'grant', 'accept', 'accept', 'accept', 'lower', 'lower'] as const),
  ...(['mute', 'unmute', 'remove', 'ban', 'ban', 'unban', 'admit', 'revoke', 'lock', 'unlock'] as const),
  ...(['set', 'epoch', 'checkpoint', 'checkpoint', 'hand'] as const),
]
const GRANTED = [80, 80, 60, 60, 20] as const
/** One act in so many ends the room. */
const END = 40
/** Acts that an honest person thinks of before they let it be. */
const TRIES = 3
const HASH = new Uint8Array(32)
/** One operation in so many has others beside it under one signature, if it may; and how many at most. */
const TOGETHER = 5
const MOST_BESIDE = 3

/** What the act is, without its place in the history. */
type Placeless = Omit<Unsigned, 'n' | 'heads'>

/** A signed operation, and whether its maker broke the shape of the history, so that everybody has to refuse it. */
export interface Made {
  readonly signed: SignedOperation
  readonly malformed: boolean
}

/** What an honest person does now, within what their own state lets them; `undefined` for nothing. */
export function honestAct(chance: Dice, pen: Pen, peer: Peer, people: number, now: number): Made | undefined {
  const state = look(peer)
  let act: Placeless | undefined
  for (let tries = 0; act === undefined && tries < TRIES; tries++)
    act = honestChoice(chance, state, peer, people, now)
  if (act === undefined) return undefined
  const { history } = peer
  const also = beside(chance, act, () => honestChoice(chance, state, peer, people, now))
  const unsigned = { ...act, ...also, n: nextOfDevice(history, peer.device), heads: history.heads }
  return { signed: pen.sign(peer.device, unsigned), malformed: false }
}

function honestChoice(
  chance: Dice,
  state: RoomState,
  { member, history }: Peer,
  people: number,
  now: number,
): Placeless | undefined {
  const offer = state.offers.get(member)
  if (offer !== undefined && !chance.once(4)) return { m: member, k: 'accept', ref: offer.grant, at: now }
  const level = levelOf(state, member)
  const act = choice(chance, history, member, people, now)
  if (level === 100) return act
  if (act.k === 'lower' && act.to === member) return act
  if (LEAST[act.k] > level) return level >= 60 ? { m: member, k: 'checkpoint', at: now } : undefined
  if (act.to !== undefined && levelOf(state, act.to) >= level) return undefined
  return act.level !== undefined && act.level >= level ? undefined : act
}

/**
 * What somebody does who sees a part of the room and does not ask what they still may: their own operations follow each other, but for the place that
 * they take in the history they might have been away for any time. @param hopes levels that were granted and taken once
 */
export function carelessAct(
  chance: Dice,
  pen: Pen,
  peer: Peer,
  people: number,
  now: number,
  hopes: ReadonlyMap<MemberId, number>,
): Made {
  const { history, member } = peer
  let act = choice(chance, history, member, people, now)
  for (let tries = 0; tries < TRIES && LEAST[act.k] > (hopes.get(member) ?? 0); tries++) {
    if (act.k === 'accept' || (act.k === 'lower' && act.to === member)) break
    act = choice(chance, history, member, people, now)
  }
  const heads = chance.once(2) ? history.heads : someHeads(chance, history, lastOf(history, peer))
  const also = beside(chance, act, () => choice(chance, history, member, people, now))
  const unsigned = { ...act, ...also, n: nextOfDevice(history, peer.device), heads }
  const epoch = act.k === 'epoch' ? { epoch: epochAfter(history, heads) } : {}
  return { signed: pen.sign(peer.device, { ...unsigned, ...epoch }), malformed: false }
}

/** What somebody with a modified client does: anything, from any place in the history that they know, and sometimes from none. */
export function hostileAct(chance: Dice, pen: Pen, peer: Peer, people: number, now: number): Made {
  const { history } = peer
  const act = choice(chance, history, peer.member, people, now)
  const backdated = !chance.once(3)
  const heads = backdated ? someHeads(chance, history) : history.heads
  let n = numberAfter(history, heads, peer)
  let malformed = false
  let { epoch } = act
  if (act.k === 'epoch') epoch = epochAfter(history, heads)
  let stated: readonly OperationId[] = heads
  if (chance.once(8)) {
    malformed = true
    const lies = chance.below(5)
    if (lies === 0 && n > 0) n -= 1
    else if (lies === 1 && epoch !== undefined) epoch += 1
    else if (lies === 2 && heads.length > 0 && history.size > 1) {
      const ancestor = ancestorOf(chance, history, heads)
      if (ancestor === undefined) malformed = false
      else stated = [...heads, ancestor]
    } else if (lies === 3) {
      const part = partOf(chance, history)
      if (part === undefined) malformed = false
      else stated = [part]
    } else n += 1
  }
  const at = chance.once(6) ? later(chance, now) : now
  const also = beside(chance, act, () => choice(chance, history, peer.member, people, now))
  const said = { ...act, ...also, ...(epoch === undefined ? {} : { epoch }) }
  const unsigned: Unsigned = { ...said, at, n, heads: stated }
  return { signed: pen.sign(peer.device, unsigned), malformed }
}

/** OP-8: what is signed together with an act. @param think of one more thing to do, or of nothing */
function beside(
  chance: Dice,
  { k }: Placeless,
  think: () => Placeless | undefined,
): { readonly also?: readonly FurtherAct[] } {
  if (!isTogether(k) || !chance.once(TOGETHER)) return {}
  const also: FurtherAct[] = []
  for (let more = 1 + chance.below(MOST_BESIDE); more > 0; more--) {
    const one = think()
    if (one === undefined || !isTogether(one.k)) continue
    const { m: _m, at: _at, ...act } = one
    also.push(act as FurtherAct)
  }
  return also.length > 0 ? { also } : {}
}

/** An act that others follow in its bundle. */
function partOf(chance: Dice, history: History): OperationId | undefined {
  const start = chance.below(history.size + 1)
  for (let step = 0; step < history.size; step++) {
    const i = (start + step) % history.size
    if (!isWholeAt(history, i)) return operationAt(history, i).id
  }
  return undefined
}

/** A time that has not come yet: from just about what a clock may be off, to far away. */
function later(chance: Dice, now: number): number {
  return chance.once(2) ? now + chance.below(3 * MAX_CLOCK_SKEW) : now + 1_000_000
}

function choice(chance: Dice, history: History, member: MemberId, people: number, now: number): Placeless {
  const k = chance.once(END) ? 'end' : chance.of(TRIED)
  const base = { m: member, k, at: now }
  const to = MEMBERS[chance.below(people)] as MemberId
  switch (k) {
    case 'grant':
      return { ...base, to, level: chance.of(GRANTED) }
    case 'accept': {
      const ref = grantFor(chance, history, member)
      return ref === undefined ? { ...base, k: 'checkpoint' } : { ...base, ref }
    }
    case 'remove':
    case 'ban':
      return { ...base, to, why: 'abuse' }
    case 'lock':
    case 'unlock':
    case 'checkpoint':
    case 'end':
      return base
    case 'set':
      return chance.once(2) ? { ...base, title: `Title ${now}` } : { ...base, hands: 'nobody', lang: 'fr' }
    case 'epoch':
      return { ...base, epoch: nextEpoch(history), hash: HASH, audience: HASH }
    default:
      return { ...base, to }
  }
}

/** A grant that somebody could take: mostly one to them, sometimes anything. */
function grantFor(chance: Dice, history: History, member: MemberId): OperationId | undefined {
  const start = chance.below(history.size + 1)
  for (let i = 0; i < history.size; i++) {
    const { id, operation } = operationAt(history, (start + i) % history.size)
    if ((operation.k === 'grant' || operation.k === 'hand') && operation.to === member) return id
  }
  return history.size > 0 ? operationAt(history, chance.below(history.size)).id : undefined
}

/** A frontier of a few operations that were picked at random: as if the others had not been seen. @param own one that was */
function someHeads(chance: Dice, history: History, own?: number): readonly OperationId[] {
  if (history.size === 0) return []
  let first = lastWith(history, chance.below(history.size))
  if (own !== undefined && !inPast(history, own, first)) first = own
  const picked = [first]
  for (let more = chance.below(3); more > 0; more--) {
    const i = lastWith(history, chance.below(history.size))
    if (picked.every((other) => other !== i && !inPast(history, i, other) && !inPast(history, other, i)))
      picked.push(i)
  }
  return picked.map((i) => operationAt(history, i).id)
}

/** The last act of the bundle that an act is of. */
function lastWith(history: History, i: number): number {
  return indexOf(history, wholeAt(history, i).id) as number
}

function lastOf(history: History, { device }: Peer): number | undefined {
  for (let i = history.size - 1; i >= 0; i--) if (operationAt(history, i).device === device) return i
  return undefined
}

function ancestorOf(chance: Dice, history: History, heads: readonly OperationId[]): OperationId | undefined {
  const head = indexOf(history, heads[0] as OperationId) as number
  const start = chance.below(history.size)
  for (let step = 0; step < history.size; step++) {
    const i = (start + step) % history.size
    if (inPast(history, i, head)) return operationAt(history, i).id
  }
  return undefined
}

/** Counted by walking, not by asking the history for it. */
function numberAfter(history: History, heads: readonly OperationId[], { device }: Peer): number {
  let n = 0
  for (const { operation } of behind(history, heads, (signed) => signed.device === device))
    n = Math.max(n, operation.n + 1)
  return n
}

function epochAfter(history: History, heads: readonly OperationId[]): number {
  let epoch = 1
  for (const { operation } of behind(history, heads, ({ operation: { k } }) => k === 'epoch'))
    epoch = Math.max(epoch, (operation.epoch as number) + 1)
  return epoch
}

/** Heads and their pasts, those of them that are wanted. */
function behind(
  history: History,
  heads: readonly OperationId[],
  isWanted: (signed: SignedOperation) => boolean,
): readonly SignedOperation[] {
  const indices = heads.map((head) => indexOf(history, head) as number)
  const found: SignedOperation[] = []
  for (let i = 0; i < history.size; i++) {
    const signed = operationAt(history, i)
    if (isWanted(signed) && indices.some((head) => head === i || inPast(history, i, head))) found.push(signed)
  }
  return found
}
