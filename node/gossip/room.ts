import type { RoomId } from '../../protocol/ids.ts'
import type { Validate } from '../network/network.ts'
import { type Judging, type RoomMessage, readRoomMessage } from './received.ts'
import { verdictOf } from './verdict.ts'

/**
 * Judges the messages of a room's topic and hands on the good ones. A relay hands on nothing: it forwards what members signed and keeps none.
 * @param take says whether the message was news; what was not is not forwarded
 */
export function roomValidator(
  judging: Judging,
  room: RoomId,
  take: (message: RoomMessage) => boolean,
): Validate {
  return async (_from, data) => {
    const message = await readRoomMessage(judging, room, data)
    if (!message.ok) return verdictOf(message.reason)
    return take(message.value) ? 'accept' : 'ignore'
  }
}
