#!/usr/bin/env node
/**
 * `palabre`: runs the command on the project's own Node, with the arguments given and in the folder where it was called.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { GroundError, handOver, house, modules, projectNode } from './runtime.mjs'

/** What could not be checked ends with this status; 1 would say that something is wrong with what was checked. */
const NOT_DONE = 2

const main = join(house, 'node/cli/main.ts')

try {
  if (!existsSync(modules)) throw new GroundError(`The packages are not installed: run npm ci in ${house}.`)
  const node = projectNode()
  // Under the project's Node already, as with npx: one process less, and no signal to pass on.
  if (node === process.execPath) await import(pathToFileURL(main).href)
  else process.exitCode = await handOver(node, [main, ...process.argv.slice(2)])
} catch (error) {
  if (!(error instanceof GroundError)) throw error
  console.error(error.message)
  process.exitCode = NOT_DONE
}
