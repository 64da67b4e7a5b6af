import type { KeyText, MemberId } from '../../protocol/ids.ts'
import { MAX_HEADS } from '../../protocol/limits.ts'
import { isTaken } from '../../protocol/room/authority.ts'
import { operationAt } from '../../protocol/room/history.ts'
import { moderates } from '../../protocol/room/level.ts'
import { levelOf } from '../../protocol/room/state.ts'
import type { Clock } from '../ports/clock.ts'
import type { RoomLog } from './log.ts'

/** A moderator vouches for what they saw (ROOM-9) when they have done nothing else for so many milliseconds, */
const IDLE = 10_000
/** or when there is so much of it. */
const MANY = 64

/** When this device has to say what it has seen. */
export interface Checkpoints {
  /** True when a checkpoint is due. */
  isDue(): boolean
}

/** @param log the room's, with what is kept of it from before */
export function createCheckpoints(
  log: RoomLog,
  me: { readonly member: MemberId; readonly device: { readonly publicKey: KeyText } },
  clock: Clock,
): Checkpoints {
  let read = 0
  let uncovered = 0
  let acted = clock.now()

  /** Checkpoints are not vouched for: two moderators would go on for ever about each other's. */
  function catchUp(): void {
    const { history } = log
    for (; read < history.size; read++) {
      const { device, operation } = operationAt(history, read)
      if (device === me.device.publicKey) {
        uncovered = 0
        acted = clock.now()
      } else if (operation.k !== 'checkpoint') uncovered++
    }
  }

  return {
    isDue() {
      catchUp()
      const { state, history } = log
      if (state.ended) return false
      const { view, host } = state
      // ROOM-8: until its host has said so, the room is theirs for whoever has not seen it taken.
      if (me.member === host && view.yields.length === 0 && isTaken(view, undefined)) return true
      if (!moderates(levelOf(state, me.member))) return false
      if (history.heads.length > MAX_HEADS || uncovered >= MANY) return true
      return uncovered > 0 && clock.now() - acted >= IDLE
    },
  }
}
