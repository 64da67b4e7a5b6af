import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Cancel, Clock } from '../../node/ports/clock.ts'
import { RESTART_MAX_MS, RESTART_MIN_MS, RESTART_RESET_MS, START_MS } from './limits.ts'
import type { FromMedia, MediaLoad, MediaSetup, ToMedia } from './messages.ts'

const PROGRAM = fileURLToPath(new URL('./media.ts', import.meta.url))

export interface MediaProcessOptions {
  readonly setup: MediaSetup
  readonly clock: Clock
  readonly report: (where: string, error: unknown) => void
  readonly onMessage: (message: Exclude<FromMedia, { kind: 'ready' | 'load' }>) => void
  /** Everything in it is lost. It is started again by itself. */
  readonly onLost: () => void
}

type State =
  | { readonly kind: 'starting'; readonly child: ChildProcess }
  /** `port` is on the loopback, for the other processes. */
  | { readonly kind: 'running'; readonly child: ChildProcess; readonly port: number; readonly since: number }
  | { readonly kind: 'waiting'; readonly again: Cancel }
  | { readonly kind: 'stopped' }

const IDLE: MediaLoad = { busy: 0, fanOut: 0, halfOpen: 0, links: 0, sent: 0 }

/** One media process under supervision: whatever ends it, another takes its place, sooner or later. */
export class MediaProcess {
  readonly #options: MediaProcessOptions
  #state: State
  #load = IDLE
  #failures = 0
  #running = Promise.withResolvers<void>()

  constructor(options: MediaProcessOptions) {
    this.#options = options
    this.#state = this.#start()
  }

  /** Settles when it runs, now or once it does again; also when it was stopped. */
  get running(): Promise<void> {
    return this.#running.promise
  }

  /** On the loopback; undefined while it does not run. */
  get port(): number | undefined {
    return this.#state.kind === 'running' ? this.#state.port : undefined
  }

  /** Of the operating system; undefined while there is none. */
  get pid(): number | undefined {
    return 'child' in this.#state ? this.#state.child.pid : undefined
  }

  get load(): MediaLoad {
    return this.#load
  }

  /** Lost when it does not run. */
  tell(message: ToMedia): void {
    if (this.#state.kind === 'running') this.#send(this.#state.child, message)
  }

  async stop(): Promise<void> {
    const state = this.#state
    this.#state = { kind: 'stopped' }
    this.#running.resolve()
    if (state.kind === 'waiting') state.again()
    if (!('child' in state)) return
    const { child } = state
    if (child.exitCode !== null || child.signalCode !== null) return
    // What it holds are connections to others, who learn of it by the end of their streams.
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await gone
  }

  #start(): State {
    const { setup, clock } = this.#options
    const child = fork(PROGRAM, [], {
      serialization: 'advanced',
      // Those of this process may be of a debugger or a test runner.
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const overdue = clock.after(START_MS, () => child.kill('SIGKILL'))
    child.on('message', (message: FromMedia) => this.#take(child, message, overdue))
    child.once('error', (error) => this.#options.report('a media process', error))
    child.once('exit', (code, signal) => {
      overdue()
      this.#ended(child, `ended with ${signal ?? code}`)
    })
    this.#send(child, { kind: 'setup', setup })
    return { kind: 'starting', child }
  }

  #take(child: ChildProcess, message: FromMedia, overdue: Cancel): void {
    if (!('child' in this.#state) || this.#state.child !== child) return
    switch (message.kind) {
      case 'ready':
        overdue()
        this.#state = { kind: 'running', child, port: message.port, since: this.#options.clock.now() }
        this.#running.resolve()
        return
      case 'load':
        this.#load = message.load
        return
      default:
        this.#options.onMessage(message)
    }
  }

  #ended(child: ChildProcess, how: string): void {
    const state = this.#state
    if (!('child' in state) || state.child !== child) return
    const { clock, report, onLost } = this.#options
    const lasted = state.kind === 'running' ? clock.now() - state.since : 0
    this.#failures = lasted >= RESTART_RESET_MS ? 1 : this.#failures + 1
    this.#load = IDLE
    const wait = Math.min(RESTART_MIN_MS * 2 ** (this.#failures - 1), RESTART_MAX_MS)
    const again = clock.after(wait, () => {
      this.#state = this.#start()
    })
    if (state.kind === 'running') this.#running = Promise.withResolvers()
    this.#state = { kind: 'waiting', again }
    report('a media process', new Error(how))
    onLost()
  }

  #send(child: ChildProcess, message: ToMedia): void {
    // Its end is told by `exit`; what was on its way is lost with it.
    child.send(message, () => {})
  }
}
