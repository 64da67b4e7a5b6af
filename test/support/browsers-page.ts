/** What both kinds of browser are to a test, and what each kind's adapter is given and gives. */

/** How long a wait in a page lasts before it fails, in ms: a cold start on a busy two-core machine fits in. */
export const PATIENCE = 30_000

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

/** What an adapter is given: every choice made, every folder there. */
export interface Surroundings {
  readonly profile: string
  readonly env: Readonly<Record<string, string>>
  readonly microphone: 'allow' | 'refuse'
  readonly language: string
  readonly viewport: Viewport
  /** What goes before the program to run it in another network (homes.ts), if anything does. */
  readonly enter?: readonly string[]
}

/** A browser as an adapter knows it: without sound. */
export interface Adapter {
  open(): Promise<Page>
  close(): Promise<void>
}
