import type { RoomId } from '../../protocol/ids.ts'
import { MAX_HEADS } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { good, type Result } from '../../protocol/result.ts'
import { missing } from '../../protocol/room/history.ts'
import {
  MAX_BEACONS_AN_ANSWER,
  MAX_OPERATIONS_AN_ANSWER,
  SYNC,
  type SyncAnswer,
  type SyncRequest,
} from '../../protocol/wire/services.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { ask } from '../requests.ts'
import type { RoomLog } from './log.ts'

/** Rounds of one run of anti-entropy: 64 operations each. What is left comes with the next run. */
const MAX_ROUNDS = 64

/** Answers somebody who lacks something of the room (SPEC §7.7). @param beacons the newest of each session that is here */
export function answerSync(log: RoomLog, beacons: readonly Uint8Array[], request: SyncRequest): SyncAnswer {
  const lacking = missing(log.history, request.heads)
  return {
    opening: log.opening.bytes,
    ops: lacking.slice(0, MAX_OPERATIONS_AN_ANSWER).map((signed) => signed.envelope.bytes),
    beacons: beacons.slice(0, MAX_BEACONS_AN_ANSWER),
    heads: log.history.heads.slice(0, MAX_HEADS),
    more: lacking.length > MAX_OPERATIONS_AN_ANSWER,
  }
}

/**
 * Asks one peer for what we lack, until it has no more or brings nothing new. Gossip is only an accelerator; this is what delivers.
 * @param take takes one message in; true when it was news
 * @throws NetworkError
 */
export async function pullRoom(
  network: Network,
  peer: PeerIdString,
  room: RoomId,
  log: RoomLog,
  take: (bytes: Uint8Array) => Promise<boolean>,
  signal: AbortSignal,
): Promise<Result<true, Reason>> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const heads = log.history.heads.slice(0, MAX_HEADS)
    const answer = await ask(network, peer, SYNC, { r: room, heads }, signal)
    if (!answer.ok) return answer
    let news = false
    for (const bytes of answer.value.ops ?? []) news = (await take(bytes)) || news
    for (const bytes of answer.value.beacons ?? []) await take(bytes)
    if (!news || answer.value.more !== true) return good(true)
  }
  return good(true)
}
