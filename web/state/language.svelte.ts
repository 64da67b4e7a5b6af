import { chooseLocale, isLocale, LOADERS } from '../messages/languages.ts'
import type { Locale, Messages } from '../messages/messages.ts'
import type { Memory } from './memory.ts'

const KEY = 'palabre.language'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The language that the app speaks now, with its way of writing times. */
export class Language {
  readonly #memory: Memory
  #locale: Locale
  #messages: Messages

  private constructor(memory: Memory, locale: Locale, messages: Messages) {
    this.#memory = memory
    this.#locale = locale
    this.#messages = $state.raw(messages)
  }

  /** Opens in the remembered language, else in the first of the person's languages that the app has. */
  static async open(memory: Memory, preferences: readonly string[]): Promise<Language> {
    const remembered = memory.getItem(KEY)
    const locale = isLocale(remembered) ? remembered : chooseLocale(preferences)
    const { messages } = await LOADERS[locale]()
    return new Language(memory, locale, messages)
  }

  get messages(): Messages {
    return this.#messages
  }

  get locale(): Locale {
    // The locale changes together with the messages, which are what is tracked.
    void this.#messages
    return this.#locale
  }

  async choose(locale: Locale): Promise<void> {
    const { messages } = await LOADERS[locale]()
    this.#locale = locale
    this.#messages = messages
    this.#memory.setItem(KEY, locale)
  }

  /** Those of tables, which are asked for a hundred times over: to make one takes longer than to draw a row. */
  readonly #formats = $derived({
    shortDay: new Intl.DateTimeFormat(this.locale, { dateStyle: 'medium' }),
    number: new Intl.NumberFormat(this.locale),
  })

  /** A day in full; `at` in milliseconds since the Unix epoch, as everywhere here. */
  day(at: number): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: 'long' }).format(at)
  }

  /** A day in few characters, for tables. */
  shortDay(at: number): string {
    return this.#formats.shortDay.format(at)
  }

  number(value: number): string {
    return this.#formats.number.format(value)
  }

  /** A share from 0 to 1, as a percentage with what a decimal says. */
  share(value: number): string {
    return new Intl.NumberFormat(this.locale, { style: 'percent', maximumFractionDigits: 1 }).format(value)
  }

  /** A day and the minute. */
  moment(at: number): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: 'long', timeStyle: 'short' }).format(at)
  }

  /** How long ago, in the largest unit that is not zero. */
  ago(at: number, now: number): string {
    const format = new Intl.RelativeTimeFormat(this.locale, { numeric: 'auto' })
    const passed = Math.max(0, now - at)
    if (passed < HOUR) return format.format(-Math.floor(passed / MINUTE), 'minute')
    if (passed < DAY) return format.format(-Math.floor(passed / HOUR), 'hour')
    return format.format(-Math.floor(passed / DAY), 'day')
  }

  /** The name of a spoken language (BCP 47), or its tag where the browser knows no name. */
  spoken(tag: string): string {
    return new Intl.DisplayNames(this.locale, { type: 'language', fallback: 'code' }).of(tag) ?? tag
  }
}
