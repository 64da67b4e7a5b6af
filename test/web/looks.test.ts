import { describe, expect, it } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import { MAX_TOPICS } from '../../protocol/limits.ts'
import { avatarOf, initialsOf } from '../../web/avatar.ts'
import { spokenLanguages, topicsOf } from '../../web/state/new-room.ts'
import { shownName } from '../../web/state/people.ts'
import { idFrom, VILLAGERS } from '../support/fake-door.ts'

/** Relative luminance (WCAG 2.2) of `#rrggbb`. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

describe('a picture', () => {
  const ids = Array.from({ length: 400 }, (_, at) => idFrom<MemberId>(`member${at}`))

  it('is the same for the same member', () => {
    expect(avatarOf(VILLAGERS.AMA.id)).toEqual(avatarOf(`${VILLAGERS.AMA.id}` as MemberId))
  })

  it('differs between most members of a room', () => {
    const pictures = new Set(ids.map((id) => JSON.stringify(avatarOf(id))))
    // 10 cloths × 4 motifs × 4 counts: all of them are worn by four hundred people.
    expect(pictures.size).toBeGreaterThan(130)
  })

  it('lets the initials be read: contrast of 4.5 or more on every disc', () => {
    for (const { disc } of ids.map(avatarOf)) {
      const contrast = (luminance('#fdf4e0') + 0.05) / (luminance(disc) + 0.05)
      expect(contrast, disc).toBeGreaterThan(4.5)
    }
  })

  it.each([
    ['Ama Mensah', 'AM'],
    ['  jean-baptiste  koffi kouassi ', 'JK'],
    ['nadia', 'N'],
    ['Édith', 'É'],
    ['👩🏾‍🌾 Awa', '👩🏾‍🌾A'],
    ['', ''],
  ])('of %j carries %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials)
  })
})

describe('a name', () => {
  it('that is unknown is told from another that is unknown', () => {
    expect(shownName(undefined, VILLAGERS.AMA.id, 'Somebody')).toBe('Somebody AmaM')
    expect(shownName('Ama', VILLAGERS.AMA.id, 'Somebody')).toBe('Ama')
  })
})

describe('topics', () => {
  it.each([
    ['', []],
    [' jardin , quartier,', ['jardin', 'quartier']],
    ['a, a; b', ['a', 'b']],
    ['سوق، حديقة', ['سوق', 'حديقة']],
  ])('typed as %j', (text, topics) => {
    expect(topicsOf(text)).toEqual(topics)
  })

  it('are as many as a room may have', () => {
    expect(topicsOf('a,b,c,d,e,f,g')).toHaveLength(MAX_TOPICS)
  })
})

describe('languages to speak', () => {
  it('start with the person’s own, each once', () => {
    const languages = spokenLanguages(['wo-SN', 'fr-FR', 'fr'])
    expect(languages.slice(0, 2)).toEqual(['wo', 'fr'])
    expect(new Set(languages).size).toBe(languages.length)
    expect(languages).toContain('en')
  })
})
