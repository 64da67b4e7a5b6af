import { compareTexts, type MemberId } from '../ids.ts'
import { MAX_CLOCK_SKEW } from '../limits.ts'
import type { Beacon } from './beacon.ts'
import { onStage, type RoomState } from './state.ts'

/** A raised hand. */
export interface Hand {
  readonly member: MemberId
  /** Seconds since the Unix epoch, by the person's own clock; not before there was a room (BEACON-9). */
  readonly since: number
}

/**
 * The queue of hands (BEACON-7), first raised first: those in the audience whose hand is up, where hands may be raised. Peers that heard of the same
 * beacons, and have the same state, have the same queue.
 * @param here beacons of those who are here @param isOut who has no business here (ROOM-10)
 */
export function queueOfHands(
  here: Iterable<Pick<Beacon, 'm' | 'hand'>>,
  state: RoomState,
  isOut: (member: MemberId) => boolean,
): readonly Hand[] {
  if (state.settings.hands === 'nobody') return []
  const first = state.view.room.at - MAX_CLOCK_SKEW
  const raised = new Map<MemberId, number>()
  for (const { m, hand } of here) if (hand > (raised.get(m) ?? 0)) raised.set(m, hand)
  return [...raised]
    .filter(([member]) => !onStage(state, member) && !isOut(member))
    .map(([member, since]) => ({ member, since: Math.max(since, first) }))
    .sort((a, b) => a.since - b.since || compareTexts(a.member, b.member))
}
