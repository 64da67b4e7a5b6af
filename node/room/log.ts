import type { Envelope } from '../../protocol/envelope.ts'
import { addOperation, EMPTY_HISTORY, type History, indexOf } from '../../protocol/room/history.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'
import { advance, resolve } from '../../protocol/room/resolve.ts'
import type { RoomState } from '../../protocol/room/state.ts'
import { createWaiting } from './waiting.ts'

/** The verified operations of one room, and what they add up to. */
export interface RoomLog {
  readonly opening: Envelope<Room>
  readonly history: History
  readonly state: RoomState
  /** Takes a verified operation in. `known` and `refused` change nothing; `waiting` is for its ancestors. */
  add(signed: SignedOperation): 'new' | 'known' | 'waiting' | 'refused'
  /** The same of many, whose sum is then drawn once. */
  addAll(many: readonly SignedOperation[]): void
}

export function createRoomLog(opening: Envelope<Room>): RoomLog {
  let history = EMPTY_HISTORY
  let state = resolve(opening.payload, history)
  const waiting = createWaiting()

  function take(signed: SignedOperation): 'new' | 'known' | 'waiting' | 'refused' {
    if (indexOf(history, signed.id) !== undefined) return 'known'
    const added = addOperation(history, signed)
    if (added.ok) {
      history = added.value
      return 'new'
    }
    if (added.reason !== 'ancestors-unknown') return 'refused'
    waiting.add(signed)
    return 'waiting'
  }

  function release(): void {
    for (let progress = true; progress; ) {
      progress = false
      for (const signed of waiting.all()) {
        const outcome = take(signed)
        if (outcome === 'waiting') continue
        waiting.delete(signed)
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
        state = advance(state, history)
      }
      return outcome
    },
    addAll(many) {
      const { size } = history
      for (const signed of many) take(signed)
      if (history.size === size) return
      release()
      state = advance(state, history)
    },
  }
}
