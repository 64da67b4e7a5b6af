import { compareTexts } from '../ids.ts'
import { inPast, operationAt } from './history.ts'
import type { Level } from './level.ts'
import type { Operation } from './operation.ts'
import { actAt, strengthAt, type View } from './view.ts'

export interface RoomSettings {
  readonly title: string
  readonly topics: readonly string[]
  readonly lang: string
  /** Empty: none. */
  readonly link: string
  readonly hands: NonNullable<Operation['hands']>
}

const NAMES = ['title', 'topics', 'lang', 'link', 'hands'] as const

/** Accepted acts about the room itself that nothing accepted has replaced; indices. */
export interface InForce {
  /** Locks that nobody lifted. */
  readonly locks: readonly number[]
  /** The last `set` of each setting: several when they are concurrent. */
  readonly sets: { readonly [name in keyof RoomSettings]: readonly number[] }
}

export const NOTHING_IN_FORCE: InForce = {
  locks: [],
  sets: { title: [], topics: [], lang: [], link: [], hands: [] },
}

/** What is in force with one more accepted operation. They come in the order of the history: a descendant never before its ancestor. */
export function inForceWith(view: View, before: InForce, i: number): InForce {
  const act = actAt(view, i)
  switch (act.k) {
    case 'lock':
      return { ...before, locks: [...before.locks, i] }
    case 'unlock':
      return { ...before, locks: before.locks.filter((lock) => !lifts(view, i, lock)) }
    case 'set': {
      const sets = { ...before.sets }
      for (const name of NAMES) {
        if (act[name] === undefined) continue
        sets[name] = [...sets[name].filter((other) => !inPast(view.history, other, i)), i]
      }
      return { ...before, sets }
    }
    default:
      return before
  }
}

/** ROOM-6, of the door. */
function lifts(view: View, unlock: number, lock: number): boolean {
  return (
    (strengthAt(view, unlock) as Level) >= (strengthAt(view, lock) as Level) &&
    inPast(view.history, lock, unlock)
  )
}

/** ROOM-14: of each setting the last; of concurrent ones the strongest, and of equals the one whose id is lowest. */
export function settingsOf(view: View, { sets }: InForce): RoomSettings {
  const { title, topics, lang, hands } = view.room
  const settings: RoomSettings = { title, topics, lang, link: '', hands }
  for (const name of NAMES) {
    const [first, ...others] = sets[name]
    if (first === undefined) continue
    const last = others.reduce((best, i) => (isStronger(view, i, best) ? i : best), first)
    Object.assign(settings, { [name]: actAt(view, last)[name] })
  }
  return settings
}

/** Of two accepted operations the one that counts where only one can: the stronger, and of equals the one whose id is lowest. */
export function isStronger(view: View, a: number, b: number): boolean {
  const [one, other] = [strengthAt(view, a) as Level, strengthAt(view, b) as Level]
  if (one !== other) return one > other
  const [first, second] = [operationAt(view.history, a).id, operationAt(view.history, b).id]
  return compareTexts(first, second) < 0
}
