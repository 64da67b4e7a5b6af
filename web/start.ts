import { mount } from 'svelte'
import type { Door } from '../node/view.ts'
import App from './App.svelte'
import { Application } from './state/application.svelte.ts'
import { Language } from './state/language.svelte.ts'
import type { Memory } from './state/memory.ts'
import { restartWhenTold } from './state/restart.ts'
import { Router } from './state/router.svelte.ts'
import './style.css'

/** Puts the app into the page, on a way to open its door. */
export async function start(target: HTMLElement, openDoor: () => Promise<Door>): Promise<void> {
  const memory = memoryOfBrowser()
  const language = await Language.open(memory, navigator.languages)
  const application = new Application({
    openDoor,
    loadAudio: async () => (await import('./audio/room-audio.ts')).roomAudio(navigator),
    router: new Router(window),
    language,
    memory,
  })
  mount(App, { target, props: { application } })
  // Who closes the page says goodbye, as far as the browser lets it; a page that comes back from its cache begins anew.
  addEventListener('pagehide', () => void application.close())
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  restartWhenTold(() => application.close())
  await application.start()
}

/** A browser that forbids storage throws at the mere name of it; the language, and other choices, are then made anew each time. */
function memoryOfBrowser(): Memory {
  try {
    return localStorage
  } catch {
    return { getItem: () => null, setItem: () => {} }
  }
}
