import type { KeyText, MemberId } from '../../protocol/ids.ts'
import type { Beacon } from '../../protocol/room/beacon.ts'
import { onStage } from '../../protocol/room/state.ts'
import type { Greetings } from '../greetings.ts'
import type { WantedLink } from '../mesh/mesh.ts'
import { peerIdOf } from '../network/peer-id.ts'
import type { Observable } from '../observed.ts'
import type { Attendance } from './attendance.ts'
import type { Carriage, Inmate } from './carriage.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { RoomLog } from './log.ts'

/** In a room whose relay is gone a speaker sends to so many directly, and no more: it is better that some are heard than nobody. */
const MOST_LINKED = 32

export interface ReachParts {
  readonly me: MemberId
  readonly log: RoomLog
  readonly attendance: Attendance
  readonly greetings: Pick<Greetings, 'members'>
  readonly door: Pick<Doorkeeper, 'isOut'>
  readonly blocked: Observable<ReadonlySet<MemberId>>
  readonly carriage: Pick<Carriage, 'carries' | 'reaches'>
  /** Whether a session has proved past a relay whose it is: enough to hear it over one. */
  readonly isProved: (session: KeyText, member: MemberId) => boolean
}

/** Whom this session hears, and who hears it. */
export interface Reach {
  /** Every other session that is here, and whether it is on the stage. */
  inmates(): readonly Inmate[]
  /**
   * Sessions that are here and proved to belong to whom their beacon says: those who must hear each other.
   * @param isMine this member is on the stage; @param sends and has a microphone
   */
  wanted(
    isMine: boolean,
    sends: boolean,
  ): { readonly carried: readonly WantedLink[]; readonly linked: readonly WantedLink[] }
  /** The rule at the ear: only who holds the stage in our own resolved state, and is not muted by a moderator there. */
  audible(): ReadonlySet<MemberId>
}

export function createReach(parts: ReachParts): Reach {
  const { me, log, attendance, greetings, door, blocked, carriage, isProved } = parts
  /** Sessions here that have shown on a connection whose they are: that holds after it, too, and their voices need none. */
  const shown = new Map<KeyText, MemberId>()

  function inmate(beacon: Beacon): Inmate {
    return { beacon, onStage: onStage(log.state, beacon.m) }
  }

  return {
    inmates: () => attendance.here().flatMap((beacon) => (door.isOut(beacon.m) ? [] : inmate(beacon))),
    wanted(isMine, sends) {
      const carried: WantedLink[] = []
      const linked: WantedLink[] = []
      const here = attendance.here()
      const sessions = new Set(here.map(({ peer }) => peer))
      for (const key of shown.keys()) if (!sessions.has(key)) shown.delete(key)
      for (const beacon of here) {
        const { peer: key, m: member } = beacon
        const peer = peerIdOf(key)
        const greeted = greetings.members.value.get(peer)
        if (greeted !== undefined) shown.set(key, greeted)
        const isGreeted = shown.get(key) === member
        if (!isGreeted && !isProved(key, member)) continue
        if (member === me || door.isOut(member)) continue
        const speaks = onStage(log.state, member)
        // The link of somebody blocked stays, and plays nothing: one that broke would tell them.
        const receive = speaks && !blocked.value.has(member)
        const link = { peer, key, member, send: sends, receive }
        // Whoever has shown nothing on a connection cannot be asked for a link.
        const isCarried = carriage.carries(inmate(beacon)) || (!isGreeted && carriage.reaches(key, member))
        if (isCarried) {
          if (speaks || isMine) carried.push(link)
        }
        // Also without a microphone yet: who wants to hear us would find nobody there, and be told that it failed.
        else if (isGreeted && (speaks || (isMine && linked.length < MOST_LINKED))) linked.push(link)
      }
      return { carried, linked }
    },
    audible() {
      const { levels, muted, ended } = log.state
      if (ended) return new Set()
      const isSilent = (member: MemberId) =>
        muted.has(member) || door.isOut(member) || blocked.value.has(member)
      return new Set([...levels.keys()].filter((member) => !isSilent(member)))
    },
  }
}
