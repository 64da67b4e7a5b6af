/** Tests that should notice: groups of files or folders, what notices most first. */
export type Tests = readonly (readonly string[])[]

/** A rule broken on purpose: one piece of text in one file of the product, and what stands there instead. */
export interface Mutant {
  /** The rule of SPEC.md that is broken. */
  readonly rule: string
  /** What the broken product would do, in a few words. */
  readonly does: string
  /** From the root of the project. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly text: string
  readonly instead: string
  /** Left out where those of the ledger's replay are meant. */
  readonly tests?: Tests
}

/** The file with the rule broken. @throws when the text is not there exactly once: the mutant is then out of date */
export function mutate(source: string, { rule, file, text, instead }: Mutant): string {
  const at = source.indexOf(text)
  if (at < 0) throw new Error(`${rule}: ${file} does not contain ${JSON.stringify(text)}`)
  if (source.indexOf(text, at + 1) >= 0)
    throw new Error(`${rule}: ${file} contains ${JSON.stringify(text)} more than once`)
  return source.slice(0, at) + instead + source.slice(at + text.length)
}
