/** A relay as its owner runs it: a process of its own, with its own port and data folder, that can be ended and killed. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../relay/main.ts', import.meta.url))

/** How many lines of its log an error shows. */
const LAST_WORDS = 20

/** The relay did not start, or did not end as it should; its last words are in the message. */
export class RelayProcessError extends Error {
  override readonly name = 'RelayProcessError'
}

export interface RelayProcess {
  /** Where people open the app: the same after every restart. */
  readonly origin: string
  /** Its data folder: for a test to look into. */
  readonly data: string
  readonly pid: number
  /** The one-time link that the relay printed, if nobody had founded a community on this data when it last started. */
  readonly foundingLink: string | undefined
  /** SIGTERM; throws {@link RelayProcessError} unless it ends by itself with status 0. */
  stop(): Promise<void>
  /** SIGKILL, at once and wherever it is. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data. @param flags in place of those before */
  restart(flags?: readonly string[]): Promise<void>
  /** Kills it if it runs, and removes its data. Safe to call twice. */
  close(): Promise<void>
}

/** One process that said where it is. */
interface Running {
  readonly child: ChildProcess
  readonly origin: string
  /** Every line that it wrote, in order. */
  readonly log: readonly string[]
}

/**
 * Starts a relay on a free port with an empty data folder. Throws {@link RelayProcessError}.
 * @param flags more of what its owner may say on the command line
 * @param node options of Node itself, for a relay that is not what it should be
 */
export async function startRelayProcess(
  flags: readonly string[] = [],
  node: readonly string[] = [],
): Promise<RelayProcess> {
  const data = await mkdtemp(join(tmpdir(), 'palabre-relay-'))
  const gone = () => rm(data, { recursive: true, force: true })
  let running: Running
  try {
    running = await run(data, 0, flags, node)
  } catch (error) {
    await gone()
    throw error
  }
  const { origin } = running
  let last = flags

  return {
    origin,
    data,
    get pid() {
      return running.child.pid as number
    },
    get foundingLink() {
      return running.log.find((line) => line.startsWith(`${origin}/#/found/`))
    },
    async stop() {
      const { code, signal } = await end(running.child, 'SIGTERM')
      if (code !== 0) throw new RelayProcessError(`ended with ${code ?? signal}: ${tail(running.log)}`)
    },
    async kill() {
      await end(running.child, 'SIGKILL')
    },
    async restart(others = last) {
      if (isAlive(running.child)) throw new TypeError('the relay still runs')
      last = others
      running = await run(data, Number(new URL(origin).port), others, node)
    },
    async close() {
      await end(running.child, 'SIGKILL')
      await gone()
    },
  }
}

async function run(
  data: string,
  port: number,
  flags: readonly string[],
  node: readonly string[],
): Promise<Running> {
  const child = spawn(process.execPath, [...node, MAIN, '--port', String(port), '--data', data, ...flags], {
    // Nothing that the machine's owner configured for relays of theirs.
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, HOME: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Not even a run of tests that breaks off leaves one behind.
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  child.once('exit', () => process.off('exit', orphaned))
  const log: string[] = []
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause) => reject(new RelayProcessError('cannot be run', { cause })))
    child.once('exit', (code) => reject(new RelayProcessError(`ended with ${code}: ${tail(log)}`)))
  })
  failed.catch(() => {}) // once it is ready, its end is awaited elsewhere
  const said = new Promise<string>((resolve) => {
    const follow = (line: string) => {
      log.push(line)
      const origin = /^Palabre is at (\S+)$/.exec(line)?.[1]
      if (origin !== undefined) resolve(origin)
    }
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', follow)
  })
  return { child, origin: await Promise.race([said, failed]), log }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null && child.pid !== undefined
}

async function end(
  child: ChildProcess,
  by: NodeJS.Signals,
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  if (isAlive(child)) {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill(by)
    await exited
  }
  return { code: child.exitCode, signal: child.signalCode }
}

function tail(log: readonly string[]): string {
  return log.slice(-LAST_WORDS).join('\n')
}
