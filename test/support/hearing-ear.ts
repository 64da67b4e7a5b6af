/** Waits at an ear until the right voices are heard. */

import { HEARD, heard, SHORTEST, scores } from './hearing.ts'
import type { SoundCard } from './pulse.ts'
import { RECORDINGS, type Recording, type RecordingName } from './recordings/recordings.ts'

/** An ear heard somebody it should not, or did not hear somebody in time; the last scores are in the message. */
export class HearingError extends Error {
  override readonly name = 'HearingError'
}

/**
 * Listens until all of `voices` are heard in one stretch, and none but them. Throws {@link HearingError} as soon as
 * any other of the five is heard, and when `patience` seconds have passed.
 */
export async function untilHeard(
  card: SoundCard,
  voices: readonly Recording[],
  patience = 30,
): Promise<void> {
  const wanted = new Set(voices.map(({ name }) => name))
  const began = performance.now()
  await card.hear(SHORTEST, (stretch) => {
    const marks = scores(stretch, RECORDINGS)
    const told = [...marks].map(([name, score]) => `${name} ${score.toFixed(2)}`).join(', ')
    const stranger = [...marks].find(([name, score]) => score >= HEARD && !wanted.has(name))
    if (stranger !== undefined) throw new HearingError(`${stranger[0]} is heard but should not be: ${told}`)
    if ([...wanted].every((name: RecordingName) => (marks.get(name) ?? 0) >= HEARD)) return true
    if (performance.now() - began >= patience * 1000)
      throw new HearingError(`not heard in ${patience} s: ${told}`)
    return false
  })
}

/** Listens until a stretch holds none of the five voices. Throws {@link HearingError} when `patience` seconds have passed. */
export async function untilNobodyHeard(card: SoundCard, patience = 30): Promise<void> {
  const began = performance.now()
  await card.hear(SHORTEST, (stretch) => {
    const still = heard(stretch, RECORDINGS)
    if (still.length > 0 && performance.now() - began >= patience * 1000)
      throw new HearingError(`still heard after ${patience} s: ${still}`)
    return still.length === 0
  })
}
