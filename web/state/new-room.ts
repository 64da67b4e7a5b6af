import { MAX_TOPICS } from '../../protocol/limits.ts'

/** The topics that a person typed, separated by commas; empty ones, repetitions and what is over the limit are left out. */
export function topicsOf(text: string): readonly string[] {
  const topics = text
    .split(/[,;،、]/)
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '')
  return [...new Set(topics)].slice(0, MAX_TOPICS)
}

/** Languages offered for a conversation beside the person's own: widely spoken ones, and those of West Africa. */
const SPOKEN = [
  'fr',
  'en',
  'es',
  'pt',
  'de',
  'it',
  'ar',
  'wo',
  'bm',
  'ff',
  'ha',
  'yo',
  'ig',
  'sw',
  'am',
  'hi',
  'zh',
  'ja',
  'ru',
  'tr',
  'pl',
  'nl',
  'uk',
]

/** BCP 47 languages to choose from, the person's own first, each once. */
export function spokenLanguages(preferences: readonly string[]): readonly string[] {
  const own = preferences.map((preference) => new Intl.Locale(preference).language)
  return [...new Set([...own, ...SPOKEN])]
}
