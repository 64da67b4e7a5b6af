import { MAX_ATTESTED_MINUTES } from '../../protocol/community/attest.ts'
import { attestName, type LedgerState, type StageRoom } from '../../protocol/community/membership.ts'
import { inGoodStanding } from '../../protocol/community/standing.ts'
import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { DAY, MINUTE } from '../../protocol/limits.ts'
import type { HearingTime } from './hearing-time.ts'

/** What one member may say of another's time on a stage. */
export interface OwedAttest {
  readonly for: MemberId
  readonly room: RoomId
  readonly minutes: number
  readonly as: 'spoke' | 'hosted'
}

/**
 * A room in the ledger, where it was its host who entered it: anybody may write a room-open for any id, and of another's nothing is believed
 * (SPEC ATTEST-3).
 */
function loggedRoom(state: LedgerState, room: RoomId, host: MemberId): StageRoom | undefined {
  const logged = state.rooms.get(room)
  return logged?.host === host ? logged : undefined
}

/** Whether the stage of a room counts now. */
export function isOpenIn(state: LedgerState, room: RoomId, host: MemberId): boolean {
  const logged = loggedRoom(state, room, host)
  return logged !== undefined && logged.end === undefined
}

/**
 * The attests that a member owes those whom they heard in a room, in whole minutes, rounded down: what the ledger takes of them (ATTEST-1) as soon as
 * they are mature.
 * @param now seconds
 */
export function owedAttests(
  state: LedgerState,
  me: MemberId,
  room: RoomId,
  host: MemberId,
  heard: HearingTime,
  now: number,
): readonly OwedAttest[] {
  const logged = loggedRoom(state, room, host)
  if (logged === undefined) return []
  const { at, end } = logged
  if (end !== undefined && now - end > DAY) return []
  const lasted = Math.floor(((end ?? now) - at + MINUTE) / MINUTE)
  const owed: OwedAttest[] = []
  for (const [member, milliseconds] of heard) {
    const minutes = Math.min(Math.floor(milliseconds / 1000 / MINUTE), lasted, MAX_ATTESTED_MINUTES)
    const target = state.members.get(member)
    if (minutes < 1 || target === undefined || !inGoodStanding(target)) continue
    if (state.attested.has(attestName(room, me, member))) continue
    owed.push({ for: member, room, minutes, as: host === member ? 'hosted' : 'spoke' })
  }
  return owed
}
