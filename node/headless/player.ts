import { opusDuration } from '../../protocol/audio/opus.ts'
import type { Clock } from '../ports/clock.ts'
import type { PacketTrack } from './packet-track.ts'

/** What was played of a file: its packets, and how much sound they were, in milliseconds. */
export interface Played {
  readonly packets: number
  readonly milliseconds: number
}

/**
 * Plays packets as fast as they are long, counted from the first: a process that was kept waiting sends what is due and is no later for it. Ends early
 * when the signal says so, or when the track takes nothing any more, as for who was muted.
 * @param clock one that is never set
 */
export function play(
  packets: readonly Uint8Array[],
  track: PacketTrack,
  clock: Pick<Clock, 'now' | 'after'>,
  signal: AbortSignal,
): Promise<Played> {
  return new Promise((resolve) => {
    const begun = clock.now()
    let played = 0
    let milliseconds = 0
    let cancel = () => {}
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve({ packets: played, milliseconds })
    }
    const next = () => {
      while (begun + milliseconds <= clock.now()) {
        const packet = packets[played]
        if (packet === undefined || signal.aborted || !track.put(packet)) return end()
        played += 1
        milliseconds += opusDuration(packet) ?? 0
      }
      cancel = clock.after(begun + milliseconds - clock.now(), next)
    }
    signal.addEventListener('abort', end)
    next()
  })
}
