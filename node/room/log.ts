import type { Envelope } from '../../protocol/envelope.ts'
import type { OperationId } from '../../protocol/ids.ts'
import { addOperation, EMPTY_HISTORY, type History } from '../../protocol/room/history.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'
import { type RoomState, resolve } from '../../protocol/room/resolve.ts'

/** Operations that wait for their ancestors (ROOM-1). A flood of them costs memory up to here and no further; anti-entropy brings what was dropped. */
const MAX_WAITING = 256

/** The verified operations of one room, and what they add up to. */
export interface RoomLog {
  readonly opening: Envelope<Room>
  readonly history: History
  readonly state: RoomState
  /** Takes a verified operation in. `known` and `refused` change nothing; `waiting` is for its ancestors. */
  add(signed: SignedOperation): 'new' | 'known' | 'waiting' | 'refused'
}

export function createRoomLog(opening: Envelope<Room>): RoomLog {
  let history = EMPTY_HISTORY
  let state = resolve(opening.payload, history)
  const waiting = new Map<OperationId, SignedOperation>()

  function take(signed: SignedOperation): 'new' | 'known' | 'waiting' | 'refused' {
    if (history.index.has(signed.id)) return 'known'
    const added = addOperation(history, signed)
    if (added.ok) {
      history = added.value
      return 'new'
    }
    if (added.reason !== 'ancestors-unknown') return 'refused'
    if (!waiting.has(signed.id) && waiting.size < MAX_WAITING) waiting.set(signed.id, signed)
    return 'waiting'
  }

  function release(): void {
    for (let progress = true; progress; ) {
      progress = false
      for (const [id, signed] of waiting) {
        const outcome = take(signed)
        if (outcome === 'waiting') continue
        waiting.delete(id)
        progress ||= outcome === 'new'
      }
    }
  }

  return {
    opening,
    get history() {
      return history
    },
    get state() {
      return state
    },
    add(signed) {
      const outcome = take(signed)
      if (outcome === 'new') {
        release()
        state = resolve(opening.payload, history)
      }
      return outcome
    },
  }
}
