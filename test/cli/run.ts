import { afterAll } from 'vitest'
import type { Crew } from '../../node/audit/checking.ts'
import { workerCrew } from '../../node/audit/worker-crew.ts'
import { COMMANDS } from '../../node/cli/commands.ts'
import type { ExitStatus } from '../../node/cli/failure.ts'
import { runProgram } from '../../node/cli/program.ts'

/** What a run of `palabre` left behind. */
export interface Ran {
  readonly status: ExitStatus
  readonly stdout: string
  readonly stderr: string
}

/** Runs `palabre` in this process. @param folder in which it is called */
export function palabre(folder: string, ...args: readonly string[]): Promise<Ran> {
  return palabreUntil(new AbortController().signal, folder, ...args)
}

/**
 * The same for many audits of small ledgers, which share their workers: to start them takes several times as long as the rest. They end with the file's
 * tests.
 */
export function palabreWithSharedWorkers(): typeof palabre {
  const crew = workerCrew()
  afterAll(() => crew.close())
  return (folder, ...args) =>
    run(() => ({ ...crew, close: async () => {} }), new AbortController().signal, folder, args)
}

/** The same until somebody ends it. */
export function palabreUntil(signal: AbortSignal, folder: string, ...args: readonly string[]): Promise<Ran> {
  return run(workerCrew, signal, folder, args)
}

async function run(
  crew: () => Crew,
  signal: AbortSignal,
  folder: string,
  args: readonly string[],
): Promise<Ran> {
  const said = { stdout: '', stderr: '' }
  const status = await runProgram(args, COMMANDS, {
    stdout: {
      write(text) {
        said.stdout += text
      },
    },
    stderr: {
      write(text) {
        said.stderr += text
      },
    },
    folder,
    signal,
    watched: false,
    now: () => performance.now(),
    readStdin: async () => '',
    crew,
  })
  return { status, ...said }
}
