import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_ANNOUNCED } from '../../protocol/limits.ts'
import { ANNOUNCE } from '../../protocol/room/announcement.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { Me } from '../presence.ts'
import type { ParticipantView } from '../view.ts'

/** Is it on this member to announce the room? The most senior present does, so that one speaks for all; those who disagree for a moment do no harm. */
export function announces(me: MemberId, people: readonly ParticipantView[]): boolean {
  const mine = people.find((person) => person.me)?.level ?? 0
  return people.every(
    (other) => other.me || other.level < mine || (other.level === mine && me < other.member),
  )
}

/** Makes an announcement (SPEC §7.6). @param end the host's own `end`, when the room is over; @param now milliseconds */
export async function sealAnnouncement(
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
