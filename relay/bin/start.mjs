/**
 * `npm start`: installs and builds what is missing, then runs the relay on the project's own Node, with the arguments given.
 */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { ensureApp, ensurePackages, house, launch, projectNode } from './ground.mjs'

await launch(async () => {
  await ensurePackages()
  await ensureApp()
  return relay(process.argv.slice(2))
})

/**
 * Runs the relay until it ends, passing on the signals that ask it to.
 *
 * @param {string[]} args
 * @returns {Promise<number>} its exit status
 */
function relay(args) {
  const child = spawn(projectNode(), [join(house, 'relay/main.ts'), ...args], {
    cwd: house,
    stdio: 'inherit',
  })
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) {
    process.on(signal, () => {
      // Ctrl-C reaches the whole foreground group of a terminal: the relay has had it, and a second one is no wish of the person.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (status, signal) => {
      if (status !== null) return resolve(status)
      // Ended by a signal: end the same way, so that whoever started us sees it.
      for (const name of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP']))
        process.removeAllListeners(name)
      process.kill(process.pid, signal ?? 'SIGTERM')
    })
  })
}
