import type { MemberId, OperationId } from '../../protocol/ids.ts'
import { STAGE_GRACE } from '../../protocol/limits.ts'
import { type Decision, onStage } from '../../protocol/room/state.ts'
import type { Observable } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { RelayState, RoomView } from '../view.ts'
import type { Attendance } from './attendance.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { RoomLog } from './log.ts'
import type { Microphone } from './microphone.ts'

const GRACE_MS = STAGE_GRACE * 1000
/** A page in the background is called once a minute; a machine that called nobody for twice as long slept. Milliseconds. */
const ASLEEP_MS = 120_000
/** Who comes back later than that remembers no conversation that they were in. Seconds. */
const TOLD_FOR = 10 * 60

export interface ComebackParts {
  readonly me: MemberId
  readonly log: RoomLog
  readonly attendance: Pick<Attendance, 'own'>
  readonly clock: Clock
  readonly relay: Observable<RelayState>
  readonly microphone: Pick<Microphone, 'isMuted' | 'setMuted'>
  readonly lifecycle: () => Lifecycle
}

/** What this session has to learn of a time in which it was away (PLACE-4). */
export interface Comeback {
  /** What the person was not there to notice, until they have taken it up. */
  readonly missed: RoomView['missed']
  /** What is known of the room is another. */
  settle(): void
  /** Looks, every second, whether this session is cut off. */
  look(): void
}

export function createComeback(parts: ComebackParts): Comeback {
  const { me, log, attendance, clock, relay, microphone, lifecycle } = parts
  let missed: RoomView['missed']
  /** By which we were lowered, and which is of no interest any more. */
  let takenUp: OperationId | undefined
  let wasClosed = false
  let looked = clock.now()
  let cutOffSince: number | undefined

  let read: readonly Decision[] = []
  let last: Decision | undefined

  /** Our place was freed because we were away, and nothing was decided about it since. */
  function freed(): Decision | undefined {
    const { record } = log.state
    // Beacons come all the time, and decisions seldom.
    if (record !== read) last = record.findLast(({ k, to }) => k === 'lower' && to === me)
    read = record
    return last?.why === 'away' && second(clock) - last.at < TOLD_FOR ? last : undefined
  }

  return {
    get missed() {
      return missed
    },
    settle() {
      const { state } = log
      const decision = freed()
      if (onStage(state, me) || state.offers.has(me) || attendance.own.hand > 0) takenUp = decision?.id
      if (!(onStage(state, me) && microphone.isMuted)) wasClosed = false
      if (decision !== undefined && decision.id !== takenUp) missed = 'stage'
      else missed = wasClosed ? 'microphone' : undefined
    },
    look() {
      const now = clock.now()
      const slept = now - looked > ASLEEP_MS
      looked = now
      const isCutOff = lifecycle() === 'alone' && relay.value !== 'connected'
      cutOffSince = isCutOff ? (cutOffSince ?? now) : undefined
      const isLost = cutOffSince !== undefined && now - cutOffSince >= GRACE_MS
      if (microphone.isMuted || !(slept || isLost)) return
      wasClosed = true
      microphone.setMuted(true)
    },
  }
}
