import type { OperationId, RoomId } from '../../protocol/ids.ts'
import { MAX_HEADS } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { good, type Result } from '../../protocol/result.ts'
import { countOfActs } from '../../protocol/room/bundle.ts'
import { indexOf } from '../../protocol/room/history.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'
import { haves, type Lacking, lacking } from '../../protocol/room/sync.ts'
import {
  MAX_BEACONS_AN_ANSWER,
  MAX_OPERATIONS_AN_ANSWER,
  MAX_OPERATIONS_BYTES_AN_ANSWER,
  SYNC,
  type SyncAnswer,
  type SyncRequest,
} from '../../protocol/wire/services.ts'
import { MAX_WELCOME_BEACONS_BYTES, MAX_WELCOME_OPERATIONS_BYTES } from '../../protocol/wire/welcome.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { ask } from '../requests.ts'
import type { Agreement } from './agreement.ts'
import type { RoomLog } from './log.ts'

/**
 * Answers somebody who lacks something of the room (SPEC §7.7).
 * @param beacons the newest of each session that is here
 */
export function answerSync(
  log: RoomLog,
  agreement: Agreement,
  beacons: readonly Uint8Array[],
  request: SyncRequest,
): SyncAnswer {
  const all = lacking(log.history, request.heads, request.from ?? 0, MAX_OPERATIONS_AN_ANSWER)
  return {
    opening: log.opening.bytes,
    ...told(log, all, MAX_OPERATIONS_BYTES_AN_ANSWER),
    beacons: beacons.slice(0, MAX_BEACONS_AN_ANSWER),
    heads: log.history.heads.slice(0, MAX_HEADS),
    ...agreement.own(),
  }
}

/**
 * What a welcome tells of the room (WELCOME-3): as much as goes past a relay, what matters first.
 * @param beacons the newest of each session that is here, the most needed first
 */
export function tellNewcomer(
  log: RoomLog,
  beacons: readonly Uint8Array[],
  heads: readonly OperationId[],
): { readonly ops: readonly Uint8Array[]; readonly beacons: readonly Uint8Array[]; readonly next?: number } {
  const all = lacking(log.history, heads, 0, MAX_OPERATIONS_AN_ANSWER)
  const first = beacons.slice(0, MAX_BEACONS_AN_ANSWER)
  return {
    ...told(log, all, MAX_WELCOME_OPERATIONS_BYTES),
    beacons: first.slice(0, fitting(first, MAX_WELCOME_BEACONS_BYTES)),
  }
}

/** Of the operations that one answer brought, those that are taken in: nobody honest sends more acts at once, and whoever does would have us busy with them. */
export function ofOneAnswer(operations: readonly SignedOperation[]): readonly SignedOperation[] {
  let acts = 0
  const over = operations.findIndex(({ operation }) => {
    acts += countOfActs(operation)
    return acts > MAX_OPERATIONS_AN_ANSWER
  })
  return over === -1 ? operations : operations.slice(0, over)
}

/** As many of these as weigh so much at most, and where to go on. */
function told(log: RoomLog, all: Lacking, most: number) {
  const bytes = all.operations.map(({ envelope }) => envelope.bytes)
  const ops = bytes.slice(0, fitting(bytes, most))
  const left = all.operations[ops.length]
  const next = left === undefined ? all.next : indexOf(log.history, left.id)
  return { ops, ...(next === undefined ? {} : { next }) }
}

/** How many of these weigh so much at most. */
function fitting(envelopes: readonly Uint8Array[], most: number): number {
  let bytes = 0
  const over = envelopes.findIndex((envelope) => {
    bytes += envelope.length
    return bytes > most
  })
  return over === -1 ? envelopes.length : over
}

/**
 * Asks one peer for what we lack, until it has no more. Gossip is only an accelerator; this is what delivers. Somebody honest sends each operation once
 * at most, so no more than we have of the room afterwards, whoever else brings it meanwhile: who sends more is not asked any further.
 * @param take takes in what one answer brought: operations, ancestors first, and then beacons
 * @param told hears of each answer, once what it brought was taken in
 * @returns whether it was heard out: we know all that it knew
 * @throws NetworkError
 */
export async function pullRoom(
  network: Pick<Network, 'request'>,
  peer: PeerIdString,
  room: RoomId,
  log: RoomLog,
  take: (messages: readonly Uint8Array[]) => Promise<unknown>,
  told: (answer: SyncAnswer) => void,
  signal: AbortSignal,
): Promise<Result<boolean, Reason>> {
  const heads = haves(log.history)
  for (let from = 0, sent = 0; sent < log.history.size + MAX_OPERATIONS_AN_ANSWER; ) {
    const answer = await ask(network, peer, SYNC, { r: room, heads, from }, signal)
    if (!answer.ok) return answer
    const { ops = [], beacons = [], next } = answer.value
    await take([...ops, ...beacons])
    told(answer.value)
    if (next === undefined) return good(true)
    // Only forwards: an answer that sends us round in circles is none.
    if (next <= from) return good(false)
    from = next
    // An answer of nothing costs as well: there could be any number of them.
    sent += Math.max(1, ops.length)
  }
  return good(false)
}
