import type { MemberId } from '../../protocol/ids.ts'
import type { RoomView } from '../view.ts'

/** For so long this peer heard each of the others on a stage that counts (SPEC ATTEST-3). Milliseconds. */
export type HearingTime = ReadonlyMap<MemberId, number>

/** A conversation has pauses: whoever was heard within so many milliseconds takes part in it. Who only stands there does not. */
export const HEARD_LASTS = 120_000

/**
 * Adds a stretch of time to what was heard, as the room looks at its end.
 * @param lastHeard when the speech of each was last heard, on the clock of `now`
 * @param stretch milliseconds; a machine that slept in between passes what it was awake
 */
export function hearFor(
  heard: HearingTime,
  { status, counts, people }: RoomView,
  lastHeard: ReadonlyMap<MemberId, number>,
  now: number,
  stretch: number,
): HearingTime {
  if (status !== 'open' || !counts) return heard
  const next = new Map(heard)
  for (const { member, me, onStage } of people) {
    const last = lastHeard.get(member)
    if (me || !onStage || last === undefined || now - last > HEARD_LASTS) continue
    next.set(member, (next.get(member) ?? 0) + stretch)
  }
  return next
}
