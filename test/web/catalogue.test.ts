import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PEER_ERROR_CODES } from '../../node/errors.ts'
import { chooseLocale, LANGUAGE_NAMES, LOADERS } from '../../web/messages/languages.ts'
import { LOCALES, type Locale } from '../../web/messages/messages.ts'
import { MODERATION_WORDS } from '../../web/messages/moderation/languages.ts'
import { WORDS } from '../../web/messages/people/languages.ts'
import { plurals } from '../../web/messages/plural.ts'

type Sentence = string | ((...told: never[]) => string)

/** As many as any sentence is told. */
const told = (what: number) => [what, what, what] as never[]

/** Every sentence by its path, as the app asks for it: `t.room.leave`, or `w.invite.undo` of the screens about people, or `m.record.undo` of moderation. */
function sentences(of: 't' | 'w' | 'm', catalogue: object): readonly [string, Sentence][] {
  const groups = Object.entries(catalogue) as [string, Record<string, Sentence>][]
  return groups.flatMap(([group, members]) =>
    Object.entries(members).map(([key, sentence]): [string, Sentence] => [`${of}.${group}.${key}`, sentence]),
  )
}

async function load(locale: Locale): Promise<ReadonlyMap<string, Sentence>> {
  const [{ messages }, { words }, moderation] = await Promise.all([
    LOADERS[locale](),
    WORDS[locale](),
    MODERATION_WORDS[locale](),
  ])
  return new Map([...sentences('t', messages), ...sentences('w', words), ...sentences('m', moderation.words)])
}

/** Groups whose sentences are looked up by a code, a column or the like. */
const LOOKED_UP = [
  't.errors.',
  'm.unheard.',
  'm.voice.',
  'm.addressMine.',
  'm.addressTheirs.',
  'm.grade.',
  'm.voiceMeaning.',
  'w.standing.',
  'w.why.',
  'w.columns.',
  'w.slots.',
  'w.ready.',
  'w.wanted.',
  'w.acts.',
  'w.findings.',
  'w.wrongs.',
  'w.wrongsMore.',
  'w.actsMore.',
  'm.deeds.',
  'm.deedsMore.',
  'm.why.',
  'm.recorded.',
  'm.hands.',
  'm.out.',
  'm.offered.',
  'm.reactions.',
  'w.problems.',
]

/** The sources of the app that may ask for a sentence: all but the catalogues themselves. */
function sources(): string {
  const web = join(import.meta.dirname, '../../web')
  return readdirSync(web, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(svelte|ts)$/.test(path) && !/^(messages|dist)\//.test(path))
    .map((path) => readFileSync(join(web, path), 'utf8'))
    .join('\n')
}

describe.each(LOCALES)('the catalogue %s', (locale) => {
  it('has the sentences of the first language, each of the same kind', async () => {
    const [first, mine] = await Promise.all([load(LOCALES[0]), load(locale)])
    expect([...mine.keys()].toSorted()).toEqual([...first.keys()].toSorted())
    for (const [key, sentence] of mine) {
      expect(typeof sentence, key).toBe(typeof first.get(key))
    }
  })

  it('says something in every sentence', async () => {
    for (const [key, sentence] of await load(locale)) {
      const said = typeof sentence === 'string' ? sentence : sentence(...told(3))
      expect(said.trim(), key).toBe(said)
      expect(said, key).not.toBe('')
      expect(said, key).not.toMatch(/undefined|\[object|#/)
    }
  })

  it('puts what it is told into the sentence', async () => {
    for (const [key, sentence] of await load(locale)) {
      if (typeof sentence === 'function') expect(sentence(...told(7)), key).toContain('7')
    }
  })

  it('has a sentence for every code that a peer can fail with, and no other', async () => {
    const { messages } = await LOADERS[locale]()
    expect(Object.keys(messages.errors).toSorted()).toEqual([...PEER_ERROR_CODES].toSorted())
    expect(new Set(Object.values(messages.errors)).size).toBeGreaterThan(PEER_ERROR_CODES.length - 2)
  })

  it('is named in itself', () => {
    const own = new Intl.DisplayNames(locale, { type: 'language' }).of(locale)
    expect(LANGUAGE_NAMES[locale].toLocaleLowerCase(locale)).toBe(own?.toLocaleLowerCase(locale))
  })
})

it('no sentence is left that nothing says', async () => {
  const code = sources()
  const unused = [...(await load('en')).keys()]
    .filter((key) => !LOOKED_UP.some((group) => key.startsWith(group)))
    .filter((key) => !new RegExp(String.raw`\b${key.replaceAll('.', String.raw`\.`)}\b`).test(code))
  expect(unused).toEqual([])
})

describe('counting', () => {
  it('follows the rules of the language: zero is one in French and many in English', () => {
    const forms = { one: '# x', other: '# xs' }
    expect([0, 1, 2].map((n) => plurals('fr')(n, forms))).toEqual(['0 x', '1 x', '2 xs'])
    expect([0, 1, 2].map((n) => plurals('en')(n, forms))).toEqual(['0 xs', '1 x', '2 xs'])
  })

  it('writes numbers as the language does', () => {
    expect(plurals('en')(5000, { other: '#' })).toBe('5,000')
    expect(plurals('fr')(5000, { other: '#' })).toMatch(/^5\s000$/)
  })
})

describe('the first language', () => {
  it.each([
    [['fr-CA', 'en'], 'fr'],
    [['wo', 'fr'], 'fr'],
    [['EN-us'], 'en'],
    [['ja', 'de'], 'en'],
    [[], 'en'],
  ] as const)('for %j is %s', (preferences, locale) => {
    expect(chooseLocale(preferences)).toBe(locale)
  })
})
