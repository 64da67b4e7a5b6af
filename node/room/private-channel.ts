import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_TOLD_AT_ONCE, TELL } from '../../protocol/wire/private-room.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import type { Clock } from '../ports/clock.ts'
import { ask } from '../requests.ts'
import type { RoomChannel } from './channel.ts'

/** Messages that wait for one session; the oldest gives way, and comes by anti-entropy. */
const MAX_WAITING = 64
/** Whoever takes longer to take something does not hold up who leaves. Milliseconds. */
const LONGEST_WAIT = 1_000

export interface PrivateChannelOptions {
  readonly room: RoomId
  readonly network: Pick<Network, 'request'>
  readonly clock: Clock
  /** The sessions to tell: those in the room whose member may be there, and those of whom it speaks. */
  readonly audience: (about: readonly MemberId[]) => readonly PeerIdString[]
}

/** Tells each session in a private room by itself (PRIVATE-4): on a topic, a relay and whoever subscribes would hear it too. */
export function privateChannel({ room, network, clock, audience }: PrivateChannelOptions): RoomChannel {
  const stopping = new AbortController()
  const waiting = new Map<PeerIdString, Uint8Array[]>()
  const telling = new Map<PeerIdString, Promise<void>>()

  async function tellAll(peer: PeerIdString): Promise<void> {
    for (;;) {
      const of = waiting.get(peer)?.splice(0, MAX_TOLD_AT_ONCE) ?? []
      if (of.length === 0 || stopping.signal.aborted) break
      try {
        await ask(network, peer, TELL, { r: room, of }, stopping.signal)
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error
      }
    }
    waiting.delete(peer)
    telling.delete(peer)
  }

  function enqueue(peer: PeerIdString, bytes: Uint8Array): Promise<void> {
    const queue = waiting.get(peer) ?? []
    waiting.set(peer, queue)
    queue.push(bytes)
    if (queue.length > MAX_WAITING) queue.shift()
    const running = telling.get(peer) ?? tellAll(peer)
    if (waiting.has(peer)) telling.set(peer, running)
    return running
  }

  return {
    async tell(bytes, about = []) {
      const told = Promise.all(audience(about).map((peer) => enqueue(peer, bytes)))
      const late = Promise.withResolvers<void>()
      const cancel = clock.after(LONGEST_WAIT, late.resolve)
      await Promise.race([told, late.promise])
      cancel()
    },
    stop: () => stopping.abort(),
  }
}
