/**
 * `npm test`: every check and every test, ending in one line `N passed, N failed`. `--static` runs the static checks alone.
 *
 * A static check counts as one test. A suite that crashed, or that ran nothing, counts as a failed test.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { inspect } from 'node:util'
import { GroundError, house, projectNode } from '../node/bin/runtime.mjs'
import { ensurePackages, launch, run, tool } from '../relay/bin/ground.mjs'
import { tallyOf } from './support/tally.mjs'

/** Static checks: a name, and the command that ends with status 0 when all is well. */
const CHECKS = [
  { name: 'types', script: tool('typescript', 'bin/tsc'), args: ['-p', '.'] },
  { name: 'types of the protocol alone', script: tool('typescript', 'bin/tsc'), args: ['-p', 'protocol'] },
  {
    name: 'types of the components',
    script: tool('svelte-check', 'bin/svelte-check'),
    args: ['--workspace', 'web', '--tsconfig', '../tsconfig.json', '--fail-on-warnings'],
  },
  {
    name: 'format and lint',
    script: tool('@biomejs/biome', 'bin/biome'),
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'nothing unused', script: tool('knip', 'bin/knip.js'), args: [] },
  { name: 'import directions and cycles', script: join(house, 'test/support/imports.ts'), args: [] },
]

/** @typedef {import('./support/tally.mjs').Tally} Tally */

await launch(async () => {
  /** @type {Tally} */
  const total = { passed: 0, failures: [] }
  try {
    await ensurePackages()
    const node = projectNode()
    for (const check of CHECKS) add(total, await runCheck(node, check))
    if (!process.argv.includes('--static')) {
      ensureSystem()
      add(total, await runProject(node, 'unit'))
      // After the rest: the browsers have the machine to themselves.
      add(total, await runProject(node, 'browser'))
    }
  } catch (error) {
    // Whatever stopped the run, its last line says that it failed.
    total.failures.push(error instanceof GroundError ? error.message : inspect(error))
  }
  for (const failure of total.failures) console.log(`\nFAILED ${failure}`)
  console.log(`\n${total.passed} passed, ${total.failures.length} failed`)
  return total.failures.length === 0 ? 0 : 1
})

/**
 * @param {Tally} total
 * @param {Tally} part
 */
function add(total, part) {
  total.passed += part.passed
  total.failures.push(...part.failures)
}

/**
 * @param {string} node
 * @param {(typeof CHECKS)[number]} check
 * @returns {Promise<Tally>}
 */
async function runCheck(node, { name, script, args }) {
  console.log(`\n== ${name}`)
  const status = await run(node, [script, ...args], ownModulesFirst())
  if (status === 0) return { passed: 1, failures: [] }
  return { passed: 0, failures: [`${name}: ended with status ${status}, see its report above`] }
}

/**
 * Runs one Vitest project: its progress goes to the terminal as it comes, its results are counted from our report.
 *
 * @param {string} node
 * @param {string} project
 * @returns {Promise<Tally>}
 */
async function runProject(node, project) {
  console.log(`\n== tests: ${project}`)
  const folder = mkdtempSync(join(tmpdir(), 'palabre-test-'))
  try {
    const report = join(folder, 'report.json')
    const args = [
      'run',
      '--project',
      project,
      '--reporter=default',
      `--reporter=${join(house, 'test/support/report.ts')}`,
      `--outputFile=${report}`,
    ]
    const status = await run(node, [tool('vitest', 'vitest.mjs'), ...args], ownModulesFirst())
    return tallyOf(project, status, existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The checks and tests start programs by name (`node` among them): the project's own come first. */
function ownModulesFirst() {
  return { ...process.env, PATH: [join(house, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter) }
}

/**
 * Installs from Debian what the tests need and the machine lacks (`test/support/debian-packages.json`).
 *
 * @throws {GroundError} with what to install, when that cannot be done here
 */
function ensureSystem() {
  /** @type {string[]} */
  const needed = JSON.parse(readFileSync(join(house, 'test/support/debian-packages.json'), 'utf8'))
  const format = `\${Package} \${db:Status-Status}\n`
  const query = spawnSync('dpkg-query', ['--show', `--showformat=${format}`, ...needed], { encoding: 'utf8' })
  if (query.error !== undefined) {
    console.log(`\nThis is no Debian: the tests need what its packages ${needed.join(' ')} contain.`)
    return
  }
  const present = query.stdout.split('\n').filter((line) => line.endsWith(' installed'))
  const missing = needed.filter((name) => !present.includes(`${name} installed`))
  if (missing.length === 0) return
  const names = missing.join(' ')
  if (process.getuid?.() !== 0) {
    throw new GroundError(`The tests need ${names}: sudo apt-get install ${names}`)
  }
  console.log(`\nInstalling from Debian: ${names} ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0) throw new GroundError(`apt-get ${args.join(' ')} failed (status ${status}): see above.`)
  }
}
