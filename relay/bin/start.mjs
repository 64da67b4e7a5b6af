/**
 * `npm start`: installs and builds what is missing, then runs the relay on the project's own Node, with the arguments given.
 */

import { join } from 'node:path'
import process from 'node:process'
import { handOver, house, projectNode } from '../../node/bin/runtime.mjs'
import { ensureApp, ensurePackages, launch } from './ground.mjs'

await launch(async () => {
  await ensurePackages()
  await ensureApp()
  return handOver(projectNode(), [join(house, 'relay/main.ts'), ...process.argv.slice(2)], house)
})
