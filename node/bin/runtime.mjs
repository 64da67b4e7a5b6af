/**
 * Which Node runs the project, and how a launcher hands over to it.
 *
 * Plain JavaScript with nothing but built-in modules, because it is what an older Node (20.20) runs on a machine that has nothing else.
 */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The folder of the project, with a trailing separator. */
export const house = fileURLToPath(new URL('../../', import.meta.url))

/** Its installed packages. */
export const modules = join(house, 'node_modules')

/** First Node that runs TypeScript as it is (22.18) and knows `import.meta.main` (24.2). */
const OLDEST_NODE = [24, 2]

/** A sentence for the person at the terminal, who needs no stack with it. */
export class GroundError extends Error {
  /** @override */
  name = 'GroundError'
}

/**
 * The Node that runs the project: its own from `node_modules`, else the one running this if it is new enough.
 *
 * @returns {string} path of an executable
 * @throws {GroundError} when there is none
 */
export function projectNode() {
  const own = [`node-linux-${process.arch}`].map((name) => join(modules, name, 'bin/node')).find(existsSync)
  if (own !== undefined) return own
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath
  throw new GroundError(
    `Palabre needs Node ${OLDEST_NODE.join('.')} or newer on ${process.platform} ${process.arch}; this is ${process.versions.node}.`,
  )
}

const SIGNALS = /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])

/**
 * Runs a program in place of this process, on its terminal, until it ends, passing on the signals that ask it to.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} [folder] where it runs
 * @returns {Promise<number>} its exit status
 */
export function handOver(program, args, folder = process.cwd()) {
  const child = spawn(program, args, { cwd: folder, stdio: 'inherit' })
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // Ctrl-C reaches the whole foreground group of a terminal: the program has had it, and a second one is no wish of the person.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (status, signal) => {
      if (status !== null) return resolve(status)
      // Ended by a signal: end the same way, so that whoever started us sees it.
      for (const name of SIGNALS) process.removeAllListeners(name)
      process.kill(process.pid, signal ?? 'SIGTERM')
    })
  })
}
