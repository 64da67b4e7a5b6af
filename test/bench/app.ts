import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BUILD = fileURLToPath(new URL('build.ts', import.meta.url))

/** The app as a relay serves it, built from the sources of today; what the builder says goes to stderr, for stdout belongs to the figures. */
export async function ensureApp(): Promise<void> {
  const builder = spawn(process.execPath, [BUILD], { stdio: ['ignore', 2, 2] })
  const status = await new Promise((resolve, reject) => {
    builder.once('error', reject)
    builder.once('exit', resolve)
  })
  if (status !== 0) throw new Error(`the app could not be built (status ${status}): see above`)
}
