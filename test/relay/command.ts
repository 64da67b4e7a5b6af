import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../../relay/main.ts', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One run of the relay's main, to see what it prints and how it ends. */
export interface RelayCommand {
  /** What was printed once it ran; rejects with what it said when it ended instead. */
  readonly running: Promise<string>
  readonly ended: Promise<Ended>
  signal(name: NodeJS.Signals): void
}

/** Runs the relay with these arguments and nothing of ours in its environment. It does not outlive the test. */
export function runRelay(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RelayCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: '/nonexistent',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  const printed = new Promise<string>((resolve) => {
    child.stdout.on('data', (data) => {
      stdout += String(data)
      // It prints all its lines in one write.
      if (stdout.includes('Data folder: ')) resolve(stdout)
    })
  })
  child.stderr.on('data', (data) => {
    stderr += String(data)
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
  const running = Promise.race([
    printed,
    ended.then((end) => {
      throw new Error(`the relay ended with status ${end.status}: ${end.stderr}`)
    }),
  ])
  // Those who want it to end do not wait for it to run.
  running.catch(() => {})
  return { running, ended, signal: (name) => void child.kill(name) }
}
