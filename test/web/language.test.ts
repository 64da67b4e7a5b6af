import { describe, expect, it } from 'vitest'
import { Language } from '../../web/state/language.svelte.ts'
import type { Memory } from '../../web/state/memory.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 10, 15, 23)

function memory(kept: Record<string, string> = {}): Memory & { kept: Record<string, string> } {
  return {
    kept,
    getItem: (key) => kept[key] ?? null,
    setItem: (key, value) => {
      kept[key] = value
    },
  }
}

describe('the language of the app', () => {
  it('is the first that the person reads', async () => {
    const language = await Language.open(memory(), ['fr-BE', 'en'])
    expect(language.locale).toBe('fr')
    expect(language.messages.rooms.title).toBe('Salons')
  })

  it('is remembered once it was chosen', async () => {
    const kept = memory()
    const language = await Language.open(kept, ['fr'])
    await language.choose('en')
    expect(language.messages.rooms.title).toBe('Rooms')
    expect((await Language.open(kept, ['fr'])).locale).toBe('en')
  })

  it('is not taken from a memory that names none of ours', async () => {
    const language = await Language.open(memory({ 'palabre.language': '__proto__' }), ['fr'])
    expect(language.locale).toBe('fr')
  })

  it('is chosen without being remembered before', async () => {
    const kept = memory()
    await Language.open(kept, ['fr'])
    expect(kept.kept).toEqual({})
  })
})

describe('times', () => {
  it.each([
    [0, 'this minute', 'cette minute-ci'],
    [59 * MINUTE, '59 minutes ago', 'il y a 59 minutes'],
    [60 * MINUTE, '1 hour ago', 'il y a 1 heure'],
    [24 * 60 * MINUTE, 'yesterday', 'hier'],
    // A clock behind that of whoever opened the room: never "in three minutes".
    [-3 * MINUTE, 'this minute', 'cette minute-ci'],
  ])('%i ms ago', async (passed, english, french) => {
    expect((await Language.open(memory(), ['en'])).ago(NOW - passed, NOW)).toBe(english)
    expect((await Language.open(memory(), ['fr'])).ago(NOW - passed, NOW)).toBe(french)
  })

  it('names a spoken language, and keeps a tag that has no name', async () => {
    const french = await Language.open(memory(), ['fr'])
    expect(french.spoken('wo')).toBe('wolof')
    expect(french.spoken('xx')).toBe('xx')
  })
})
