import { ensureApp } from '../../relay/bin/ground.mjs'

/** Vitest's global set-up of the browser tests: they open the app as a relay serves it, built from the sources of today. */
export default async function setup(): Promise<void> {
  await ensureApp()
}
