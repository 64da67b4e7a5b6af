/** Waits at an ear until the right voices are heard. */

import { HEARD, scores } from './hearing.ts'
import type { SoundCard } from './pulse.ts'
import { RECORDINGS, type Recording, type RecordingName } from './recordings/recordings.ts'

/** What is judged at a time, in seconds: a run of windows and some lead-in. */
const LISTEN = 5

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
  for (let listened = 0; ; listened += LISTEN) {
    const marks = scores(await card.hear(LISTEN), RECORDINGS)
    const told = [...marks].map(([name, score]) => `${name} ${score.toFixed(2)}`).join(', ')
    const stranger = [...marks].find(([name, score]) => score >= HEARD && !wanted.has(name))
    if (stranger !== undefined) throw new HearingError(`${stranger[0]} is heard but should not be: ${told}`)
    if ([...wanted].every((name: RecordingName) => (marks.get(name) ?? 0) >= HEARD)) return
    if (listened + LISTEN >= patience) throw new HearingError(`not heard in ${patience} s: ${told}`)
  }
}
