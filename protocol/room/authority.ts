import type { KeyText, MemberId } from '../ids.ts'
import { inPast, isAmong, numbered, operationAt, seenOfDevice } from './history.ts'
import { LEVEL, type Level } from './level.ts'
import type { Operation } from './operation.ts'
import { aboutOf, actAt, isKnown, isLater, type Place, type Reading, strengthAt } from './view.ts'

/** Who may do what at which place of a history (SPEC §7.4): one sentence each, and no order but that of the strata. */

/** ROOM-2: does the actor hold at least this level at a place? */
export function holds(view: Reading, actor: MemberId, level: Level, at: Place): boolean {
  if (isCreator(view, actor, at)) return true
  if (level === LEVEL.creator) return false
  const held = aboutOf(view, actor).grants.findLast(
    (grant) => grantedLevel(view, grant) >= level && gives(view, grant, at),
  )
  return held !== undefined
}

/** The grant was made by somebody who could, was taken by its target there (who knew of it), and still stands. */
export function gives(view: Reading, grant: number, at: Place): boolean {
  return strengthAt(view, grant) !== undefined && isConsented(view, grant, at) && stands(view, grant, at)
}

/** ROOM-2, ROOM-8: the host where the room is not taken, unless they yielded it and this is not before that. */
export function isCreator(view: Reading, actor: MemberId, at: Place): boolean {
  if (actor !== view.room.m) return false
  const yielded = view.yields.some((one) => at === undefined || !inPast(view.history, at, one))
  return !yielded && !isTaken(view, at)
}

/**
 * ROOM-8: somebody took the room as far as this place knows, by an acceptance that the host had not taken back before or at the same time. What
 * the host takes back afterwards counts for nothing, and neither does what others do about it.
 */
export function isTaken(view: Reading, at: Place): boolean {
  return view.hands.some((hand) => {
    if (!isKnown(view, hand, at)) return false
    const { m, to } = actAt(view, hand)
    const withdrawals = aboutOf(view, to as MemberId).lowerings.filter(
      (one) => actAt(view, one).m === m && isKnown(view, one, at) && !inPast(view.history, one, hand),
    )
    return acceptancesOf(view, hand).some(
      (accept) => isKnown(view, accept, at) && withdrawals.every((one) => inPast(view.history, accept, one)),
    )
  })
}

/** The level that a grant or hand-over gives. */
export function grantedLevel(view: Reading, grant: number): Level {
  const { k, level } = actAt(view, grant)
  return k === 'hand' ? LEVEL.successor : (level as Level)
}

/** ROOM-3: the person took the grant themselves, in its knowledge. */
export function isConsented(view: Reading, grant: number, at: Place): boolean {
  return acceptancesOf(view, grant).some(
    (accept) => isKnown(view, accept, at) && isSincere(view, accept, grantedLevel(view, grant)),
  )
}

/** Acceptances of a grant by its own target. */
export function acceptancesOf(view: Reading, grant: number): readonly number[] {
  const { id, operation } = operationAt(view.history, grant)
  return (view.accepts.get(id) ?? []).filter(
    (accept) => actAt(view, accept).m === operation.to && inPast(view.history, grant, accept),
  )
}

/**
 * ROOM-4, strong removal: a lowering of the grantee, by themselves or with more strength than the level granted, undoes the grant, unless the
 * grant was made in its knowledge, or it came later than the place. Concurrent means undone. A ban undoes grants made in its knowledge too,
 * until it is lifted.
 */
export function stands(view: Reading, grant: number, at: Place): boolean {
  const { to } = actAt(view, grant)
  const level = grantedLevel(view, grant)
  // From the last on, here and below: it settles most questions, and there may be thousands.
  const undoes = (lowering: number): boolean => {
    const strength = strengthAt(view, lowering)
    if (strength === undefined) return false
    if (actAt(view, lowering).m !== to && strength <= level) return false
    if (isLater(view, lowering, at)) return false
    if (!inPast(view.history, lowering, grant)) return true
    return actAt(view, lowering).k === 'ban' && !isUnbanned(view, lowering, strength, at)
  }
  return aboutOf(view, to as MemberId).lowerings.findLast(undoes) === undefined
}

/** ROOM-6: a restriction is lifted only by a causally later lift of at least its strength. */
export function isLifted(
  view: Reading,
  lifts: readonly number[],
  restriction: number,
  strength: Level,
  at: Place,
): boolean {
  const lift = lifts.findLast(
    (one) =>
      (strengthAt(view, one) ?? -1) >= strength &&
      inPast(view.history, restriction, one) &&
      isKnown(view, one, at),
  )
  return lift !== undefined
}

export function isUnbanned(view: Reading, ban: number, strength: Level, at: Place): boolean {
  return isLifted(view, aboutOf(view, actAt(view, ban).to as MemberId).unbans, ban, strength, at)
}

/** ROOM-5: what an actor of this stratum may do: act on those strictly below, and grant what is strictly below. */
export function permits(view: Reading, operation: Operation, stratum: Level, at: Place): boolean {
  if (stratum < LEAST[operation.k]) return false
  const { k, to, level } = operation
  if (k === 'grant' && (level as Level) >= stratum) return false
  return to === undefined || !holds(view, to, stratum, at)
}

/** The lowest stratum in which each act is done. Acceptances, hand-overs and lowerings of oneself are judged apart. */
const LEAST: Readonly<Record<Operation['k'], number>> = {
  grant: LEVEL.comoderator,
  lower: LEVEL.comoderator,
  mute: LEVEL.comoderator,
  unmute: LEVEL.comoderator,
  remove: LEVEL.comoderator,
  admit: LEVEL.comoderator,
  revoke: LEVEL.comoderator,
  checkpoint: LEVEL.comoderator,
  epoch: LEVEL.comoderator,
  ban: LEVEL.moderator,
  unban: LEVEL.moderator,
  lock: LEVEL.moderator,
  unlock: LEVEL.moderator,
  set: LEVEL.moderator,
  end: LEVEL.moderator,
  hand: Infinity,
  accept: Infinity,
}

/**
 * ROOM-9, the anchor rule: an operation of a device that signed twins counts, from the first of them on, only if an accepted operation of more
 * than this strength saw it and, of the twins, the one on its own way alone. So nobody undoes what a senior has seen by signing another.
 */
export function isSincere(view: Reading, i: number, strength: Level): boolean {
  // Nobody stands above them to choose: whoever has seen the room taken is not its creator any more.
  if (strength >= LEVEL.successor) return true
  const { history } = view
  const { device, operation } = operationAt(history, i)
  const first = history.forks.get(device)
  if (first === undefined || operation.n < first) return true
  const twins = numbered(history, device, first)
  // Whoever saw what was signed on top of both twins saw both.
  const own = twins.find((twin) => twin === i || inPast(history, twin, i))
  const anchored = own === undefined ? undefined : anchorsOf(view, device, twins, strength).get(own)
  return anchored !== undefined && isAmong(history, anchored, i)
}

/** What operations of more than this strength saw of a device that signed twins, by the one twin that each of them saw. Found once for all who ask. */
function anchorsOf(
  { history, strengths, anchors }: Reading,
  device: KeyText,
  twins: readonly number[],
  strength: Level,
): ReadonlyMap<number, ReadonlyMap<number, number>> {
  const name = `${strength}/${device}`
  const known = anchors.get(name)
  if (known !== undefined) return known
  const found = new Map<number, Map<number, number>>()
  for (const [id, senior] of strengths) {
    if (senior <= strength) continue
    const s = history.store.index.get(id) as number
    const first = twins.findIndex((twin) => inPast(history, twin, s))
    const own = twins[first]
    if (own === undefined || twins.some((twin, t) => t > first && inPast(history, twin, s))) continue
    const seen = found.get(own) ?? new Map<number, number>()
    found.set(own, seen)
    for (const [chain, count] of seenOfDevice(history, device, s))
      seen.set(chain, Math.max(count, seen.get(chain) ?? 0))
  }
  anchors.set(name, found)
  return found
}
