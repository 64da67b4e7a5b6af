/**
 * `node test/mutants/main.ts [text of a rule or file …]`: breaks one rule at a time in a copy of the project and runs the tests that
 * should notice. Prints one JSON line for each mutant and one at the end; ends with status 1 when a mutant lived.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { copyHouse } from './house.ts'
import { LEDGER_MUTANTS, LEDGER_TESTS } from './ledger.ts'
import { mutate } from './mutant.ts'

/** A broken rule may make a test wait for ever; a busy machine must not look like one. Milliseconds. */
const PATIENCE = 180_000

const wanted = process.argv.slice(2)
const chosen = LEDGER_MUTANTS.filter(
  ({ rule, file }) =>
    wanted.length === 0 || wanted.some((part) => rule.includes(part) || file.includes(part)),
)

const house = copyHouse()
try {
  if (!passes(house.folder)) throw new Error('the tests fail before anything is broken')
  const lived: string[] = []
  for (const mutant of chosen) {
    const file = join(house.folder, mutant.file)
    const source = readFileSync(file, 'utf8')
    writeFileSync(file, mutate(source, mutant))
    const began = performance.now()
    const killed = !passes(house.folder)
    writeFileSync(file, source)
    const seconds = Number(((performance.now() - began) / 1000).toFixed(1))
    console.log(JSON.stringify({ rule: mutant.rule, does: mutant.does, file: mutant.file, killed, seconds }))
    if (!killed) lived.push(`${mutant.rule}: ${mutant.does}`)
  }
  console.log(JSON.stringify({ mutants: chosen.length, killed: chosen.length - lived.length, lived }))
  process.exitCode = lived.length === 0 ? 0 : 1
} finally {
  house.remove()
}

/** Runs the tests in a folder, the likeliest to fail first, until one fails. */
function passes(folder: string): boolean {
  return LEDGER_TESTS.every((tests) => pass(folder, tests))
}

function pass(folder: string, tests: readonly string[]): boolean {
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
  const { status, error } = spawnSync(
    process.execPath,
    [vitest, 'run', '--project', 'unit', '--bail', '1', '--testTimeout', String(PATIENCE), ...tests],
    { cwd: folder, stdio: 'ignore', timeout: PATIENCE },
  )
  // Too long is as noticed as wrong; anything else that keeps the tests from running is our own failure.
  if (error !== undefined && (error as NodeJS.ErrnoException).code !== 'ETIMEDOUT') throw error
  return status === 0
}
