/** What the app's code is made of: the packages in it, by what they weigh. */

import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

const HOUSE = fileURLToPath(new URL('../../', import.meta.url))
const CONFIG = fileURLToPath(new URL('../../vite.config.ts', import.meta.url))

/**
 * Characters of each package, and of each folder of ours, in the built app, largest first; comments and what the bundler found unused are out,
 * names are not yet shortened.
 */
export async function weighPackages(): Promise<ReadonlyMap<string, number>> {
  const built = (await build({
    configFile: CONFIG,
    root: `${HOUSE}web`,
    logLevel: 'error',
    build: { write: false },
  })) as Rolldown.RolldownOutput
  const weights = new Map<string, number>()
  for (const chunk of built.output) {
    if (chunk.type !== 'chunk') continue
    for (const [id, { code }] of Object.entries(chunk.modules)) {
      const name = packageOf(id)
      weights.set(name, (weights.get(name) ?? 0) + (code?.length ?? 0))
    }
  }
  return new Map([...weights].sort(([, a], [, b]) => b - a))
}

function packageOf(id: string): string {
  const installed = id.split('node_modules/').at(-1)
  if (installed !== undefined && installed !== id) {
    const [scope = '', name = ''] = installed.split('/')
    return scope.startsWith('@') ? `${scope}/${name}` : scope
  }
  return id.startsWith(HOUSE) ? id.slice(HOUSE.length).split('/').slice(0, 2).join('/') : 'the bundler'
}
