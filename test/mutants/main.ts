/**
 * `node test/mutants/main.ts [--after FILE] [ledger | room | voice] [text of a rule or file …]`: breaks one rule at a time in a copy of the project and runs
 * the tests that should notice. Prints one JSON line for each mutant and one at the end, with those that lived, those whose tests did not end
 * in time, which is noticed too, and those that could not be judged, because their tests fail with nothing broken. Ends with status 1 when a
 * mutant lived or was not judged. `--after` goes on where a run broke off that printed into the file: what has a verdict there is not run again.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { copyHouse } from './house.ts'
import { LEDGER_MUTANTS, LEDGER_TESTS } from './ledger.ts'
import { LOG_MUTANTS } from './log.ts'
import { type Mutant, mutate, type Tests } from './mutant.ts'
import { ROOM_MUTANTS } from './room.ts'
import { VALIDATOR_MUTANTS } from './validators.ts'
import { VOICE_MUTANTS } from './voice.ts'

/** A broken rule may make a test wait for ever; a busy machine must not look like one. Milliseconds, and times as long as without it. */
const PATIENCE = 180_000
const SLACK = 4

const PARTS: Readonly<Record<string, readonly Mutant[]>> = {
  ledger: [...LEDGER_MUTANTS, ...LOG_MUTANTS],
  room: [...ROOM_MUTANTS, ...VALIDATOR_MUTANTS],
  voice: VOICE_MUTANTS,
}

const { values, positionals: given } = parseArgs({
  allowPositionals: true,
  options: { after: { type: 'string' } },
})
const parts = given.filter((name) => name in PARTS)
const wanted = given.filter((name) => !parts.includes(name))
const chosen = (parts.length > 0 ? parts : Object.keys(PARTS))
  .flatMap((name) => PARTS[name] ?? [])
  .filter(
    ({ rule, file }) =>
      wanted.length === 0 || wanted.some((part) => rule.includes(part) || file.includes(part)),
  )

interface Verdict {
  readonly rule: string
  readonly does: string
  readonly killed: boolean
}

/** What another run said, by `nameOf` each. The last line of one that broke off may be half. */
const earlier = new Map<string, boolean>()
for (const line of values.after === undefined ? [] : readFileSync(values.after, 'utf8').split('\n'))
  if (line.startsWith('{"rule"') && line.endsWith('}')) {
    const verdict = JSON.parse(line) as Verdict
    earlier.set(nameOf(verdict), verdict.killed)
  }

const house = copyHouse()
/** Milliseconds for each group of tests. */
const patience = new Map<readonly string[], number | undefined>()
try {
  const lived: string[] = []
  const late: string[] = []
  const unjudged: string[] = []
  for (const mutant of chosen) {
    const known = earlier.get(nameOf(mutant))
    if (known !== undefined) {
      if (!known) lived.push(nameOf(mutant))
      continue
    }
    for (const group of testsOf(mutant)) if (!patience.has(group)) patience.set(group, patienceFor(group))
    if (testsOf(mutant).some((group) => patience.get(group) === undefined)) {
      unjudged.push(nameOf(mutant))
      continue
    }
    const file = join(house.folder, mutant.file)
    const source = readFileSync(file, 'utf8')
    writeFileSync(file, mutate(source, mutant))
    const began = performance.now()
    const outcome = outcomeOf(testsOf(mutant))
    writeFileSync(file, source)
    const seconds = Number(((performance.now() - began) / 1000).toFixed(1))
    const { rule, does } = mutant
    console.log(JSON.stringify({ rule, does, file: mutant.file, killed: outcome !== 'passed', seconds }))
    if (outcome === 'late') late.push(nameOf(mutant))
    if (outcome === 'passed') lived.push(nameOf(mutant))
  }
  const killed = chosen.length - lived.length - unjudged.length
  console.log(JSON.stringify({ mutants: chosen.length, killed, lived, late, unjudged }))
  process.exitCode = lived.length + unjudged.length === 0 ? 0 : 1
} finally {
  house.remove()
}

/** How long a group may take with something broken; undefined when it fails without. */
function patienceFor(group: readonly string[]): number | undefined {
  const began = performance.now()
  if (run(group, undefined) !== 'passed') {
    console.error(`the tests fail before anything is broken: ${group.join(' ')}`)
    return undefined
  }
  return Math.max(PATIENCE, SLACK * Math.ceil(performance.now() - began))
}

function nameOf({ rule, does }: Pick<Mutant, 'rule' | 'does'>): string {
  return `${rule}: ${does}`
}

function testsOf({ tests = LEDGER_TESTS }: Mutant): Tests {
  return tests
}

/** Of tests in the copy, run until one fails: all passed, one failed, or they did not end in time. */
type Outcome = 'passed' | 'failed' | 'late'

function outcomeOf(tests: Tests): Outcome {
  for (const group of tests) {
    const outcome = run(group, patience.get(group))
    if (outcome !== 'passed') return outcome
  }
  return 'passed'
}

/** @param most milliseconds; as long as it takes when left out */
function run(tests: readonly string[], most: number | undefined): Outcome {
  const { folder } = house
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
  const { status, error } = spawnSync(
    process.execPath,
    [vitest, 'run', '--project', 'unit', '--bail', '1', '--testTimeout', String(most ?? 0), ...tests],
    { cwd: folder, stdio: 'ignore', ...(most && { timeout: most }) },
  )
  // Too long is as noticed as wrong, and told apart; anything else that keeps the tests from running is our own failure.
  if (error === undefined) return status === 0 ? 'passed' : 'failed'
  if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') return 'late'
  throw error
}
