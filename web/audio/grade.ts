import type { Quality } from '../../node/room/quality.ts'

/** A connection in a word. */
export type Grade = 'good' | 'uneven' | 'bad'

/**
 * From where on talk suffers, and from where on it breaks. There and back with what the devices add: ITU-T G.114 has 150 ms one way as good and 400 as the
 * limit. Jitter in milliseconds: what a receiver waits for late packets comes on top. Lost: Opus mends some hundredths, a tenth is heard as holes.
 */
const UNEVEN = { roundTrip: 300, jitter: 40, lost: 0.03 } as const
const BAD = { roundTrip: 700, jitter: 100, lost: 0.1 } as const

/** @returns undefined while nothing is known */
export function gradeOf(quality: Quality | undefined): Grade | undefined {
  if (quality === undefined || Object.values(quality).every((value) => value === undefined)) return undefined
  const reaches = (limit: typeof UNEVEN | typeof BAD) =>
    (quality.roundTrip ?? 0) >= limit.roundTrip ||
    (quality.jitter ?? 0) >= limit.jitter ||
    (quality.lost ?? 0) >= limit.lost
  return reaches(BAD) ? 'bad' : reaches(UNEVEN) ? 'uneven' : 'good'
}
