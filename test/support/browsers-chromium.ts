import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Locator, type Page as PlaywrightPage } from 'playwright-core'
import {
  type Adapter,
  PATIENCE,
  type Page,
  type Problem,
  type Surroundings,
  type Target,
} from './browsers-page.ts'

/** Where the browser's own talk with its maker goes instead: a port of this machine that nobody listens on. */
const NOWHERE = 'http://127.0.0.1:9/'

/** The system's Chromium, driven by Playwright. */
export async function launchChromium(around: Surroundings): Promise<Adapter> {
  const context: BrowserContext = await chromium.launchPersistentContext(around.profile, {
    executablePath: await program(around),
    headless: true,
    // Playwright silences a headless browser; here somebody listens.
    ignoreDefaultArgs: ['--mute-audio'],
    args: [
      '--no-sandbox', // tests may run as root, where Chromium's sandbox refuses to
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--gaia-url=${NOWHERE}`,
      `--component-updater=url-source=${NOWHERE}`,
      `--autofill-server-url=${NOWHERE}`,
      // Chromium ends itself when this one is not https:.
      `--optimization-guide-service-get-models-url=${NOWHERE.replace('http:', 'https:')}`,
      // Answers the microphone question without a window; the microphone itself is the sound card's.
      `--use-fake-ui-for-media-stream${around.microphone === 'refuse' ? '=deny' : ''}`,
    ],
    env: { ...around.env },
    locale: around.language,
    // Drawn by the processor, a ring around everybody who speaks takes more of it than their voices do.
    reducedMotion: 'reduce',
    viewport: { ...around.viewport },
  })
  context.setDefaultTimeout(PATIENCE)
  return { open: async () => adapt(await context.newPage()), close: () => context.close() }
}

/** What is run: where it is to run elsewhere, a script that goes there first. */
async function program({ enter, env }: Surroundings): Promise<string> {
  const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
  if (enter === undefined) return chromium
  const script = join(env.HOME ?? '', 'start')
  await writeFile(script, `#!/bin/sh\nexec ${enter.join(' ')} ${chromium} "$@"\n`, { mode: 0o755 })
  return script
}

function adapt(page: PlaywrightPage): Page {
  const problems: Problem[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push({ kind: 'console', text: message.text() })
  })
  page.on('pageerror', (error) => problems.push({ kind: 'page', text: String(error.stack ?? error) }))
  page.on('request', (request) => requests.push(request.url()))

  return {
    problems,
    requests,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    evaluate: <A, R>(run: (argument: A) => R | Promise<R>, argument?: A) =>
      page.evaluate(run as never, argument as never) as Promise<R>,
    addInitScript: async (content) => void (await page.addInitScript({ content })),
    click: (target) => locate(page, target).click(),
    fill: (target, text) => locate(page, target).fill(text),
    press: (key) => page.keyboard.press(key),
    // biome-ignore lint/performance/useDomNodeTextContent: what a person sees depends on the layout
    text: (target) => locate(page, target).innerText(),
    waitFor: (target, { hidden = false, timeout = PATIENCE } = {}) =>
      locate(page, target).waitFor({ state: hidden ? 'hidden' : 'visible', timeout }),
    waitUntil: async (holds, argument, timeout = PATIENCE) =>
      void (await page.waitForFunction(holds as never, argument as never, { timeout, polling: 100 })),
    setViewport: (viewport) => page.setViewportSize({ ...viewport }),
    screenshot: async (path) => void (await page.screenshot({ path })),
    close: () => page.close(),
  }
}

function locate(page: PlaywrightPage, target: Target): Locator {
  if (typeof target === 'string') return page.locator(target).first()
  if ('text' in target) return page.getByText(target.text).first()
  return page.getByRole(target.role as Parameters<PlaywrightPage['getByRole']>[0], {
    name: target.name,
    exact: true,
  })
}
