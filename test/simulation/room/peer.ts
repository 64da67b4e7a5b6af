import type { KeyText, MemberId, OperationId } from '../../../protocol/ids.ts'
import { addOperation, type History, indexOf } from '../../../protocol/room/history.ts'
import type { Room } from '../../../protocol/room/opening.ts'
import { isAhead, type SignedOperation } from '../../../protocol/room/operation.ts'
import { advance, resolve } from '../../../protocol/room/resolve.ts'
import type { RoomState } from '../../../protocol/room/state.ts'
import { haves, lacking } from '../../../protocol/room/sync.ts'

/** Small, so that it overflows now and then: anti-entropy has to bring what was dropped. */
const MAX_WAITING = 6

/** One device of somebody who has the room open. */
export interface Peer {
  readonly member: MemberId
  readonly device: KeyText
  readonly hostile: boolean
  /** How far its clock is ahead of the true one, in seconds. */
  skew: number
  history: History
  /** As of the last time that the peer looked. */
  state: RoomState
  waiting: SignedOperation[]
  /** What is on its disk: never less than as of its own last operation, or it would sign another with that number after a crash. */
  saved: History
  /** Until when it is down, in ticks. */
  downUntil: number
}

/** @param opened the room as it was opened, in which nothing was done */
export function createPeer(
  opened: RoomState,
  member: MemberId,
  device: KeyText,
  hostile: boolean,
  skew: number,
): Peer {
  return {
    member,
    device,
    hostile,
    skew,
    history: opened.view.history,
    state: opened,
    waiting: [],
    saved: opened.view.history,
    downUntil: 0,
  }
}

/** Takes an operation in, and whatever waited for it, unless it is from the future. @param now true time in seconds */
export function receive(peer: Peer, signed: SignedOperation, now: number): void {
  if (!peer.hostile && isAhead(signed.operation, now + peer.skew)) return
  if (!take(peer, signed)) return
  for (let progress = peer.waiting.length > 0; progress; ) {
    progress = false
    const waiting = peer.waiting
    peer.waiting = []
    for (const one of waiting) progress = take(peer, one) || progress
  }
}

/** True when it was news. */
function take(peer: Peer, signed: SignedOperation): boolean {
  const before = peer.history
  const added = addOperation(before, signed)
  if (added.ok) {
    peer.history = added.value
    return added.value.size > before.size
  }
  if (added.reason === 'ancestors-unknown' && peer.waiting.length < MAX_WAITING) peer.waiting.push(signed)
  return false
}

/** The room as the peer sees it now. */
export function look(peer: Peer): RoomState {
  peer.state = advance(peer.state, peer.history)
  return peer.state
}

/** Asks another for what it lacks, answer by answer. @param batch operations of one answer @param rounds answers at most */
export function pull(peer: Peer, from: Peer, batch: number, rounds: number, now: number): void {
  const theirs = haves(peer.history)
  for (let next: number | undefined = 0; next !== undefined && rounds > 0; rounds--) {
    const answer = lacking(from.history, theirs, next, batch)
    for (const signed of answer.operations) receive(peer, signed, now)
    next = answer.next
  }
}

/** Comes back with what was on its disk. */
export function restart(room: Room, peer: Peer): void {
  peer.history = peer.saved
  peer.waiting = []
  peer.state = resolve(room, peer.history)
}

export function knows(peer: Peer, id: OperationId): boolean {
  return indexOf(peer.history, id) !== undefined
}
