import type { Quality } from '../../node/room/quality.ts'
import type { ModerationWords } from '../messages/moderation/words.ts'
import type { Language } from '../state/language.svelte.ts'

/** The numbers behind a grade, as far as they are known: one at least, where there is a grade. */
export function figuresOf(
  m: ModerationWords,
  language: Language,
  { roundTrip, jitter, lost }: Quality,
): string {
  return [
    roundTrip === undefined ? undefined : m.quality.roundTrip(language.number(roundTrip)),
    jitter === undefined ? undefined : m.quality.jitter(language.number(jitter)),
    lost === undefined ? undefined : m.quality.lost(language.share(lost)),
  ]
    .filter((part) => part !== undefined)
    .join(', ')
}
