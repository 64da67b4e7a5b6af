import { MAX_WORDS_CHARS } from '../../protocol/limits.ts'
import { line } from '../../protocol/schema.ts'

const WORDS = line(MAX_WORDS_CHARS)

/** Words that somebody typed, as they can be sealed: one line, whatever they typed at its ends and between. Undefined where none are left, or too many. */
export function wordsOf(typed: string): string | undefined {
  const words = typed.normalize('NFC').replace(/\s+/gu, ' ').trim()
  return WORDS.decode(words, '').ok ? words : undefined
}
