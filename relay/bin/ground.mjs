/**
 * What must stand before anything else can run: the packages, a new enough Node, the built web app.
 *
 * Plain JavaScript with nothing but built-in modules, because it is what an older Node (20.20) runs on a machine that has nothing else.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import process from 'node:process'
import { GroundError, house, modules, projectNode } from '../../node/bin/runtime.mjs'

const lockfile = join(house, 'package-lock.json')
/** npm's own record of what it installed. */
const installed = join(modules, '.package-lock.json')
const app = join(house, 'web/dist')
/** Digest of the sources that the app in `app` was built from; inside it, so that both go together. */
const builtFrom = join(app, '.sources')

/**
 * Runs a program in the project's folder, on this terminal, to its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} its exit status; 128 + n when signal n ended it, 127 when it could not be started
 */
export function run(program, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: house, env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', () => resolve(127))
    child.on('exit', (status, signal) => resolve(status ?? 128 + signalNumber(signal)))
  })
}

/**
 * Installs exactly what `package-lock.json` names, when `node_modules` is missing or differs from it.
 *
 * @throws {GroundError} when npm fails
 */
export async function ensurePackages() {
  if (packagesMatchLockfile()) return
  console.log('Installing packages (npm ci) ...')
  // Under an old Node every second package warns about its engine, and the project brings its own Node: only errors are news.
  const status = await run('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], withoutOwnModules())
  if (status !== 0) {
    throw new GroundError(
      `npm ci failed (status ${status}): see its message above; it needs the npm registry and about 600 MB of disk.`,
    )
  }
}

/**
 * Builds the web app into `web/dist` when it is missing or its sources have changed since.
 *
 * @throws {GroundError} when the build fails
 */
export async function ensureApp() {
  const digest = sourcesDigest()
  if (
    existsSync(join(app, 'index.html')) &&
    existsSync(builtFrom) &&
    readFileSync(builtFrom, 'utf8') === digest
  )
    return
  console.log('Building the web app ...')
  const build = [tool('vite', 'bin/vite.js'), 'build', '--logLevel', 'warn']
  // A test runner's NODE_ENV would make it the slower and larger build for development, and leave that for the next relay to serve.
  const status = await run(projectNode(), build, { ...process.env, NODE_ENV: 'production' })
  if (status !== 0) throw new GroundError(`The web app could not be built (status ${status}): see above.`)
  writeFileSync(builtFrom, digest)
}

/**
 * Path of a script that an installed package ships.
 *
 * @param {string} name
 * @param {string} script
 */
export const tool = (name, script) => join(modules, name, script)

/**
 * Runs `main`, and ends the process with the status it gives, or with 1 and one sentence.
 *
 * @param {() => Promise<number>} main
 */
export async function launch(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof GroundError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

/** Whether every package of the lockfile is there, in that version, and patched with the patches of today. */
function packagesMatchLockfile() {
  if (!existsSync(installed)) return false
  const patches = readdirSync(join(house, 'node/patches')).map((file) => join(house, 'node/patches', file))
  const installedAt = statSync(installed).mtimeMs
  if (patches.some((file) => file.endsWith('.patch') && statSync(file).mtimeMs > installedAt)) return false

  const wanted = packagesOf(lockfile)
  const present = packagesOf(installed)
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true
    const found = present[path]
    // An optional package may be for another platform.
    if (found === undefined) return optional === true
    return found.version === version && found.integrity === integrity
  })
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

/** The environment without `node_modules/.bin`: npm must not run on a Node that it is about to delete. */
function withoutOwnModules() {
  const path = (process.env.PATH ?? '').split(delimiter)
  return { ...process.env, PATH: path.filter((folder) => !folder.startsWith(modules)).join(delimiter) }
}

/** Digest of the path and content of everything that the built app is made of. */
function sourcesDigest() {
  const files = ['protocol', 'node', 'web']
    .flatMap((folder) =>
      readdirSync(join(house, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    .filter((file) => !file.startsWith(app))
    .concat(['vite.config.ts', 'tsconfig.json', 'package-lock.json'].map((file) => join(house, file)))
    .sort()
  const digest = createHash('sha256')
  for (const file of files) {
    const content = createHash('sha256').update(readFileSync(file)).digest('hex')
    digest.update(`${relative(house, file)} ${content}\n`)
  }
  return digest.digest('hex')
}

/** @param {NodeJS.Signals | null} signal */
const signalNumber = (signal) => (signal === null ? 0 : constants.signals[signal])
