import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { countOfActs } from '../../protocol/room/bundle.ts'
import type { Validate } from '../network/network.ts'
import type { Clock } from '../ports/clock.ts'
import { Authors } from './authors.ts'
import { type Judging, type RoomMessage, readRoomMessage } from './received.ts'
import { verdictOf } from './verdict.ts'

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
  const patient = { ...judging, hears: authors.hears.bind(authors) }
  return async (_from, data) => {
    const message = await readRoomMessage(patient, room, data)
    if (!message.ok) return verdictOf(message.reason)
    const isNews = take(message.value)
    // Whoever plays an old bundle of somebody back must not make them pay for all of it.
    authors.heard(authorOf(message.value), isNews ? countOf(message.value) : 1)
    return isNews ? 'accept' : 'ignore'
  }
}

function countOf(message: RoomMessage): number {
  return message.kind === 'beacon' ? 1 : countOfActs(message.signed.operation)
}

function authorOf(message: RoomMessage): MemberId {
  return message.kind === 'beacon' ? message.envelope.payload.m : message.signed.operation.m
}
