import type { Command } from 'commander'
import type { Crew } from '../audit/checking.ts'
import type { ExitStatus } from './failure.ts'
import type { Output } from './output.ts'

/** What a command is given beside its arguments. */
export interface Terminal {
  readonly output: Output
  /** Aborted when the person asks the command to end. */
  readonly signal: AbortSignal
  /** Against which paths in arguments are resolved. */
  readonly folder: string
  /** Everything that stands on standard input, to its end; for secrets, which have no place among arguments. */
  readStdin(): Promise<string>
  /** Whoever verifies beside us, for one audit, which lets them go. */
  crew(): Crew
}

/**
 * Makes an action of `commander` out of a command: it is given the terminal first and then what commander parsed, and what it resolves
 * to is the exit status.
 */
export type Start = <Args extends unknown[]>(
  run: (terminal: Terminal, ...args: Args) => Promise<ExitStatus>,
) => (...args: Args) => Promise<void>

/** Adds one command, or a group of them, to the program. One file each. */
export type Declare = (program: Command, start: Start) => void

/**
 * Help texts below the options.
 * @param examples lines of a command and what it does
 */
export function examples(...lines: readonly (readonly [command: string, does: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  return `\nExamples:\n${lines.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`).join('\n')}\n`
}
