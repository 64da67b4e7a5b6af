import type { MemberId, OperationId } from '../ids.ts'
import type { RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { type History, inPast } from './history.ts'
import { LEVEL, type Level, moderates } from './level.ts'
import type { Room } from './opening.ts'
import type { Act, Operation } from './operation.ts'

/**
 * What a room's operations add up to (SPEC §7.4): a pure function of their *set*. Whoever has the same operations sees the same stage, in whatever
 * order they came.
 */
export interface RoomState {
  readonly host: MemberId
  readonly ended: boolean
  /** Everybody above listener. */
  readonly levels: ReadonlyMap<MemberId, Level>
  /** Granted, and the person has neither accepted nor declined. */
  readonly offers: ReadonlyMap<MemberId, Offer>
  /** Muted by a moderator who still outranks them. */
  readonly muted: ReadonlySet<MemberId>
  /** Strength with which each accepted operation acts. What is not here was overruled. */
  readonly accepted: ReadonlyMap<OperationId, Level>
}

export interface Offer {
  readonly grant: OperationId
  readonly level: Level
  readonly by: MemberId
}

/** The strata that can act on others, from the creator down. */
const STRATA: readonly Level[] = [LEVEL.creator, LEVEL.moderator, LEVEL.comoderator]

/** Resolves from the creator down: what a stratum may do depends only on the strata above it, which are settled by then. */
export function resolve(room: Room, history: History): RoomState {
  const view: View = {
    room,
    history,
    strengths: new Map(),
    lowerings: new Map(),
    grants: new Map(),
    accepts: new Map(),
  }
  history.operations.forEach(({ operation, id }, i) => {
    if (operation.k === 'lower' && operation.to === operation.m && operation.m !== room.m)
      settle(view, i, operation, LEVEL.listener)
    if (operation.k === 'accept' && operation.ref) push(view.accepts, operation.ref, i)
    if (operation.k === 'grant') view.grants.set(id, i)
  })
  for (const stratum of STRATA) {
    const settled: number[] = []
    history.operations.forEach(({ operation }, i) => {
      if (view.strengths.has(i) || operation.k === 'accept') return
      if (holds(view, operation.m, stratum, i) && permits(view, operation, stratum, i)) settled.push(i)
    })
    // Together, after the stratum was judged: equals never act on equals.
    for (const i of settled)
      settle(view, i, (history.operations[i] as { operation: Operation }).operation, stratum)
  }
  return conclude(view)
}

/** May this member do this at the end of the history? For our own actions; peers judge by `resolve`. */
export function mayAct(state: RoomState, actor: MemberId, act: Act): Result<true, RoomReason> {
  const level = levelOf(state, actor)
  if (state.ended) return bad('room-over')
  switch (act.k) {
    case 'accept':
      return state.offers.get(actor)?.grant === act.ref ? good(true) : bad('grant-unknown')
    case 'end':
      return level >= LEVEL.moderator ? good(true) : bad('level-too-low')
    case 'lower':
      if (act.to === actor && actor !== state.host) return good(true)
      break
    case 'grant':
      if (act.level >= level) return bad('level-too-low')
      break
  }
  if (!moderates(level)) return bad('level-too-low')
  return levelOf(state, act.to) < level ? good(true) : bad('target-not-below')
}

/** The level that a member has in this state. */
export function levelOf(state: RoomState, member: MemberId): Level {
  return state.levels.get(member) ?? LEVEL.listener
}

/** Granted and accepting: whose voice others play. */
export function onStage(state: RoomState, member: MemberId): boolean {
  return levelOf(state, member) >= LEVEL.speaker
}

interface View {
  readonly room: Room
  readonly history: History
  /** By index: accepted, with this strength. */
  readonly strengths: Map<number, Level>
  /** Accepted lowerings by their target. */
  readonly lowerings: Map<MemberId, number[]>
  /** All grants, accepted or not. */
  readonly grants: Map<OperationId, number>
  /** All acceptances by the grant that they take. */
  readonly accepts: Map<OperationId, number[]>
}

function settle(view: View, i: number, operation: Operation, strength: Level): void {
  view.strengths.set(i, strength)
  if (operation.k === 'lower' && operation.to) push(view.lowerings, operation.to, i)
}

/** ROOM-2: does the actor hold at least this level at operation `at`? (`at` undefined: at the end of the history.) */
function holds(view: View, actor: MemberId, level: Level, at: number | undefined): boolean {
  if (actor === view.room.m) return true
  if (level === LEVEL.creator) return false
  for (const [id, grant] of view.grants) {
    const { operation } = entryAt(view, grant)
    if (operation.to !== actor || (operation.level as Level) < level) continue
    if (
      view.strengths.has(grant) &&
      isPast(view, grant, at) &&
      consented(view, id, at) &&
      stands(view, grant, at)
    )
      return true
  }
  return false
}

/** ROOM-3: the person took the grant themselves, before `at`. */
function consented(view: View, grant: OperationId, at: number | undefined): boolean {
  const to = entryAt(view, view.grants.get(grant) as number).operation.to
  return (view.accepts.get(grant) ?? []).some(
    (accept) =>
      entryAt(view, accept).operation.m === to &&
      inPast(view.history, view.grants.get(grant) as number, accept) &&
      isPast(view, accept, at),
  )
}

/**
 * ROOM-4, strong removal: a lowering of the grantee, by themselves or from a stratum above the level granted, undoes the grant unless the grant was
 * made in its knowledge, or the lowering itself came later than `at`. Concurrent means undone.
 */
function stands(view: View, grant: number, at: number | undefined): boolean {
  const { operation } = entryAt(view, grant)
  return (view.lowerings.get(operation.to as MemberId) ?? []).every((lowering) => {
    const self = entryAt(view, lowering).operation.m === operation.to
    const above = (view.strengths.get(lowering) as Level) > (operation.level as Level)
    if (!self && !above) return true
    if (inPast(view.history, lowering, grant)) return true
    return at !== undefined && (lowering === at || inPast(view.history, at, lowering))
  })
}

/** ROOM-5: what an actor of this stratum may do: act on those strictly below, and grant what is strictly below. */
function permits(view: View, operation: Operation, stratum: Level, at: number): boolean {
  if (operation.k === 'end') return stratum >= LEVEL.moderator
  const { to } = operation
  if (to === undefined || to === view.room.m) return false
  if (operation.k === 'grant' && (operation.level as Level) >= stratum) return false
  return !holds(view, to, stratum, at)
}

function conclude(view: View): RoomState {
  const { room, history, strengths } = view
  const levels = new Map<MemberId, Level>([[room.m, LEVEL.creator]])
  const offers = new Map<MemberId, Offer>()
  const accepted = new Map<OperationId, Level>()
  let ended = false

  for (const [id, grant] of view.grants) {
    const { operation } = entryAt(view, grant)
    const to = operation.to as MemberId
    const level = operation.level as Level
    if (!strengths.has(grant) || !stands(view, grant, undefined)) continue
    if (!consented(view, id, undefined)) {
      const known = offers.get(to)
      if (!known || known.level < level || (known.level === level && id < known.grant))
        offers.set(to, { grant: id, level, by: operation.m })
    } else if (level > (levels.get(to) ?? LEVEL.listener)) levels.set(to, level)
  }
  for (const [member, offer] of offers)
    if ((levels.get(member) ?? LEVEL.listener) >= offer.level) offers.delete(member)

  const muted = new Set<MemberId>()
  history.operations.forEach(({ operation, id }, i) => {
    const strength = strengths.get(i)
    if (operation.k === 'accept') {
      const grant = view.grants.get(operation.ref as OperationId)
      if (
        grant !== undefined &&
        strengths.has(grant) &&
        entryAt(view, grant).operation.to === operation.m &&
        inPast(history, grant, i)
      )
        accepted.set(id, LEVEL.listener)
      return
    }
    if (strength === undefined) return
    accepted.set(id, strength)
    if (operation.k === 'end') ended = true
    const to = operation.to as MemberId
    if (operation.k === 'mute' && strength > (levels.get(to) ?? LEVEL.listener) && !lifted(view, i, strength))
      muted.add(to)
  })
  return { host: room.m, ended, levels, offers, muted, accepted }
}

/** ROOM-6: a restriction is lifted only by a causally later lift of at least its strength. */
function lifted(view: View, mute: number, strength: Level): boolean {
  const { to } = entryAt(view, mute).operation
  return view.history.operations.some(
    ({ operation }, i) =>
      operation.k === 'unmute' &&
      operation.to === to &&
      (view.strengths.get(i) ?? -1) >= strength &&
      inPast(view.history, mute, i),
  )
}

/** In the past of `at`, or anywhere when `at` is the end. The operation itself counts, so that an acceptance can speak for itself. */
function isPast(view: View, i: number, at: number | undefined): boolean {
  return at === undefined || i === at || inPast(view.history, i, at)
}

function entryAt(view: View, i: number): { readonly operation: Operation } {
  return view.history.operations[i] as { readonly operation: Operation }
}

function push<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
