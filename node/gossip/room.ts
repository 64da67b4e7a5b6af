import type { MemberId, OperationId, RoomId } from '../../protocol/ids.ts'
import { countOfActs } from '../../protocol/room/bundle.ts'
import type { Validate } from '../network/network.ts'
import type { Clock } from '../ports/clock.ts'
import { Authors } from './authors.ts'
import type { Judging } from './received.ts'
import { type RoomMessage, readRoomMessage } from './room-message.ts'
import { verdictOf } from './verdict.ts'

/** Bundles whose acts were counted, to be known when they are played back. */
const MAX_COUNTED = 1024

/**
 * Judges the messages of a room's topic and hands on the good ones. A relay hands on what it needs to know who may be heard.
 * @param take says whether the message was news; what was not is not forwarded
 */
export function roomValidator(
  judging: Judging,
  room: RoomId,
  clock: Clock,
  take: (message: RoomMessage) => boolean,
): Validate {
  const authors = new Authors(clock)
  const counted = new Set<OperationId>()
  /** Whoever plays an old bundle of somebody back must not make them pay for all of it, and a relay takes an old one for news. */
  function countOnce(message: RoomMessage): number {
    if (message.kind === 'beacon') return 1
    const { id, operation } = message.signed
    if (operation.also === undefined || counted.has(id)) return 1
    counted.add(id)
    const [oldest] = counted
    if (counted.size > MAX_COUNTED) counted.delete(oldest as OperationId)
    return countOfActs(operation)
  }
  const patient = { ...judging, hears: authors.hears.bind(authors) }
  return async (_from, data) => {
    const message = await readRoomMessage(patient, room, data)
    if (!message.ok) return verdictOf(message.reason)
    const isNews = take(message.value)
    authors.heard(authorOf(message.value), isNews ? countOnce(message.value) : 1)
    return isNews ? 'accept' : 'ignore'
  }
}

function authorOf(message: RoomMessage): MemberId {
  return message.kind === 'beacon' ? message.envelope.payload.m : message.signed.operation.m
}
