import { launch, type Page as PuppeteerPage } from 'puppeteer-core'
import {
  type Adapter,
  PATIENCE,
  type Page,
  type Problem,
  type Surroundings,
  type Target,
} from './browsers-page.ts'

/** The system's Firefox ESR, driven over WebDriver BiDi. */
export async function launchFirefox(around: Surroundings): Promise<Adapter> {
  if (around.enter !== undefined) throw new TypeError('Firefox is spoken to over the network of this machine')
  const browser = await launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: around.profile,
    defaultViewport: { ...around.viewport },
    // Firefox obeys the preference for its settings server only beside this variable.
    env: { ...around.env, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
    extraPrefsFirefox: {
      // 1 allows, 2 refuses; the second switch skips the question that nobody could answer.
      'permissions.default.microphone': around.microphone === 'refuse' ? 2 : 1,
      'media.navigator.permission.disabled': around.microphone === 'allow',
      // Drawn by the processor, a ring around everybody who speaks takes more of it than their voices do.
      'ui.prefersReducedMotion': 1,
      'intl.accept_languages': around.language,
      // Its own talk with its maker would be taken for the page's.
      'services.settings.server': 'data:,#remote-settings-dummy/v1',
    },
  })
  return { open: async () => adapt(await browser.newPage()), close: () => browser.close() }
}

function adapt(page: PuppeteerPage): Page {
  const problems: Problem[] = []
  const requests: string[] = []
  page.setDefaultTimeout(PATIENCE)
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push({ kind: 'console', text: message.text() })
  })
  page.on('pageerror', (error) =>
    problems.push({
      kind: 'page',
      text: error instanceof Error ? String(error.stack ?? error) : String(error),
    }),
  )
  page.on('request', (request) => requests.push(request.url()))

  return {
    problems,
    requests,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    evaluate: <A, R>(run: (argument: A) => R | Promise<R>, argument?: A) =>
      page.evaluate(run as never, argument as never) as Promise<R>,
    addInitScript: async (source) => void (await page.evaluateOnNewDocument(source)),
    click: (target) => page.locator(selector(target)).click(),
    fill: (target, text) => page.locator(selector(target)).fill(text),
    press: (key) => page.keyboard.press(key as Parameters<PuppeteerPage['keyboard']['press']>[0]),
    text: async (target) => {
      const element = await page.locator(selector(target)).waitHandle()
      // biome-ignore lint/performance/useDomNodeTextContent: what a person sees depends on the layout
      return element.evaluate((node) => (node as HTMLElement).innerText)
    },
    waitFor: async (target, { hidden = false, timeout = PATIENCE } = {}) =>
      void (await page.waitForSelector(selector(target), { visible: !hidden, hidden, timeout })),
    waitUntil: async (holds, argument, timeout = PATIENCE) =>
      void (await page.waitForFunction(holds as never, { timeout, polling: 100 }, argument as never)),
    setViewport: (viewport) => page.setViewport({ ...viewport }),
    screenshot: async (path) => void (await page.screenshot({ path: path as `${string}.png` })),
    close: () => page.close(),
  }
}

/** Puppeteer's own selector syntax; names are quoted as CSS strings. */
function selector(target: Target): string {
  if (typeof target === 'string') return target
  if ('text' in target) return `::-p-text(${target.text})`
  return `::-p-aria([name=${JSON.stringify(target.name)}][role=${JSON.stringify(target.role)}])`
}
