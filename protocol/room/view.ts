import type { MemberId, OperationId } from '../ids.ts'
import { type MapDraft, type PersistentMap, persistentMap } from '../state/persistent-map.ts'
import { type History, inPast, operationAt } from './history.ts'
import type { Level } from './level.ts'
import type { Room } from './opening.ts'
import type { Operation } from './operation.ts'

/** Operations that speak of one member, by what they are; indices, in the order of the history. */
export interface About {
  /** `grant` and `hand`. */
  readonly grants: readonly number[]
  /** `lower`, `remove` and `ban`. */
  readonly lowerings: readonly number[]
  readonly mutes: readonly number[]
  readonly unmutes: readonly number[]
  readonly unbans: readonly number[]
  readonly admits: readonly number[]
  readonly revokes: readonly number[]
}

const NOTHING: About = {
  grants: [],
  lowerings: [],
  mutes: [],
  unmutes: [],
  unbans: [],
  admits: [],
  revokes: [],
}

/** Which list of the target's an act belongs to. */
const LIST_OF: Partial<Record<Operation['k'], keyof About>> = {
  grant: 'grants',
  hand: 'grants',
  lower: 'lowerings',
  remove: 'lowerings',
  ban: 'lowerings',
  mute: 'mutes',
  unmute: 'unmutes',
  unban: 'unbans',
  admit: 'admits',
  revoke: 'revokes',
}

/** What was found out about a history so far; immutable. */
export interface View {
  readonly room: Room
  readonly history: History
  /** Strength with which each accepted operation acts. */
  readonly strengths: PersistentMap<OperationId, Level>
  readonly about: PersistentMap<MemberId, About>
  /** All acceptances, by the grant that they take. */
  readonly accepts: PersistentMap<OperationId, readonly number[]>
  /** Valid hand-overs (ROOM-8), in the order of the history. */
  readonly hands: readonly number[]
  /** Operations of the host who knew that the room was taken, the first on each way. */
  readonly yields: readonly number[]
  /** Answers that were found, to be found again: by strength and device, see ROOM-9. Nothing that was settled since is in them. */
  readonly anchors: Map<string, ReadonlyMap<number, ReadonlyMap<number, number>>>
}

/** A view that is being worked on. */
export interface Draft {
  readonly room: Room
  readonly history: History
  readonly strengths: MapDraft<OperationId, Level>
  readonly about: MapDraft<MemberId, About>
  readonly accepts: MapDraft<OperationId, readonly number[]>
  readonly hands: number[]
  readonly yields: number[]
  readonly anchors: View['anchors']
}

export function emptyView(room: Room, history: History): View {
  return {
    room,
    history,
    strengths: persistentMap(),
    about: persistentMap(),
    accepts: persistentMap(),
    hands: [],
    yields: [],
    anchors: new Map(),
  }
}

/** A copy to work on, with a history that continues that of the view. */
export function draftOf(view: View, history: History): Draft {
  return {
    room: view.room,
    history,
    strengths: view.strengths.draft(),
    about: view.about.draft(),
    accepts: view.accepts.draft(),
    hands: [...view.hands],
    yields: [...view.yields],
    anchors: new Map(),
  }
}

export function viewOf(draft: Draft): View {
  const { strengths, about, accepts, ...rest } = draft
  return {
    ...rest,
    strengths: strengths.done(),
    about: about.done(),
    accepts: accepts.done(),
    anchors: new Map(),
  }
}

/** Files an operation under the member and the grant that it speaks of. Whether it counts is another question. */
export function file(draft: Draft, i: number): void {
  const { operation } = operationAt(draft.history, i)
  const { k, to, ref } = operation
  const list = LIST_OF[k]
  if (list !== undefined && to !== undefined) {
    const known = draft.about.get(to) ?? NOTHING
    draft.about.set(to, { ...known, [list]: [...known[list], i] })
  }
  if (k === 'accept' && ref !== undefined) draft.accepts.set(ref, [...(draft.accepts.get(ref) ?? []), i])
}

export function aboutOf({ about }: Pick<Reading, 'about'>, member: MemberId): About {
  return about.get(member) ?? NOTHING
}

/** The operation with this index. */
export function actAt({ history }: Pick<Draft, 'history'>, i: number): Operation {
  return operationAt(history, i).operation
}

/** Strength of an accepted operation; undefined for one that was overruled, or is not judged yet. */
export function strengthAt({ history, strengths }: Reading, i: number): Level | undefined {
  return strengths.get(operationAt(history, i).id)
}

/** What predicates read of a view, finished or not. */
export type Reading = Omit<View, 'strengths' | 'about' | 'accepts'> & {
  readonly strengths: ReadonlyMap<OperationId, Level>
  readonly about: ReadonlyMap<MemberId, About>
  readonly accepts: ReadonlyMap<OperationId, readonly number[]>
}

/** Where a question is asked: at an operation, by its index, or at the end of the history. */
export type Place = number | undefined

/** In the past of a place, or anywhere when that is the end. The operation itself counts, so that an acceptance can speak for itself. */
export function isKnown({ history }: Pick<Reading, 'history'>, i: number, at: Place): boolean {
  return at === undefined || i === at || inPast(history, i, at)
}

/** It came later than the place: the place is in its past, or is itself. What is neither known nor later is concurrent. */
export function isLater({ history }: Pick<Reading, 'history'>, i: number, at: Place): boolean {
  return at !== undefined && (i === at || inPast(history, at, i))
}
