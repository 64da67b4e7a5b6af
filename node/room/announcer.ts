import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_ANNOUNCED } from '../../protocol/limits.ts'
import { ANNOUNCE } from '../../protocol/room/announcement.ts'
import { operationAt } from '../../protocol/room/history.ts'
import type { Room } from '../../protocol/room/opening.ts'
import { communityTopic } from '../../protocol/wire/topics.ts'
import type { PeerNetwork } from '../network/network.ts'
import type { Clock } from '../ports/clock.ts'
import type { Me } from '../presence.ts'
import type { ParticipantView } from '../view.ts'
import type { Attendance } from './attendance.ts'
import { type Call, letIn } from './caller.ts'
import { publish } from './channel.ts'
import type { Directory } from './directory.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { RoomLog } from './log.ts'

/** What was announced at the moment in which gossip begins to flow may have reached nobody: it is said once more. Milliseconds. */
const ANNOUNCE_AGAIN = 1_000

export interface AnnouncerParts {
  readonly me: Me
  readonly community: CommunityId
  readonly opening: Envelope<Room>
  readonly network: Pick<PeerNetwork, 'publish'>
  readonly clock: Clock
  readonly log: RoomLog
  readonly attendance: Pick<Attendance, 'here'>
  readonly door: Pick<Doorkeeper, 'isOut'>
  /** Our own list of rooms; of private ones, that of calls. */
  readonly list: Directory
  readonly call: Call
  readonly signal: AbortSignal
  /** This session is in the room, and has been told who else is, or there was nobody to tell it. */
  readonly knowsPeople: () => boolean
  readonly everybody: () => readonly ParticipantView[]
}

/** Tells those who are not in the room that it is there, or over: everybody in the community, or those whom a private one lets in. */
export interface Announcer {
  /** Announces it if that is on this member. */
  announce(): Promise<void>
  announceTwice(): void
}

export function createAnnouncer(parts: AnnouncerParts): Announcer {
  const { me, community, opening, network, clock, log, attendance, door, list, call, signal } = parts
  const { knowsPeople, everybody } = parts
  const { payload: room } = opening
  let read = 0
  /** What to say of the end in the list of rooms; the host's own word only (ANN-3). */
  let end: Uint8Array | undefined

  function lookForEnd(): void {
    const { history } = log
    for (; read < history.size; read++) {
      const { operation, envelope } = operationAt(history, read)
      if (operation.k === 'end' && operation.m === room.m) end = envelope.bytes
    }
  }

  async function announce(): Promise<void> {
    const people = everybody()
    lookForEnd()
    if (end === undefined && !(knowsPeople() && announces(me.member, people))) return
    const bytes = await sealAnnouncement(me, community, opening, people, clock.now(), end)
    await list.receive(bytes)
    if (room.vis !== 'private') return publish(network, communityTopic(community), bytes)
    const here = new Set([me.session.publicKey, ...attendance.here().map(({ peer }) => peer)])
    return call(letIn(log.state, door.isOut), here, bytes)
  }

  return {
    announce,
    announceTwice() {
      void announce()
      clock.after(ANNOUNCE_AGAIN, () => {
        if (!signal.aborted) void announce()
      })
    },
  }
}

/** Is it on this member to announce the room? The most senior present does, so that one speaks for all; those who disagree for a moment do no harm. */
function announces(me: MemberId, people: readonly ParticipantView[]): boolean {
  const mine = people.find((person) => person.me)?.level ?? 0
  return people.every(
    (other) => other.me || other.level < mine || (other.level === mine && me < other.member),
  )
}

/** Makes an announcement (SPEC §7.6). @param end the host's own `end`, when the room is over; @param now milliseconds */
async function sealAnnouncement(
  me: Me,
  community: CommunityId,
  opening: Envelope<Room>,
  people: readonly ParticipantView[],
  now: number,
  end?: Uint8Array,
): Promise<Uint8Array> {
  const here = people.slice(0, MAX_ANNOUNCED).map(({ member, onStage }) => ({ m: member, stage: onStage }))
  const payload = {
    r: opening.id as RoomId,
    m: me.member,
    peer: me.session.publicKey,
    seq: now,
    opening: opening.bytes,
    people: people.length,
    here,
    ...(end === undefined ? {} : { end }),
  }
  return (await seal(ANNOUNCE, community, payload, [me.device])).bytes
}
