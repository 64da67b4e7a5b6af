import type { Id } from '../protocol/ids.ts'

/**
 * The picture of a member is made from their id, so that nothing is uploaded and nobody is faceless: a printed border, as on wax
 * cloth, around a plain disc that carries the initials. Equal ids have equal pictures everywhere.
 */
export interface AvatarPattern {
  /** Colour of the cloth; the print is drawn on it. */
  readonly cloth: string
  readonly print: string
  /** Colour of the disc under the initials: dark enough for cream letters (contrast above 4.5). */
  readonly disc: string
  readonly motif: 'dots' | 'leaves' | 'rays' | 'diamonds'
  /** How many times the motif goes around. */
  readonly repeats: number
}

const COLOURS = [
  { cloth: '#1f5b7a', print: '#f2b84b', disc: '#143f56' },
  { cloth: '#b5482a', print: '#f6dfb0', disc: '#7c2d17' },
  { cloth: '#2f6b3f', print: '#f3d06b', disc: '#1f4a2b' },
  { cloth: '#6b3a73', print: '#f0a98a', disc: '#4a264f' },
  { cloth: '#c98a1b', print: '#5a2312', disc: '#6d3f0c' },
  { cloth: '#20706a', print: '#f4e3c1', disc: '#134b47' },
  { cloth: '#93324b', print: '#f5c26b', disc: '#651f32' },
  { cloth: '#3b4a86', print: '#f2c9a0', disc: '#27335f' },
  { cloth: '#7a5230', print: '#a8d5ba', disc: '#50341c' },
  { cloth: '#4d6b1f', print: '#fbe7a1', disc: '#354a14' },
] as const

const MOTIFS = ['dots', 'leaves', 'rays', 'diamonds'] as const
const REPEATS = [8, 9, 10, 12] as const

export function avatarOf(id: Id): AvatarPattern {
  const seed = hash(id)
  return {
    ...pick(COLOURS, seed),
    motif: pick(MOTIFS, seed >>> 8),
    repeats: pick(REPEATS, seed >>> 16),
  }
}

/** Up to two letters for the disc: of the first and the last word. Whole graphemes, so that no accent or emoji is cut. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return ends
    .map((word) => firstGrapheme(word ?? ''))
    .join('')
    .toLocaleUpperCase()
}

function firstGrapheme(word: string): string {
  for (const { segment } of new Intl.Segmenter().segment(word)) return segment
  return ''
}

function pick<T>(choices: readonly [T, ...T[]] | readonly T[], seed: number): T {
  const choice = choices[seed % choices.length]
  if (choice === undefined) throw new RangeError('nothing to choose from')
  return choice
}

/** FNV-1a, 32 bits: spreads ids over the pictures. Decides nothing but looks. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  return state >>> 0
}
