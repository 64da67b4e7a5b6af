import type { KeyText, MemberId } from '../../protocol/ids.ts'
import type { Beacon } from '../../protocol/room/beacon.ts'
import { queueOfHands } from '../../protocol/room/hands.ts'
import type { ReactionKind } from '../../protocol/room/reaction.ts'
import { mayAct } from '../../protocol/room/resolve.ts'
import { levelOf, onStage, type RoomState } from '../../protocol/room/state.ts'
import { type LinkReason, WORLD_REASONS } from '../mesh/link-end.ts'
import type { LinkView } from '../mesh/mesh.ts'
import type { LinkFailure, ParticipantView, RoomDecisionView, RoomView } from '../view.ts'
import { deedsFor } from './deeds.ts'
import type { Quality } from './quality.ts'

/** What a person is shown of the people in a room. */
export interface PeopleSources {
  readonly me: MemberId
  /** This session's own beacon, which it does not receive. */
  readonly own: Beacon
  /** The newest beacon of every other session that is here. */
  readonly here: readonly Beacon[]
  readonly state: RoomState
  readonly links: readonly LinkView[]
  /** Sessions with which a voice is shared that no way brings. */
  readonly cutOff: ReadonlySet<KeyText>
  readonly roads: ReadonlyMap<MemberId, Quality>
  /** Sessions from which speech is heard right now. */
  readonly heard: ReadonlySet<MemberId>
  readonly reactions: ReadonlyMap<MemberId, ReactionKind>
  readonly names: (member: MemberId) => string | undefined
  /** Who has no business here is not shown. */
  readonly isOut: (member: MemberId) => boolean
}

/** Everybody present, the stage first, then the audience; each in an order that does not jump about. */
export function peopleOf(sources: PeopleSources): readonly ParticipantView[] {
  const sessions = sessionsByMember(sources)
  const queue = queueOfHands([sources.own, ...sources.here], sources.state, sources.isOut)
  const hands = new Map(queue.map(({ member, since }, i) => [member, { position: i + 1, since }]))
  return [...sessions]
    .filter(([member]) => member === sources.me || !sources.isOut(member))
    .map(([member, beacons]) => participant(sources, member, beacons, hands))
    .sort(
      (a, b) =>
        b.level - a.level || (a.hand ?? Infinity) - (b.hand ?? Infinity) || (a.member < b.member ? -1 : 1),
    )
}

function sessionsByMember({ own, here }: PeopleSources): ReadonlyMap<MemberId, readonly Beacon[]> {
  const sessions = new Map<MemberId, Beacon[]>([[own.m, [own]]])
  for (const beacon of here) {
    const known = sessions.get(beacon.m)
    if (known) known.push(beacon)
    else sessions.set(beacon.m, [beacon])
  }
  return sessions
}

function participant(
  { me, state, links, cutOff, roads, heard, reactions, names }: PeopleSources,
  member: MemberId,
  beacons: readonly Beacon[],
  hands: ReadonlyMap<MemberId, { readonly position: number; readonly since: number }>,
): ParticipantView {
  const stage = onStage(state, member)
  const mutedByModerator = state.muted.has(member)
  const hand = hands.get(member)
  const open = beacons.some((beacon) => beacon.mic === 'open')
  const theirs = links.filter((each) => each.member === member)
  const isCutOff = beacons.some(({ peer }) => cutOff.has(peer))
  const link = linkOf(theirs, isCutOff)
  return {
    member,
    name: names(member),
    me: member === me,
    level: levelOf(state, member),
    onStage: stage,
    offered: state.offers.has(member),
    hand: hand?.position,
    handSince: hand && hand.since * 1000,
    muted: !open || mutedByModerator,
    mutedByModerator,
    speaking: stage && open && !mutedByModerator && heard.has(member),
    reaction: reactions.get(member),
    deeds: deedsFor(state, me, member),
    hides: beacons.some((beacon) => beacon.hides === true),
    link,
    failure: isCutOff && link === 'failed' ? failureOf(theirs) : undefined,
    check: checkOf(theirs),
    quality: roads.get(member),
  }
}

/** Those whom somebody let into a private room and who are not on its stage. */
export function guestsOf({ admitted, levels }: RoomState, names: PeopleSources['names']): RoomView['letIn'] {
  return [...admitted]
    .filter((member) => !levels.has(member))
    .map((member) => ({ member, name: names(member) }))
}

/** The record of moderation, newest first. */
export function recordOf(
  state: RoomState,
  me: MemberId,
  names: PeopleSources['names'],
): readonly RoomDecisionView[] {
  return state.record.toReversed().map(({ id, k, by, to, at, why, note }) => ({
    id,
    what: k,
    by,
    byName: names(by),
    to,
    toName: to && names(to),
    at: at * 1000,
    why,
    note,
    mayUndo: to !== undefined && state.banned.get(to)?.id === id && mayAct(state, me, { k: 'unban', to }).ok,
  }))
}

/** The worst that is known of any of a person's voices. */
function checkOf(links: readonly LinkView[]): ParticipantView['check'] {
  const checks = new Set(links.map(({ check }) => check))
  return (['forged', 'unverified', 'locked', 'verified'] as const).find((check) => checks.has(check))
}

/** The best link of any of a person's sessions. @param isCutOff one of them is reached in no way */
function linkOf(links: readonly LinkView[], isCutOff: boolean): ParticipantView['link'] {
  const states = new Set(links.map(({ state }) => state))
  if (states.has('connected')) return 'connected'
  if (isCutOff) return 'failed'
  return (['connecting', 'failed'] as const).find((state) => states.has(state)) ?? 'none'
}

/** What came to set up a link was not what the session at the other end signed. */
const FORGED: ReadonlySet<LinkReason> = new Set(['wrong-fingerprint', 'signature-wrong'])
const OF_THE_WORLD: ReadonlySet<LinkReason> = new Set(WORLD_REASONS)

function failureOf(links: readonly LinkView[]): LinkFailure {
  const reasons = links.flatMap(({ reason }) => reason ?? [])
  if (reasons.some((reason) => FORGED.has(reason))) return 'forged'
  return reasons.every((reason) => OF_THE_WORLD.has(reason)) ? 'unreached' : 'refused'
}
