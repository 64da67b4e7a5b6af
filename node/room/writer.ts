import { seal } from '../../protocol/envelope.ts'
import type { CommunityId, OperationId, RoomId } from '../../protocol/ids.ts'
import { MAX_HEADS } from '../../protocol/limits.ts'
import { bundled, type Together } from '../../protocol/room/bundle.ts'
import { nextOfDevice } from '../../protocol/room/history.ts'
import { type Act, OPERATION } from '../../protocol/room/operation.ts'
import { mayAct } from '../../protocol/room/resolve.ts'
import { PeerError } from '../errors.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Me } from '../presence.ts'
import type { RoomArchive } from './archive.ts'
import type { RoomChannel } from './channel.ts'
import type { RoomLog } from './log.ts'

export interface WriterParts {
  readonly room: RoomId
  readonly me: Me
  readonly community: CommunityId
  readonly log: RoomLog
  readonly archive: RoomArchive
  readonly clock: Clock
  readonly channel: Pick<RoomChannel, 'tell'>
  readonly hasLeft: () => boolean
  /** There is a new operation in the log. */
  readonly onWritten: () => void
}

/**
 * Makes operations of this device, and tells them to the others once they are kept. Acts that are done at once are signed at once as far as they can be, and
 * nobody sees a part of those.
 * @throws PeerError `not-allowed` where our own state forbids it, `room-gone` once the room was left
 */
export type Write = (...acts: readonly Act[]) => Promise<void>

export function createWriter(parts: WriterParts): Write {
  const { room, me, community, log, archive, clock, channel, hasLeft, onWritten } = parts
  /** One after the other: two operations made at once would have the same number. */
  let writing: Promise<unknown> = Promise.resolve()

  async function make([first, ...also]: Together): Promise<void> {
    if (hasLeft()) throw new PeerError('room-gone')
    for (const act of [first, ...also]) {
      const allowed = mayAct(log.state, me.member, act as Act)
      if (!allowed.ok) throw new PeerError('not-allowed', { cause: allowed })
    }
    const payload = {
      r: room,
      m: me.member,
      n: nextOfDevice(log.history, me.device.publicKey),
      heads: log.history.heads.slice(0, MAX_HEADS),
      at: second(clock),
      ...first,
      ...(also.length > 0 && { also }),
    }
    const envelope = await seal(OPERATION, community, payload, [me.device])
    const signed = {
      id: envelope.id as OperationId,
      device: me.device.publicKey,
      operation: payload,
      envelope,
    }
    // Kept before anybody sees it: a tab that crashes here must not number anew.
    await archive.keep(room, [signed])
    if (log.add(signed) !== 'new') throw new PeerError('internal')
    onWritten()
    await channel.tell(
      envelope.bytes,
      [first, ...also].flatMap((act) => ('to' in act && act.to !== undefined ? act.to : [])),
    )
  }

  return (...acts) => {
    const written = writing.then(async () => {
      // OP-4: who sees more ends than an operation can name ties them together first.
      while (log.history.heads.length > MAX_HEADS) await make([{ k: 'checkpoint' }])
      for (const together of bundled(acts)) await make(together)
    })
    writing = written.catch(() => undefined)
    return written
  }
}
