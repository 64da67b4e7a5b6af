import { mount } from 'svelte'
import type { Door } from '../node/view.ts'
import App from './App.svelte'
import { openMicrophone } from './audio/microphone.ts'
import { watchSpeech } from './audio/speech.ts'
import { Application } from './state/application.svelte.ts'
import { Language, type LanguageMemory } from './state/language.svelte.ts'
import { Router } from './state/router.svelte.ts'
import './style.css'

/** Puts the app into the page, on a way to open its door. */
export async function start(target: HTMLElement, openDoor: () => Promise<Door>): Promise<void> {
  const language = await Language.open(languageMemory(), navigator.languages)
  const application = new Application({
    openDoor,
    openMicrophone: () => openMicrophone(navigator),
    watchSpeech,
    router: new Router(window),
    language,
  })
  mount(App, { target, props: { application } })
  // Who closes the page says goodbye, as far as the browser lets it; a page that comes back from its cache begins anew.
  addEventListener('pagehide', () => void application.close())
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  await application.start()
}

/** A browser that forbids storage throws at the mere name of it; the language is then chosen anew each time. */
function languageMemory(): LanguageMemory {
  try {
    return localStorage
  } catch {
    return { getItem: () => null, setItem: () => {} }
  }
}
