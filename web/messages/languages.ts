import { LOCALES, type Locale, type Messages } from './messages.ts'

/** The name of each language, in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Locale, string>> = { en: 'English', fr: 'Français' }

/** Loads one language; the others stay on the server. */
export const LOADERS: Readonly<Record<Locale, () => Promise<{ readonly messages: Messages }>>> = {
  en: () => import('./en.ts'),
  fr: () => import('./fr.ts'),
}

/** Whether a remembered or received text names a language of the app. */
export function isLocale(text: string | null | undefined): text is Locale {
  return LOCALES.some((locale) => locale === text)
}

/** The first of the person's languages that the app speaks; `preferences` as in `navigator.languages`. */
export function chooseLocale(preferences: readonly string[]): Locale {
  for (const preference of preferences) {
    const language = preference.toLowerCase().split('-')[0]
    if (isLocale(language)) return language
  }
  return LOCALES[0]
}
