/**
 * The real browsers of the lab, behind one small interface: Chromium through Playwright, Firefox ESR through
 * WebDriver BiDi. Each runs headless with a fresh profile and a sound card of its own (pulse.ts): its microphone plays a
 * recording, its ear can be recorded. Neither is told to relax its rules about sound: what needs a person's click
 * in a real browser needs one here.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from './browsers-chromium.ts'
import { launchFirefox } from './browsers-firefox.ts'
import { TRACKS_SCRIPT } from './browsers-tracks.ts'
import { type SoundCard, startSoundCard } from './pulse.ts'
import type { Recording } from './recordings/recordings.ts'

export type BrowserKind = 'chromium' | 'firefox'

/** An element: a CSS selector, or what a person sees (exact accessible name, or text it contains). */
export type Target = string | { readonly role: string; readonly name: string } | { readonly text: string }

export interface Viewport {
  /** CSS pixels. */
  readonly width: number
  readonly height: number
}

/** Something a person with the console open would have seen go wrong. */
export interface Problem {
  /** `console`: an error was logged; `page`: an exception or rejection nobody caught. */
  readonly kind: 'console' | 'page'
  readonly text: string
}

/** One tab. Whatever waits gives up after `timeout` ms (default {@link PATIENCE}) by throwing. */
export interface Page {
  readonly problems: readonly Problem[]
  /** Every URL this tab asked for over HTTP, in order. */
  readonly requests: readonly string[]
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Runs in the page; may use nothing from outside itself but `argument`, which is copied. */
  evaluate<R>(run: () => R | Promise<R>): Promise<R>
  evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>
  /** Runs in the page before its own scripts, at every navigation from now on. */
  addInitScript(source: string): Promise<void>
  click(target: Target): Promise<void>
  /** Replaces what a text field holds. */
  fill(target: Target, text: string): Promise<void>
  /** One key by its DOM name, for instance `Enter`. */
  press(key: string): Promise<void>
  /** The text a person sees in the element. */
  text(target: Target): Promise<string>
  /** Waits until the element can be seen, or with `hidden` until it cannot. */
  waitFor(target: Target, options?: { readonly hidden?: boolean; readonly timeout?: number }): Promise<void>
  /** Waits until `holds` is true in the page; like `evaluate` it stands alone. */
  waitUntil<A>(holds: (argument: A) => boolean, argument: A, timeout?: number): Promise<void>
  setViewport(viewport: Viewport): Promise<void>
  /** A PNG of what is visible. */
  screenshot(path: string): Promise<void>
  close(): Promise<void>
}

export interface Browser {
  readonly kind: BrowserKind
  readonly card: SoundCard
  /** A new tab; tabs of one browser share their storage. */
  open(url: string): Promise<Page>
  /** Ends the browser and its sound card, every process of them. Safe to call twice. */
  close(): Promise<void>
}

export interface LaunchOptions {
  /** What its microphone hears, over and over. Silence without. */
  readonly voice?: Recording
  /** The person's answer to every question for the microphone. Default `allow`. */
  readonly microphone?: 'allow' | 'refuse'
  /** The person's language, for instance `fr`. Default `en`. */
  readonly language?: string
  readonly viewport?: Viewport
  /** A profile folder to use and keep, so that a browser can be started again as the same person. */
  readonly profile?: string
}

/** How long a wait in a page lasts before it fails, in ms: a cold start on a busy two-core machine fits in. */
export const PATIENCE = 30_000

/** What an adapter is given: every choice made, every folder there. */
export interface Surroundings {
  readonly profile: string
  readonly env: Readonly<Record<string, string>>
  readonly microphone: 'allow' | 'refuse'
  readonly language: string
  readonly viewport: Viewport
}

/** A browser as an adapter knows it: without sound. */
export interface Adapter {
  open(): Promise<Page>
  close(): Promise<void>
}

/** Starts a browser. Throws if it, or PulseAudio, is not installed (debian-packages.json). */
export async function launch(kind: BrowserKind, options: LaunchOptions = {}): Promise<Browser> {
  const scratch = await mkdtemp(join(tmpdir(), `palabre-${kind}-`))
  const card = await startSoundCard()
  const surroundings: Surroundings = {
    profile: options.profile ?? join(scratch, 'profile'),
    env: { PATH: process.env['PATH'] ?? '', HOME: scratch, XDG_RUNTIME_DIR: scratch, ...card.env },
    microphone: options.microphone ?? 'allow',
    language: options.language ?? 'en',
    viewport: options.viewport ?? { width: 1280, height: 800 },
  }
  let adapter: Adapter | undefined
  const close = async () => {
    await adapter?.close()
    adapter = undefined
    await card.stop()
    // A browser's helpers may still write their last words into the profile.
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    adapter = await (kind === 'chromium' ? launchChromium : launchFirefox)(surroundings)
  } catch (cause) {
    await close()
    throw new Error(`${kind} does not start`, { cause })
  }
  const opened = adapter
  if (options.voice !== undefined) card.speak(options.voice)
  return {
    kind,
    card,
    async open(url) {
      const page = await opened.open()
      await page.addInitScript(TRACKS_SCRIPT)
      await page.goto(url)
      return page
    },
    close,
  }
}
