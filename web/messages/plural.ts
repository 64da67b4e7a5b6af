import type { Locale } from './messages.ts'

/** The forms that a language has for a count; `other` stands in for those it does not name (CLDR plural rules). */
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string }

/** Chooses the form for a count and puts the count, written as the language writes numbers, in the place of `#`. */
export function plurals(locale: Locale): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count))
}
