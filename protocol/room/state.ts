import { encodeValue, type Value } from '../codec.ts'
import { DOMAIN } from '../domains.ts'
import { hash } from '../hash.ts'
import { compareTexts, idBytes, type MemberId, type OperationId } from '../ids.ts'
import { gives, grantedLevel, isConsented, isCreator, isLifted, isUnbanned, stands } from './authority.ts'
import { depthOf, inPast, operationAt } from './history.ts'
import { LEVEL, type Level } from './level.ts'
import type { Operation } from './operation.ts'
import {
  type InForce,
  inForceWith,
  isStronger,
  NOTHING_IN_FORCE,
  type RoomSettings,
  settingsOf,
} from './settings.ts'
import { aboutOf, actAt, strengthAt, type View } from './view.ts'

/** What a room's operations add up to (SPEC §7.4): an immutable value. */
export interface RoomState {
  /** Who opened the room. */
  readonly host: MemberId
  readonly ended: boolean
  /** Everybody above listener. */
  readonly levels: ReadonlyMap<MemberId, Level>
  /** Granted, and the person has neither accepted nor declined. */
  readonly offers: ReadonlyMap<MemberId, Offer>
  /** Muted by a moderator who still outranks them. */
  readonly muted: ReadonlySet<MemberId>
  /** Out of the room until that is lifted, by a moderator who still outranks them. */
  readonly banned: ReadonlyMap<MemberId, Decision>
  /** Put out of the room for a while (ROOM-10): the newest such decision of each. */
  readonly removed: ReadonlyMap<MemberId, Decision>
  /** Let into a private room, beside those on the stage. */
  readonly admitted: ReadonlySet<MemberId>
  /** Nobody new comes in. */
  readonly locked: boolean
  readonly settings: RoomSettings
  /** What the last two follow from. */
  readonly inForce: InForce
  readonly epoch: Epoch | undefined
  /** What those with authority did about others, ancestors first. */
  readonly record: readonly Decision[]
  /** Strength with which each accepted operation acts. What is not here was overruled. */
  readonly accepted: ReadonlyMap<OperationId, Level>
  /** What it was computed from. */
  readonly view: View
  /** States of less and less of the history, each of a part that all the rest has in its past. */
  readonly earlier: readonly EarlierState[]
}

/** A state to go on from when what comes next overrules what came after it. The record is in every later one. */
export type EarlierState = Omit<RoomState, 'record' | 'earlier'>

export interface Offer {
  readonly grant: OperationId
  readonly level: Level
  readonly by: MemberId
}

/** One act of moderation that was accepted. */
export interface Decision {
  readonly id: OperationId
  readonly k: Operation['k']
  readonly by: MemberId
  readonly to: MemberId | undefined
  readonly strength: Level
  /** Seconds, as its maker says. */
  readonly at: number
  readonly why: Operation['why']
  readonly note: Operation['note']
}

/** The epoch of the room's secret that is in force (ROOM-13). */
export interface Epoch {
  readonly id: OperationId
  readonly number: number
  readonly by: MemberId
  /** SHA-256 commitment to the secret. */
  readonly hash: Uint8Array
  /** Commitment to those who are given it. */
  readonly audience: Uint8Array
}

/** The level that a member has in this state. */
export function levelOf(state: RoomState, member: MemberId): Level {
  return state.levels.get(member) ?? LEVEL.listener
}

/** Granted and accepting: whose voice others play. */
export function onStage(state: RoomState, member: MemberId): boolean {
  return levelOf(state, member) >= LEVEL.speaker
}

/** How long somebody who was removed stays out (ROOM-10): long enough to think about it. Seconds. */
export const REMOVED_FOR = 10 * 60

/** Whether somebody has no business in the room. @param now seconds on the asker's clock */
export function isOut(state: RoomState, member: MemberId, now: number): boolean {
  if (state.banned.has(member)) return true
  const removed = state.removed.get(member)
  if (removed !== undefined && now < removed.at + REMOVED_FOR) return true
  return state.view.room.vis === 'private' && !mayEnter(state, member)
}

/** ROOM-11: who is let into a private room. */
export function mayEnter(state: RoomState, member: MemberId): boolean {
  return state.admitted.has(member) || state.levels.has(member) || state.offers.has(member)
}

/** ROOM-12: who leads the room now: of those present with authority the highest, and of equals the one whose id is lowest. */
export function leaderOf(state: RoomState, present: Iterable<MemberId>): MemberId | undefined {
  let leader: MemberId | undefined
  for (const member of present) {
    const level = levelOf(state, member)
    if (level < LEVEL.comoderator) continue
    const best = leader === undefined ? LEVEL.listener : levelOf(state, leader)
    if (level > best || (level === best && isLower(member, leader as MemberId))) leader = member
  }
  return leader
}

function isLower(a: MemberId | OperationId, b: MemberId | OperationId): boolean {
  return compareTexts(a, b) < 0
}

const MODERATION: ReadonlySet<Operation['k']> = new Set<Operation['k']>([
  'hand',
  'mute',
  'unmute',
  'remove',
  'ban',
  'unban',
  'revoke',
  'lock',
  'unlock',
  'end',
])

const NOBODY: People = {
  levels: new Map(),
  offers: new Map(),
  muted: new Set(),
  banned: new Map(),
  removed: new Map(),
  admitted: new Set(),
}

/** Everything that follows at the end of a history whose operations were all judged. */
export function conclude(view: View): RoomState {
  const { room, history } = view
  const record: Decision[] = []
  let ended = false
  let epoch: Epoch | undefined
  let inForce = NOTHING_IN_FORCE
  for (let i = 0; i < history.size; i++) {
    if (strengthAt(view, i) === undefined) continue
    const { k } = actAt(view, i)
    inForce = inForceWith(view, inForce, i)
    if (isOfTheRecord(view, i)) record.push(decisionAt(view, i))
    if (k === 'end') ended = true
    if (k === 'epoch') epoch = newer(view, epoch, i)
  }
  record.sort((a, b) => compareDecisions(view, a, b))
  const people = draftOfPeople(NOBODY)
  placeMember(people, view, room.m)
  for (const member of view.about.keys()) if (member !== room.m) placeMember(people, view, member)
  return {
    host: room.m,
    ended,
    ...people.now,
    locked: inForce.locks.length > 0,
    settings: settingsOf(view, inForce),
    inForce,
    epoch,
    record,
    accepted: view.strengths,
    view,
    earlier: [],
  }
}

/**
 * The same from the state before the last operations, which overruled nothing in it.
 * @param record of that state
 * @param earlier states of parts of it that are in the past of the last operations too
 */
export function concludeWith(
  before: EarlierState,
  record: readonly Decision[],
  earlier: readonly EarlierState[],
  view: View,
): RoomState {
  const { room, history } = view
  let { ended, inForce, epoch } = before
  const touched = new Set<MemberId>()
  const news: Decision[] = []
  for (let i = before.view.history.size; i < history.size; i++) {
    const { k, m, to } = actAt(view, i)
    touched.add(m)
    if (to !== undefined) touched.add(to)
    // Whoever takes the room over puts the host into the ranks.
    if (k === 'accept') touched.add(room.m)
    if (strengthAt(view, i) === undefined) continue
    if (isOfTheRecord(view, i)) news.push(decisionAt(view, i))
    if (k === 'end') ended = true
    if (k === 'epoch') epoch = newer(view, epoch, i)
    inForce = inForceWith(view, inForce, i)
  }
  const people = draftOfPeople(before)
  for (const member of touched) placeMember(people, view, member)
  return {
    host: room.m,
    ended,
    ...people.now,
    locked: inForce.locks.length > 0,
    settings: inForce === before.inForce ? before.settings : settingsOf(view, inForce),
    inForce,
    epoch,
    record: merged(view, record, news),
    accepted: view.strengths,
    view,
    earlier,
  }
}

/** ROOM-15. */
function compareDecisions(view: View, a: Decision, b: Decision): number {
  const depth = ({ id }: Decision) => depthOf(view.history, view.history.store.index.get(id) as number)
  return depth(a) - depth(b) || (isLower(a.id, b.id) ? -1 : 1)
}

/** A record with some more in their places. */
function merged(view: View, record: readonly Decision[], news: readonly Decision[]): readonly Decision[] {
  if (news.length === 0) return record
  const all = [...record]
  for (const one of news) {
    let [from, to] = [0, all.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (compareDecisions(view, all[middle] as Decision, one) < 0) from = middle + 1
      else to = middle
    }
    all.splice(from, 0, one)
  }
  return all
}

/** What is said of each member. */
type People = Pick<RoomState, 'levels' | 'offers' | 'muted' | 'banned' | 'removed' | 'admitted'>
type Part = keyof People

/** The people of a state, on which is written: a part is copied when it changes, and not before. */
interface PeopleDraft {
  readonly before: People
  readonly now: { -readonly [part in Part]: People[part] }
}

function draftOfPeople(before: People): PeopleDraft {
  const { levels, offers, muted, banned, removed, admitted } = before
  return { before, now: { levels, offers, muted, banned, removed, admitted } }
}

type MapPart = 'levels' | 'offers' | 'banned' | 'removed'
type ValueOf<P extends MapPart> = People[P] extends ReadonlyMap<MemberId, infer V> ? V : never

/** @param same whether the value that is there says the same */
function put<P extends MapPart>(
  { before, now }: PeopleDraft,
  part: P,
  member: MemberId,
  value: ValueOf<P> | undefined,
  same: (a: ValueOf<P>, b: ValueOf<P>) => boolean,
): void {
  const is = now[part].get(member) as ValueOf<P> | undefined
  if (value === is || (value !== undefined && is !== undefined && same(value, is))) return
  if (now[part] === before[part]) now[part] = new Map(before[part] as never) as never
  const map = now[part] as unknown as Map<MemberId, ValueOf<P>>
  if (value === undefined) map.delete(member)
  else map.set(member, value)
}

function mark({ before, now }: PeopleDraft, part: 'muted' | 'admitted', member: MemberId, is: boolean): void {
  if (now[part].has(member) === is) return
  if (now[part] === before[part]) now[part] = new Set(before[part])
  const set = now[part] as Set<MemberId>
  if (is) set.add(member)
  else set.delete(member)
}

/** ROOM-7: everything about one member, anew. */
function placeMember(people: PeopleDraft, view: View, member: MemberId): void {
  const about = aboutOf(view, member)
  let level: Level = isCreator(view, member, undefined) ? LEVEL.creator : LEVEL.listener
  for (const grant of about.grants)
    if (grantedLevel(view, grant) > level && gives(view, grant, undefined)) level = grantedLevel(view, grant)
  put(people, 'levels', member, level > LEVEL.listener ? level : undefined, Object.is)
  put(people, 'offers', member, bestOffer(view, about.grants, level), (a, b) => a.grant === b.grant)

  const binding = (i: number) => (strengthAt(view, i) ?? -1) > level
  mark(people, 'muted', member, about.mutes.findLast((i) => isMuting(view, member, level, i)) !== undefined)
  let banned: Decision | undefined
  let removed: Decision | undefined
  for (const i of about.lowerings) {
    if (!binding(i)) continue
    const { k, m } = actAt(view, i)
    const strength = strengthAt(view, i) as Level
    if (k === 'ban' && !isUnbanned(view, i, strength, undefined)) banned = last(banned, decisionAt(view, i))
    if (k === 'remove' && m !== member && !isLifted(view, about.admits, i, strength, undefined))
      removed = last(removed, decisionAt(view, i))
  }
  const isSame = (a: Decision, b: Decision) => a.id === b.id
  put(people, 'banned', member, banned, isSame)
  put(people, 'removed', member, removed, isSame)
  mark(people, 'admitted', member, about.admits.findLast((i) => isAdmission(view, member, i)) !== undefined)
}

/** ROOM-6: a mute that binds somebody of this level, and that nobody lifted. */
function isMuting(view: View, member: MemberId, level: Level, mute: number): boolean {
  const strength = strengthAt(view, mute) ?? -1
  return (
    strength > level && !isLifted(view, aboutOf(view, member).unmutes, mute, strength as Level, undefined)
  )
}

/** Whether a member is muted, and would not be any more by an `unmute` of this one: what somebody stronger did they do not lift (ROOM-6). */
export function wouldUnmute(state: RoomState, actor: MemberId, member: MemberId): boolean {
  const { view } = state
  const [strength, level] = [levelOf(state, actor), levelOf(state, member)]
  const tooStrong = (i: number) => (strengthAt(view, i) ?? -1) > strength && isMuting(view, member, level, i)
  return state.muted.has(member) && !aboutOf(view, member).mutes.some(tooStrong)
}

/** The newest by its maker's clock; of equals the one with the lowest id. */
function last(known: Decision | undefined, one: Decision): Decision {
  if (known === undefined || one.at > known.at) return one
  return one.at === known.at && isLower(one.id, known.id) ? one : known
}

function bestOffer(view: View, grants: readonly number[], level: Level): Offer | undefined {
  let best: Offer | undefined
  for (const grant of grants) {
    const { id, operation } = operationAt(view.history, grant)
    const offered = grantedLevel(view, grant)
    if (offered <= level || strengthAt(view, grant) === undefined) continue
    if (!stands(view, grant, undefined) || isConsented(view, grant, undefined)) continue
    if (best === undefined || best.level < offered || (best.level === offered && isLower(id, best.grant)))
      best = { grant: id, level: offered, by: operation.m }
  }
  return best
}

/** ROOM-11: an admission holds unless somebody at least as strong took it back, later or at the same time. */
function isAdmission(view: View, member: MemberId, admit: number): boolean {
  const strength = strengthAt(view, admit)
  if (strength === undefined) return false
  const { revokes, lowerings } = aboutOf(view, member)
  const against = [...revokes, ...lowerings.filter((i) => actAt(view, i).k !== 'lower')]
  return against.every((i) => {
    const other = strengthAt(view, i)
    if (other === undefined) return true
    return inPast(view.history, i, admit) && other <= strength
  })
}

function isOfTheRecord(view: View, i: number): boolean {
  const { k, m, to } = actAt(view, i)
  return MODERATION.has(k) || (k === 'lower' && to !== m)
}

function decisionAt(view: View, i: number): Decision {
  const { id, operation } = operationAt(view.history, i)
  const { k, m: by, to, at, why, note } = operation
  return { id, k, by, to, strength: strengthAt(view, i) as Level, at, why, note }
}

/** ROOM-13: the highest number; of equals the strongest, and of those the one whose id is lowest. */
function newer(view: View, known: Epoch | undefined, i: number): Epoch {
  const { id, operation } = operationAt(view.history, i)
  const { epoch: number, hash, audience, m: by } = operation as Required<Operation>
  if (known !== undefined) {
    if (known.number > number) return known
    const other = view.history.store.index.get(known.id) as number
    if (known.number === number && !isStronger(view, i, other)) return known
  }
  return { id, number, by, hash, audience }
}

/**
 * SHA-256 over everything that a state says (SPEC §7.8): peers with the same heads have the same. 32 bytes.
 */
export function stateDigest(state: RoomState): Uint8Array {
  const { levels, offers, muted, banned, removed, admitted, settings, epoch, record } = state
  const value: Value = {
    ended: state.ended,
    locked: state.locked,
    levels: sorted(levels.keys()).map((m) => [idBytes(m), levels.get(m) as Level]),
    offers: sorted(offers.keys()).map((m) => [idBytes(m), idBytes((offers.get(m) as Offer).grant)]),
    muted: sorted(muted).map(idBytes),
    banned: sorted(banned.keys()).map((m) => [idBytes(m), idBytes((banned.get(m) as Decision).id)]),
    removed: sorted(removed.keys()).map((m) => [idBytes(m), idBytes((removed.get(m) as Decision).id)]),
    admitted: sorted(admitted).map(idBytes),
    title: settings.title,
    topics: [...settings.topics],
    lang: settings.lang,
    link: settings.link,
    hands: settings.hands,
    epoch: epoch === undefined ? [] : [idBytes(epoch.id)],
    record: record.map(({ id }) => idBytes(id)),
  }
  return hash(DOMAIN.roomState, encodeValue(value))
}

function sorted(members: Iterable<MemberId>): readonly MemberId[] {
  return [...members].sort(compareTexts)
}
