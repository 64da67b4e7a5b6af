import { createContext } from 'svelte'
import type { Words } from './messages/people/words.ts'
import type { Register } from './state/register.ts'

/** What the screens about people share: their part of the catalogue, and whom they draw. */
export interface PeopleContext {
  readonly words: Words
  readonly register: Register
}

/** For every component below `PeoplePlace.svelte`. */
export const [usePeople, providePeople] = createContext<PeopleContext>()
