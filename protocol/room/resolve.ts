import type { MemberId, OperationId } from '../ids.ts'
import type { RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import {
  grantedLevel,
  holds,
  isConsented,
  isCreator,
  isSincere,
  isTaken,
  permits,
  stands,
} from './authority.ts'
import { commonPast, EMPTY_HISTORY, type History, indexOf, inPast, operationAt, sawAll } from './history.ts'
import { LEVEL, type Level, moderates } from './level.ts'
import type { Room } from './opening.ts'
import type { Act, Operation } from './operation.ts'
import { conclude, concludeWith, type Decision, type EarlierState, levelOf, type RoomState } from './state.ts'
import {
  aboutOf,
  actAt,
  type Draft,
  draftOf,
  emptyView,
  file,
  strengthAt,
  type View,
  viewOf,
} from './view.ts'

/** The strata that can act on others, from the creator down. */
const STRATA: readonly Level[] = [LEVEL.creator, LEVEL.successor, LEVEL.moderator, LEVEL.comoderator]

/**
 * What a room's operations add up to (SPEC §7.4): a pure function of their *set*. Whoever has the same operations sees the same stage, in whatever
 * order they came. From the creator down: what a stratum may do depends only on the strata above it, which are settled by then.
 */
export function resolve(room: Room, history: History): RoomState {
  return conclude(judged(emptyView(room, EMPTY_HISTORY), history))
}

/** A view with the operations that a history has beyond its own, all of which have everything in their past that the view was made of. */
function judged(view: View, history: History): View {
  const from = view.history.size
  const draft = draftOf(view, history)
  for (let i = from; i < history.size; i++) {
    file(draft, i)
    handOver(draft, i)
  }
  const open: number[] = []
  for (let i = from; i < history.size; i++) {
    if (lowersItself(draft, i)) settle(draft, i, LEVEL.listener)
    else if (isJudged(draft, i)) open.push(i)
  }
  for (const stratum of STRATA) {
    // Together, after the stratum was judged: equals never act on equals.
    for (const i of open.filter((each) => actsWith(draft, each, stratum))) settle(draft, i, stratum)
  }
  return viewOf(draft)
}

/**
 * The state with the operations that a history has beyond that of the state: the same as `resolve`. As long as they overrule nothing that was
 * judged before, each is judged by itself; otherwise what is not in the past of all of them is judged anew.
 */
export function advance(state: RoomState, history: History): RoomState {
  const from = state.view.history.size
  if (from === history.size) return state
  const earlier = earlierStates(state, commonPast(history, from))
  const draft = draftOf(state.view, history)
  for (let i = from; i < history.size; i++) {
    file(draft, i)
    if (!overrulesNothing(draft, i)) return goBack(state, earlier, history)
    handOver(draft, i)
    if (lowersItself(draft, i)) settle(draft, i, LEVEL.listener)
    else if (isJudged(draft, i)) {
      const stratum = STRATA.find((each) => actsWith(draft, i, each))
      if (stratum !== undefined) settle(draft, i, stratum)
    }
  }
  return concludeWith(state, state.record, earlier, viewOf(draft))
}

/**
 * The same from the newest of these states. Of twins that came since then none is in what it was made of, because all that came since has all of that
 * in its past; and whoever has both of two twins in theirs chooses none.
 */
function goBack(state: RoomState, earlier: readonly EarlierState[], history: History): RoomState {
  const [last] = earlier
  if (last === undefined) return resolve(state.view.room, history)
  const isOfLast = ({ id }: Decision) => indexOf(last.view.history, id) !== undefined
  return concludeWith(last, state.record.filter(isOfLast), earlier, judged(last.view, history))
}

/** Operations between two of the states that are kept, at least. */
const APART = 8

/**
 * States of the past that all new operations have in common, the newest first. Of those that are about as old the oldest and the newest are kept: so one
 * is not much older than need be, and there are never many.
 */
function earlierStates(state: RoomState, common: number): readonly EarlierState[] {
  const { size } = state.view.history
  const kept = state.earlier.filter(({ view }) => view.history.size <= common)
  const newest = kept[0]?.view.history.size ?? 0
  if (size > common || size - newest < APART) return kept
  const { record, earlier, ...now } = state
  const age = (one: EarlierState | undefined) => one && Math.floor(Math.log2(size - one.view.history.size))
  const isOnEdge = (one: EarlierState, i: number) =>
    age(one) !== age(kept[i - 1]) || age(one) !== age(kept[i + 1])
  return [now, ...kept.filter(isOnEdge)]
}

/**
 * An operation that has everything before it in its past changes nothing about any of it. One that is concurrent with others may take authority away
 * with which they act: when it lowers somebody who moderates, is of a host who may yield the room by it, or is about one of two twins.
 */
function overrulesNothing(draft: Draft, i: number): boolean {
  const { history, hands, room } = draft
  if (sawAll(history, i)) return true
  const { k, m, to } = actAt(draft, i)
  if (history.forks.size > 0) return false
  if (hands.length > 0 && m === room.m) return false
  if (k !== 'lower' && k !== 'remove' && k !== 'ban') return true
  return !aboutOf(draft, to as MemberId).grants.some((grant) => moderates(grantedLevel(draft, grant)))
}

/** Whether it acts depends on its maker's level; the rest is settled by itself. */
function isJudged(draft: Draft, i: number): boolean {
  const { k } = actAt(draft, i)
  return k !== 'accept' && k !== 'hand'
}

/** May this member do this at the end of the history? For our own actions; peers judge by `resolve`. */
export function mayAct(state: RoomState, actor: MemberId, act: Act): Result<true, RoomReason> {
  const { view } = state
  if (state.ended) return bad('room-over')
  switch (act.k) {
    case 'accept':
      return isOffered(state, actor, act.ref) ? good(true) : bad('grant-unknown')
    case 'hand':
      if (!isCreator(view, actor, undefined)) return bad('level-too-low')
      return act.to === actor ? bad('target-not-below') : good(true)
    case 'checkpoint':
      // It says what its maker has seen, and does nothing to anybody.
      return good(true)
    case 'lower':
      if (act.to === actor) return isCreator(view, actor, undefined) ? bad('target-not-below') : good(true)
  }
  const operation = { ...act, m: actor } as Operation
  const held = STRATA.filter((stratum) => holds(view, actor, stratum, undefined))
  if (held.some((stratum) => permits(view, operation, stratum, undefined))) return good(true)
  const above = 'to' in act && held.length > 0 && levelOf(state, act.to) >= levelOf(state, actor)
  return bad(above ? 'target-not-below' : 'level-too-low')
}

/** The grant was made to them, stands, and was not taken. */
function isOffered({ view }: RoomState, member: MemberId, grant: OperationId): boolean {
  const i = indexOf(view.history, grant)
  return (
    i !== undefined &&
    aboutOf(view, member).grants.includes(i) &&
    strengthAt(view, i) !== undefined &&
    stands(view, i, undefined) &&
    !isConsented(view, i, undefined)
  )
}

/** ROOM-5: the actor holds the stratum's level there, does what it permits, and has not signed another thing in its place. */
function actsWith(draft: Draft, i: number, stratum: Level): boolean {
  if (strengthAt(draft, i) !== undefined) return false
  const operation = actAt(draft, i)
  return (
    holds(draft, operation.m, stratum, i) &&
    permits(draft, operation, stratum, i) &&
    isSincere(draft, i, stratum)
  )
}

/** ROOM-5: anybody may step down alone, but a host who has not handed the room over. It counts whatever else they signed: it only takes away. */
function lowersItself(draft: Draft, i: number): boolean {
  const { k, m, to } = actAt(draft, i)
  return k === 'lower' && m === to && !isCreator(draft, m, i)
}

/** ROOM-8: the host hands the room over who did not know that it was taken already, and yields it by whatever they do who know. */
function handOver(draft: Draft, i: number): void {
  const { k, m, to } = actAt(draft, i)
  if (m !== draft.room.m) return
  if (isTaken(draft, i)) {
    if (!draft.yields.some((one) => inPast(draft.history, one, i))) draft.yields.push(i)
  } else if (k === 'hand' && to !== m) {
    draft.hands.push(i)
    settle(draft, i, LEVEL.creator)
  }
}

function settle(draft: Draft, i: number, strength: Level): void {
  draft.anchors.clear()
  draft.strengths.set(operationAt(draft.history, i).id, strength)
}
