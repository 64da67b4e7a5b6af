/** A person at a terminal: every command as they would type it, in a folder of their own, with a home in it. */

import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { workerCrew } from '../../../node/audit/worker-crew.ts'
import { COMMANDS } from '../../../node/cli/commands.ts'
import { runProgram } from '../../../node/cli/program.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { type RelayProcess, startRelayProcess } from '../../support/relay-process.ts'

/** Long enough for a loaded machine; nothing waits for it unless it fails. Milliseconds. */
export const PATIENCE = 120_000

export interface Said {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Person {
  readonly folder: string
  readonly home: string
  /** What they type behind `palabre`, with their home. */
  type(...args: readonly string[]): Promise<Said>
  /** The same with `--json`, which must succeed: the one document on stdout. */
  ask<T = Record<string, unknown>>(...args: readonly string[]): Promise<T>
  /** The same, which must be refused or fail: the code, and the exit status. */
  refused(...args: readonly string[]): Promise<string>
  /** With `--json`, a command that goes on: each of its documents, as it says them. */
  begin(...args: readonly string[]): Going
}

export interface Going {
  /** The first document so far, or to come, that has this field: its value. Rejects when the command ends without one. */
  says<T = Record<string, unknown>>(field: string, wanted?: (value: T) => boolean): Promise<T>
  /** Asks the command to end, as Ctrl-C does. */
  interrupt(): void
  readonly ended: Promise<Said>
}

/** @param stdin what stands on standard input */
export function person(folder: string = temporaryFolder(), name = 'home', stdin = ''): Person {
  const home = join(folder, name)
  const run = async (
    args: readonly string[],
    signal: AbortSignal,
    onText: (text: string) => void = () => {},
  ): Promise<Said> => {
    const stdout: string[] = []
    const stderr: string[] = []
    const dashes = args.indexOf('--')
    const before = dashes < 0 ? args : args.slice(0, dashes)
    const own = takesNoHome(args) ? [] : ['--home', home]
    const status = await runProgram(
      [...before, ...own, ...(dashes < 0 ? [] : args.slice(dashes))],
      COMMANDS,
      {
        stdout: {
          write(text) {
            stdout.push(text)
            onText(text)
          },
        },
        stderr: { write: (text) => void stderr.push(text) },
        folder,
        signal,
        watched: false,
        now: () => 0,
        readStdin: async () => stdin,
        crew: workerCrew,
      },
    )
    return { status, stdout: stdout.join(''), stderr: stderr.join('') }
  }
  const type = (...args: readonly string[]) => run(args, new AbortController().signal)
  return {
    folder,
    home,
    type,
    async ask(...args) {
      const { status, stdout } = await type('--json', ...args)
      if (status !== 0) throw new Error(`palabre ${args.join(' ')} ended with ${status}: ${stdout}`)
      return JSON.parse(stdout)
    },
    async refused(...args) {
      const { status, stdout } = await type('--json', ...args)
      return `${status} ${JSON.parse(stdout).error?.code}`
    },
    begin: (...args) => begin((signal, onText) => run(['--json', ...args], signal, onText)),
  }
}

function begin(run: (signal: AbortSignal, onText: (text: string) => void) => Promise<Said>): Going {
  const ending = new AbortController()
  const said: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  const ended = run(ending.signal, (text) => {
    said.push(JSON.parse(text))
    for (const look of waiting) look()
  })
  onTestFinished(async () => {
    ending.abort()
    await ended
  })
  return {
    says: <T>(field: string, wanted: (value: T) => boolean = () => true) =>
      new Promise<T>((resolve, reject) => {
        const look = () => {
          const found = said.find((each) => field in each && wanted(each[field] as T))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found[field] as T)
        }
        waiting.add(look)
        look()
        ended.then(({ stdout }) => reject(new Error(`it ended without ${field}: ${stdout}`)), reject)
      }),
    interrupt: () => ending.abort(),
    ended,
  }
}

/** Whatever is made before there is a home. */
function takesNoHome(args: readonly string[]): boolean {
  return args.includes('new') && args.includes('identity')
}

/** A relay of its own process that nobody has founded a community on; gone after the test. */
export async function emptyRelay(): Promise<RelayProcess> {
  const relay = await startRelayProcess()
  onTestFinished(() => relay.close())
  return relay
}

/** Somebody with a phrase in `words.txt` who has founded a community. */
export async function founder(relay: RelayProcess): Promise<Person> {
  const awa = person()
  await awa.ask('identity', 'new', '--words-file', 'words.txt')
  await awa.ask(
    ...['community', 'create', relay.foundingLink as string],
    ...['--name', 'Riverside', '--member', 'Awa', '--words-file', 'words.txt'],
  )
  return awa
}

/** Somebody with a phrase in `words.txt` whom another invited. */
export async function guestOf(sponsor: Person, name: string): Promise<Person> {
  const { link } = await sponsor.ask<{ link: string }>('invite')
  const guest = person()
  await guest.ask('identity', 'new', '--words-file', 'words.txt')
  await guest.ask('join', link, '--name', name, '--words-file', 'words.txt')
  return guest
}

/** The member whom a home is a device of. */
export async function memberOf(someone: Person): Promise<string> {
  const [known] = await someone.ask<{ member: string }[]>('identity', 'show')
  return (known as { member: string }).member
}

export interface Shown {
  readonly size: number
  readonly council: { readonly v: number; readonly k: number; readonly keys: readonly string[] }
  readonly stewards: readonly string[]
  readonly members: readonly {
    readonly id: string
    readonly name?: string
    readonly standing: string
    readonly root: string
    readonly certified: boolean
  }[]
}

/** The community as somebody sees it, with the row of a member. */
export async function shown(by: Person, member: string) {
  const community = await by.ask<Shown>('community', 'show')
  return { ...community, row: community.members.find(({ id }) => id === member) }
}
