import type { MemberId, OperationId } from '../../../protocol/ids.ts'
import type { Operation } from '../../../protocol/room/operation.ts'
import { before, reaches, type Tale } from './tale.ts'

/**
 * SPEC §7.4 a second time, from its text alone, as a *check*: given the strength with which each operation is claimed to act, may it? The resolver
 * works from the top down; this asks of a finished answer, in any order, whether each line of it follows from the others.
 */

/** Strengths by index; -1 for an operation that does not count. */
export type Claim = readonly number[]

/** SPEC §7.2: from which level on each act is done. An acceptance is no act upon others. */
export const LEAST: Readonly<Record<Operation['k'], number>> = {
  hand: 100,
  ban: 80,
  unban: 80,
  lock: 80,
  unlock: 80,
  set: 80,
  end: 80,
  grant: 60,
  lower: 60,
  mute: 60,
  unmute: 60,
  remove: 60,
  admit: 60,
  revoke: 60,
  epoch: 60,
  checkpoint: 60,
  accept: 101,
}

/** The end of the history as a place. */
export const END = -1

const LOWERING: ReadonlySet<Operation['k']> = new Set<Operation['k']>(['lower', 'remove', 'ban'])

export function givenLevel({ k, level }: Operation): number {
  return k === 'hand' ? 90 : (level ?? 0)
}

export function isGift({ k }: Operation): boolean {
  return k === 'grant' || k === 'hand'
}

export function isLowering({ k }: Operation): boolean {
  return LOWERING.has(k)
}

function op(tale: Tale, i: number): Operation {
  return tale.operations[i] as Operation
}

function isKnownAt(tale: Tale, i: number, place: number): boolean {
  return place === END || reaches(tale, i, place)
}

function isLaterThan(tale: Tale, i: number, place: number): boolean {
  return place !== END && reaches(tale, place, i)
}

/** ROOM-9. */
export function isAnchored(tale: Tale, claim: Claim, i: number, strength: number): boolean {
  const device = tale.devices[i]
  const fork = tale.twins.get(device as NonNullable<typeof device>)
  if (strength >= 90 || fork === undefined || op(tale, i).n < fork) return true
  const twins: number[] = []
  for (let t = 0; t < claim.length; t++)
    if (tale.devices[t] === device && op(tale, t).n === fork) twins.push(t)
  const mine = twins.filter((t) => reaches(tale, t, i))
  if (mine.length !== 1) return false
  for (let c = 0; c < claim.length; c++)
    if (
      (claim[c] as number) > strength &&
      before(tale, i, c) &&
      twins.every((t) => before(tale, t, c) === (t === mine[0]))
    )
      return true
  return false
}

/** ROOM-3. */
export function isTaken(tale: Tale, claim: Claim, gift: number, place: number): boolean {
  const { to } = op(tale, gift)
  const level = givenLevel(op(tale, gift))
  for (let i = 0; i < claim.length; i++) {
    const { k, m, ref } = op(tale, i)
    if (k !== 'accept' || m !== to || ref !== tale.ids[gift] || !before(tale, gift, i)) continue
    if (isKnownAt(tale, i, place) && isAnchored(tale, claim, i, level)) return true
  }
  return false
}

/** ROOM-8: has somebody taken the room, as far as is known at a place, and had the host not taken that back where they did not know of it? */
export function isTakenAt(tale: Tale, claim: Claim, place: number): boolean {
  for (let a = 0; a < claim.length; a++) {
    const { k, m, ref } = op(tale, a)
    if (k !== 'accept' || !isKnownAt(tale, a, place)) continue
    const hand = tale.index.get(ref as OperationId) ?? END
    if (hand === END || op(tale, hand).k !== 'hand' || claim[hand] !== 100) continue
    if (op(tale, hand).to !== m || !before(tale, hand, a)) continue
    let withdrawn = false
    for (let w = 0; w < claim.length; w++) {
      const other = op(tale, w)
      if (!isLowering(other) || other.to !== m || other.m !== tale.host || !isKnownAt(tale, w, place))
        continue
      withdrawn ||= !before(tale, w, hand) && !before(tale, a, w)
    }
    if (!withdrawn) return true
  }
  return false
}

/** Found once for all who ask: the same of each claim. */
const yieldsByClaim = new WeakMap<Claim, readonly number[]>()

/** ROOM-8: operations of the host who knew that the room was taken. */
export function yieldsOf(tale: Tale, claim: Claim): readonly number[] {
  const known = yieldsByClaim.get(claim)
  if (known !== undefined) return known
  const yields = yieldsAnew(tale, claim)
  yieldsByClaim.set(claim, yields)
  return yields
}

function yieldsAnew(tale: Tale, claim: Claim): readonly number[] {
  if (!claim.some((strength, h) => strength === 100 && op(tale, h).k === 'hand')) return []
  const yields: number[] = []
  for (let i = 0; i < claim.length; i++)
    if (op(tale, i).m === tale.host && isTakenAt(tale, claim, i)) yields.push(i)
  return yields
}

/** ROOM-8. */
export function isCreatorAt(tale: Tale, claim: Claim, member: MemberId, place: number): boolean {
  if (member !== tale.host || isTakenAt(tale, claim, place)) return false
  return yieldsOf(tale, claim).every((one) => place !== END && before(tale, place, one))
}

/** ROOM-6: somebody strong enough lifted it in its knowledge, and that is known at the place. */
export function isLifted(
  tale: Tale,
  claim: Claim,
  restriction: number,
  lift: Operation['k'],
  place: number,
): boolean {
  const { to } = op(tale, restriction)
  for (let i = 0; i < claim.length; i++) {
    const other = op(tale, i)
    if (other.k !== lift || other.to !== to || (claim[i] as number) < (claim[restriction] as number)) continue
    if (before(tale, restriction, i) && isKnownAt(tale, i, place)) return true
  }
  return false
}

/** ROOM-4. */
export function isUndone(tale: Tale, claim: Claim, gift: number, place: number): boolean {
  const { to } = op(tale, gift)
  const level = givenLevel(op(tale, gift))
  for (let i = 0; i < claim.length; i++) {
    const { k, m, to: lowered } = op(tale, i)
    const strength = claim[i] as number
    if (!LOWERING.has(k) || lowered !== to || strength < 0 || (m !== to && strength <= level)) continue
    if (isLaterThan(tale, i, place)) continue
    if (!before(tale, i, gift)) return true
    if (k === 'ban' && !isLifted(tale, claim, i, 'unban', place)) return true
  }
  return false
}

/** ROOM-2. */
export function levelAt(tale: Tale, claim: Claim, member: MemberId, place: number): number {
  if (isCreatorAt(tale, claim, member, place)) return 100
  let best = 0
  for (let g = 0; g < claim.length; g++) {
    const gift = op(tale, g)
    if (!isGift(gift) || gift.to !== member || (claim[g] as number) < 0 || !isKnownAt(tale, g, place))
      continue
    const level = givenLevel(gift)
    if (level <= best) continue
    if (isTaken(tale, claim, g, place) && !isUndone(tale, claim, g, place)) best = level
  }
  return best
}

/** ROOM-5, for one operation: the strength with which it acts if the others act as claimed. */
export function strengthOf(tale: Tale, claim: Claim, i: number): number {
  const { k, m, to, level } = op(tale, i)
  if (k === 'accept') return -1
  if (k === 'hand') return isHandOver(tale, claim, i) ? 100 : -1
  const held = levelAt(tale, claim, m, i)
  if (k === 'lower' && to === m && held < 100) return 0
  const targets = to === undefined ? 0 : levelAt(tale, claim, to, i)
  for (const strength of [100, 90, 80, 60]) {
    if (strength > held || strength < LEAST[k]) continue
    if (to !== undefined && targets >= strength) continue
    if (k === 'grant' && (level as number) >= strength) continue
    if (isAnchored(tale, claim, i, strength)) return strength
  }
  return -1
}

/** ROOM-8. */
function isHandOver(tale: Tale, claim: Claim, i: number): boolean {
  const { m, to } = op(tale, i)
  return m === tale.host && to !== m && !isTakenAt(tale, claim, i)
}
