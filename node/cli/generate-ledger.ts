import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { FAULT_KINDS, type FaultKind, isFaultKind } from '../generate/faults.ts'
import { generate, OLDER_CHECKPOINT } from '../generate/generate.ts'
import { examples, type Start, type Terminal } from './command.ts'
import { CliError, EXIT, type ExitStatus } from './failure.ts'
import { count } from './output.ts'

/** A ledger of this size takes hours, and its auditor more memory than there is. */
const MOST_MEMBERS = 10_000_000

interface GenerateOptions {
  readonly members: string
  readonly entries?: string
  readonly seed: string
  readonly out: string
  readonly policy: 'default' | 'open' | 'strict'
  readonly faults?: string
}

const EXPLANATION = `
The same options give the same bytes. The folder is a log as a relay serves it (tiles, and a checkpoint that is
signed and cosigned), with an older checkpoint, of about half the ledger, in ${OLDER_CHECKPOINT}. All keys come from the
seed, which anybody can read: it is for tests, demonstrations and benchmarks.

Faults: ${FAULT_KINDS.join(', ')}
`

/** `palabre generate-ledger`. */
export function declareGenerateLedger(program: Command, start: Start): void {
  program
    .command('generate-ledger')
    .description('Make up a community, valid or wrong on purpose, for tests and benchmarks.')
    .requiredOption('--members <number>', 'how many people come in')
    .requiredOption('--out <folder>', 'a folder that is empty or not there')
    .option('--seed <text>', 'which community', '1')
    .option('--entries <number>', 'end with so many entries, whoever is in by then')
    .addOption(
      new Option('--policy <mode>', 'rules of the community')
        .choices(['default', 'open', 'strict'])
        .default('default'),
    )
    .option('--faults <kinds>', 'what is wrong with it, with commas between')
    .addHelpText('after', EXPLANATION)
    .addHelpText(
      'after',
      examples(
        ['palabre generate-ledger --members 200 --out village', 'a small community'],
        ['palabre generate-ledger --members 50 --out bad --faults twin,wrong-state', 'one with two faults'],
        ['palabre generate-ledger --members 50 --out two --faults fork', 'two histories: two and two-fork'],
      ),
    )
    .action(start(generateLedger))
}

async function generateLedger(
  { output, folder, signal }: Terminal,
  options: GenerateOptions,
): Promise<ExitStatus> {
  const members = wholeNumber('--members', options.members)
  const entries = options.entries === undefined ? {} : { entries: wholeNumber('--entries', options.entries) }
  const faults = readFaults(options.faults)
  const out = resolve(folder, options.out)
  await wantEmpty(out)
  const { founded, writer } = await generating(() =>
    generate({
      members,
      ...entries,
      seed: options.seed,
      mode: options.policy,
      faults,
      folder: out,
      signal,
      progress: (done) => output.progress({ what: 'Members', done, of: members }),
    }),
  )
  output.done()
  const { community, chronicle } = founded.world
  const made = { community, folder: out, members: chronicle.state.members.size, entries: writer.size, faults }
  const wrong = faults.length === 0 ? '' : `, with ${faults.join(', ')}`
  output.result(
    made,
    `${out} holds the ledger of ${community}: ${count(made.members)} members, ${count(made.entries)} entries${wrong}.`,
  )
  return EXIT.ok
}

async function generating<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new CliError('community-too-small', `${cause.message}: take more members.`, { cause })
    const { code, syscall, path } = cause as NodeJS.ErrnoException
    if (syscall === undefined) throw cause
    throw new CliError('file-unwritable', `${path} cannot be written (${code}).`, { cause })
  }
}

function wholeNumber(option: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= MOST_MEMBERS) return number
  throw new CliError('usage', `${option} is a whole number from 1 to ${MOST_MEMBERS}; see --help.`)
}

function readFaults(text: string | undefined): readonly FaultKind[] {
  const names = text === undefined ? [] : text.split(',').map((name) => name.trim())
  return names.map((name) => {
    if (isFaultKind(name)) return name
    throw new CliError(
      'usage',
      `There is no fault ${JSON.stringify(name)}; there are ${FAULT_KINDS.join(', ')}.`,
    )
  })
}

async function wantEmpty(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    throw new CliError('file-unwritable', `${folder} is no folder that could be written (${code}).`, {
      cause: error,
    })
  }
  throw new CliError('folder-not-empty', `${folder} is not empty, and nothing in it is overwritten.`)
}
