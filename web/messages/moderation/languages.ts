import type { Locale } from '../messages.ts'
import type { ModerationWords } from './words.ts'

/** Loads what one language says about moderation. */
export const MODERATION_WORDS: Readonly<Record<Locale, () => Promise<{ readonly words: ModerationWords }>>> =
  {
    en: () => import('./en.ts'),
    fr: () => import('./fr.ts'),
  }
