import type { RoomView } from '../view.ts'

/**
 * Where this session stands towards a room. Nothing leads out of `left`.
 * - `joining`: nobody who is there has answered yet, and this device knows nothing of the room.
 * - `alone`: in it, as far as this device knows, and out of reach of anybody else who is.
 * - `open`: in it, and one of those who are there has answered.
 * - `out`: not let in, or put out.
 * - `ended`: the room is over.
 * - `left`: the person left, or the peer stopped.
 */
export type Lifecycle = 'joining' | 'alone' | 'open' | 'out' | 'ended' | 'left'

/**
 * What happens to it.
 * - `known`: this device opened the room, or was in it before.
 * - `answered`: one of those who are there told all that they know.
 * - `deserted`: nobody who is there can be reached any more.
 * - `judged`: what is known now says whether the room is over, and whether this member may not be there.
 * - `leave`: the person leaves, or the peer stops.
 */
export type LifecycleEvent =
  | { readonly is: 'known' | 'answered' | 'deserted' | 'leave' }
  | { readonly is: 'judged'; readonly ended: boolean; readonly out: boolean }

/** Total: an event that means nothing where the session stands leaves it there. */
export function next(now: Lifecycle, event: LifecycleEvent): Lifecycle {
  if (now === 'left') return now
  switch (event.is) {
    case 'leave':
      return 'left'
    case 'known':
      return now === 'joining' ? 'alone' : now
    case 'answered':
      // Whether we may be there is judged from what they told.
      return now === 'ended' ? now : 'open'
    case 'deserted':
      return now === 'open' ? 'alone' : now
    case 'judged':
      if (event.ended) return 'ended'
      if (event.out) return 'out'
      // An end that turns out to be nobody's to say is none, and who was put out may be let in again.
      return now === 'out' || now === 'ended' ? 'alone' : now
  }
}

/** It is in the room, as far as anybody says. */
export function isInside(now: Lifecycle): boolean {
  return now === 'alone' || now === 'open'
}

/** What the person is told of it: who is alone in a room is in it. */
export function statusOf(now: Lifecycle): RoomView['status'] {
  return now === 'alone' ? 'open' : now
}
