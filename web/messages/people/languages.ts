import type { Locale } from '../messages.ts'
import type { Words } from './words.ts'

/** Loads one language. */
export const WORDS: Readonly<Record<Locale, () => Promise<{ readonly words: Words }>>> = {
  en: () => import('./en.ts'),
  fr: () => import('./fr.ts'),
}
