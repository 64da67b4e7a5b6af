import { Command, CommanderError } from 'commander'
import type { Crew } from '../audit/checking.ts'
import type { Declare, Start } from './command.ts'
import { CliError, EXIT, type ExitStatus } from './failure.ts'
import { createOutput, type Streams, toJson } from './output.ts'

/** The world around a run of the command. */
export interface Surroundings extends Streams {
  readonly folder: string
  readonly signal: AbortSignal
  /** Whether somebody looks at stderr. */
  readonly watched: boolean
  /** Milliseconds, for the pace of what is drawn. */
  readonly now: () => number
  readonly readStdin: () => Promise<string>
  /** Whoever verifies beside this thread, for one audit, which lets them go. */
  readonly crew: () => Crew
}

const EPILOGUE = `
Exit status:
  0  done; what was checked is as it should be
  1  something is wrong with what was checked, or what was asked for was refused; stable codes say what
  2  it could not be checked or done; one sentence on stderr says why

With --json there is one JSON document on stdout (one a line where a command goes on and on), also when
it fails: { "error": { "code", "message" } }. palabre help <command> explains a command with examples.
`

/** Runs `palabre` with these arguments, program names left out. What is thrown is a bug. */
export async function runProgram(
  args: readonly string[],
  commands: readonly Declare[],
  surroundings: Surroundings,
): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok
  const program = createProgram(surroundings)
  const start: Start =
    (run) =>
    async (...parsed) => {
      const { json = false, progress = surroundings.watched } = program.opts<GlobalOptions>()
      const output = createOutput(surroundings, { json, progress }, surroundings.now)
      const { signal, folder, readStdin, crew } = surroundings
      try {
        status = await run({ output, signal, folder, readStdin, crew }, ...parsed)
      } finally {
        output.done()
      }
    }
  for (const declare of commands) declare(program, start)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return status
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
    // A command without its subcommand: its help has been shown.
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.failed
    const failure = failureOf(error) ?? endingOf(error, surroundings.signal)
    if (failure === undefined) throw error
    tell(failure, args.includes('--json'), surroundings)
    return failure.status
  }
}

interface GlobalOptions {
  readonly json?: boolean
  readonly progress?: boolean
}

interface Failure {
  readonly status: ExitStatus
  readonly code: string
  readonly message: string
}

function createProgram({ stdout, stderr }: Surroundings): Command {
  return new Command('palabre')
    .description('Keeps the ledger of a Palabre community, and lets anybody verify it.')
    .option('--json', 'results as JSON')
    .option('--progress', 'show progress, also where stderr is no terminal')
    .option('--no-progress', 'show no progress')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Mistakes come back as errors, and are told like every other failure.
      outputError: () => {},
    })
    .addHelpText('after', EPILOGUE)
    .exitOverride()
}

/** What went wrong, if it is for the person and no bug. */
function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CliError) return error
  if (!(error instanceof CommanderError)) return undefined
  const sentence = error.message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  return { status: EXIT.failed, code: 'usage', message: `${sentence}; see --help.` }
}

/** The person asked the command to end, and it did not come to its own end. */
function endingOf(error: unknown, { aborted }: AbortSignal): Failure | undefined {
  if (!aborted || !(error instanceof Error) || error.name !== 'AbortError') return undefined
  return { status: EXIT.failed, code: 'interrupted', message: 'It was ended before it was done.' }
}

function tell({ code, message }: Failure, json: boolean, { stdout, stderr }: Streams): void {
  if (json) stdout.write(`${toJson({ error: { code, message } })}\n`)
  else stderr.write(`${message} (${code})\n`)
}
