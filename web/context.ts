import { createContext } from 'svelte'
import type { Application } from './state/application.svelte.ts'

/** The application, for every component below `App.svelte`. */
export const [useApplication, provideApplication] = createContext<Application>()
