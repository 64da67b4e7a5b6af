import { compareTexts, type KeyText, type MemberId } from '../../protocol/ids.ts'
import { BEACON_BEAT, BEACON_EXPIRY, STAGE_GRACE } from '../../protocol/limits.ts'
import { LEVEL, moderates } from '../../protocol/room/level.ts'
import { levelOf } from '../../protocol/room/state.ts'
import type { Clock } from '../ports/clock.ts'
import type { Attendance } from './attendance.ts'
import type { RoomLog } from './log.ts'

const GRACE_MS = STAGE_GRACE * 1000
/** How much longer each further moderator waits: a beat, in which what the one before did has reached everybody. Milliseconds. */
const TURN_MS = BEACON_BEAT * 1000
/** Whoever did not look for so long knows nothing of who was there meanwhile: their machine slept. Milliseconds. */
const GAP_MS = BEACON_EXPIRY * 1000

export interface PlacesParts {
  readonly me: MemberId
  readonly session: KeyText
  readonly log: RoomLog
  readonly attendance: Pick<Attendance, 'here' | 'isFull' | 'saidGoodbye'>
  readonly clock: Clock
  /** A relay is there, and somebody else of this room has answered: it is not we who are away. */
  readonly isInTouch: () => boolean
}

/** The places on the stage of those who are not there (SPEC §7.10). */
export interface Places {
  /** Looks who is there. */
  look(): void
  /** Those on the stage who fell silent without a goodbye, and whose place is kept: as of the last look. */
  readonly away: ReadonlySet<MemberId>
  /** Whom it is on this session to take off the stage now (PLACE-2). */
  due(): readonly MemberId[]
}

export function createPlaces({ me, session, log, attendance, clock, isInTouch }: PlacesParts): Places {
  /** Since when each of the stage is missing, in milliseconds. */
  const missing = new Map<MemberId, number>()
  let away: ReadonlySet<MemberId> = new Set()
  let looked = clock.now()
  let inTouchSince: number | undefined

  /** Sessions whose turn comes before ours: of those who moderate the more senior (ROOM-12), and of our own those with a lower key. */
  function before(): number {
    const mine = levelOf(log.state, me)
    const others = new Set<MemberId>()
    let own = 0
    for (const { m, peer } of attendance.here()) {
      if (m === me) own += compareTexts(peer, session) < 0 ? 1 : 0
      else if (isSenior(m, mine)) others.add(m)
    }
    return others.size + own
  }

  function isSenior(member: MemberId, mine: number): boolean {
    const level = levelOf(log.state, member)
    return level > mine || (level === mine && compareTexts(member, me) < 0)
  }

  return {
    look() {
      const now = clock.now()
      const isGap = now - looked > GAP_MS
      looked = now
      const here = new Set([me, ...attendance.here().map(({ m }) => m)])
      // Whose clock is wrong hears of nobody, and whose list is full not of everybody.
      const hears = here.size > 1 && !attendance.isFull()
      inTouchSince = isInTouch() && hears ? ((isGap ? undefined : inTouchSince) ?? now) : undefined
      const { levels } = log.state
      for (const member of missing.keys()) if (here.has(member) || !levels.has(member)) missing.delete(member)
      for (const member of levels.keys())
        if (!here.has(member) && !missing.has(member)) missing.set(member, now)
      const kept = [...missing].filter(
        ([member, since]) => now - since < GRACE_MS && attendance.saidGoodbye(member) === false,
      )
      away = new Set(kept.map(([member]) => member))
    },
    get away() {
      return away
    },
    due() {
      if (inTouchSince === undefined || !moderates(levelOf(log.state, me))) return []
      const counted = inTouchSince
      const latest = clock.now() - GRACE_MS - before() * TURN_MS
      // More than a speaker's level is a charge, which outlasts an absence; it is no place.
      return [...missing]
        .filter(([, since]) => Math.max(since, counted) <= latest)
        .map(([member]) => member)
        .filter((member) => levelOf(log.state, member) === LEVEL.speaker)
    },
  }
}
