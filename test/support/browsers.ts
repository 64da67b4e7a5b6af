/**
 * The real browsers of the lab, behind one small interface: Chromium through Playwright, Firefox ESR through
 * WebDriver BiDi. Each runs headless with a fresh profile and a sound card of its own (pulse.ts): its microphone plays a
 * recording, its ear can be recorded. Neither is told to relax its rules about sound: what needs a person's click
 * in a real browser needs one here.
 */

import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from './browsers-chromium.ts'
import { launchFirefox } from './browsers-firefox.ts'
import type { Adapter, BrowserKind, Page, Surroundings, Viewport } from './browsers-page.ts'
import { TRACKS_SCRIPT } from './browsers-tracks.ts'
import type { Home } from './homes.ts'
import { type SoundCard, startSoundCard } from './pulse.ts'
import type { Recording } from './recordings/recordings.ts'
import { family } from './traces.ts'

export type { BrowserKind, Page, Viewport } from './browsers-page.ts'

export interface Browser {
  readonly kind: BrowserKind
  readonly card: SoundCard
  /** A new tab; tabs of one browser share their storage. `script` runs in it before the page's own, at every navigation. */
  open(url: string, script?: string): Promise<Page>
  /** Every process of it stands still, as when a laptop is closed: it sends nothing and answers nothing. */
  freeze(): void
  /** It goes on from where {@link freeze} stopped it. */
  thaw(): void
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
  /** Where it runs (homes.ts): Chromium alone, which is not spoken to over a network. This machine, without. */
  readonly home?: Home
  /** A profile folder to use and keep, so that a browser can be started again as the same person. */
  readonly profile?: string
}

/**
 * The person wears a headset: no sound of the ear reaches the microphone, and the page's wish to have echo cancelled is
 * turned down. Echo cancelling, where there is no echo to learn from, swallows much of whoever speaks at the
 * same time as the other for the first ten seconds (README.md, "Hearing").
 */
const HEADSET_SCRIPT = `{
  const devices = globalThis.MediaDevices?.prototype // a page that is not secure, such as a blank one, has none
  const ask = devices?.getUserMedia
  if (ask) devices.getUserMedia = function getUserMedia(constraints) {
    const audio = constraints?.audio
    if (!audio) return ask.call(this, constraints)
    return ask.call(this, { ...constraints, audio: { ...(audio === true ? {} : audio), echoCancellation: false } })
  }
}`

/** Starts a browser. Throws if it, or PulseAudio, is not installed (debian-packages.json). */
export async function launch(kind: BrowserKind, options: LaunchOptions = {}): Promise<Browser> {
  const scratch = await mkdtemp(join(tmpdir(), `palabre-${kind}-`))
  const card = await startSoundCard()
  const surroundings: Surroundings = {
    profile: options.profile ?? join(scratch, 'profile'),
    env: { PATH: process.env.PATH ?? '', HOME: scratch, XDG_RUNTIME_DIR: scratch, ...card.env },
    microphone: options.microphone ?? 'allow',
    language: options.language ?? 'en',
    ...(options.home && { enter: options.home.enter }),
    viewport: options.viewport ?? { width: 1280, height: 800 },
  }
  let adapter: Adapter | undefined
  let frozen: readonly number[] = []
  const thaw = () => {
    for (const pid of frozen) process.kill(pid, 'SIGCONT')
    frozen = []
  }
  const close = async () => {
    thaw()
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
    async open(url, script) {
      const page = await opened.open()
      await page.addInitScript(HEADSET_SCRIPT)
      await page.addInitScript(TRACKS_SCRIPT)
      if (script !== undefined) await page.addInitScript(script)
      await page.goto(url)
      return page
    },
    freeze() {
      frozen = processesOf(surroundings.profile)
      for (const pid of frozen) process.kill(pid, 'SIGSTOP')
    },
    thaw,
    close,
  }
}

/** Those of the browser with that profile folder, which is named when it is started. */
function processesOf(profile: string): readonly number[] {
  const first = family(process.pid).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(profile),
  )
  if (first === undefined) throw new Error('the browser is not running')
  return family(first)
}
