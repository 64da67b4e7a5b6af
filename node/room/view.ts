import type { MemberId } from '../../protocol/ids.ts'
import type { Beacon } from '../../protocol/room/beacon.ts'
import { levelOf, onStage, type RoomState } from '../../protocol/room/resolve.ts'
import type { LinkView } from '../mesh/mesh.ts'
import type { ParticipantView } from '../view.ts'

/** What a person is shown of the people in a room. */
export interface PeopleSources {
  readonly me: MemberId
  /** This session's own beacon, which it does not receive. */
  readonly own: Beacon
  /** The newest beacon of every other session that is here. */
  readonly here: readonly Beacon[]
  readonly state: RoomState
  readonly links: readonly LinkView[]
  /** Sessions from which speech is heard right now. */
  readonly heard: ReadonlySet<MemberId>
  readonly names: (member: MemberId) => string | undefined
}

/** Everybody present, the stage first, then the audience; each in an order that does not jump about. */
export function peopleOf(sources: PeopleSources): readonly ParticipantView[] {
  const sessions = sessionsByMember(sources)
  const hands = queueOf(sessions)
  return [...sessions]
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

/** Positions in the queue of hands: who raised first is first, and a tie is broken the same way for everybody. */
function queueOf(sessions: ReadonlyMap<MemberId, readonly Beacon[]>): ReadonlyMap<MemberId, number> {
  const raised = [...sessions]
    .map(([member, beacons]) => [member, Math.max(...beacons.map((beacon) => beacon.hand))] as const)
    .filter(([, since]) => since > 0)
    .sort(([a, first], [b, second]) => first - second || (a < b ? -1 : 1))
  return new Map(raised.map(([member], i) => [member, i + 1]))
}

function participant(
  { me, state, links, heard, names }: PeopleSources,
  member: MemberId,
  beacons: readonly Beacon[],
  hands: ReadonlyMap<MemberId, number>,
): ParticipantView {
  const stage = onStage(state, member)
  const mutedByModerator = state.muted.has(member)
  const open = beacons.some((beacon) => beacon.mic === 'open')
  return {
    member,
    name: names(member),
    me: member === me,
    level: levelOf(state, member),
    onStage: stage,
    offered: state.offers.has(member),
    hand: stage ? undefined : hands.get(member),
    muted: !open || mutedByModerator,
    mutedByModerator,
    speaking: stage && open && !mutedByModerator && heard.has(member),
    link: linkOf(links, member),
  }
}

/** The best link of any of a person's sessions. */
function linkOf(links: readonly LinkView[], member: MemberId): ParticipantView['link'] {
  const states = new Set(links.filter((link) => link.member === member).map((link) => link.state))
  for (const state of ['connected', 'connecting', 'failed'] as const) if (states.has(state)) return state
  return 'none'
}
