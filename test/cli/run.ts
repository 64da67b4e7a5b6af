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

/** The same until somebody ends it. */
export async function palabreUntil(
  signal: AbortSignal,
  folder: string,
  ...args: readonly string[]
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
  })
  return { status, ...said }
}
