import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

/** A module that js-libp2p imports, and the smaller one of ours that stands in for it in the app. */
interface Replacement {
  readonly wanted: string
  /** Who wants it: others get the real one. Path under `node_modules`. */
  readonly by: readonly string[]
  readonly given: URL
}

const REPLACEMENTS: readonly Replacement[] = [
  {
    wanted: '@noble/curves/ed25519.js',
    by: ['@libp2p/crypto/dist/src/keys/ed25519/index.browser.js'],
    given: new URL('ed25519.ts', import.meta.url),
  },
  {
    wanted: '@libp2p/logger',
    by: ['libp2p/dist/src/libp2p.js', 'libp2p/dist/src/components.js'],
    given: new URL('silent-logger.ts', import.meta.url),
  },
  {
    wanted: 'netmask',
    by: ['@libp2p/utils/dist/src/private-ip.js'],
    given: new URL('netmask.ts', import.meta.url),
  },
  {
    wanted: './scalable-cuckoo-filter.js',
    by: ['@libp2p/utils/dist/src/filters/index.js'],
    given: new URL('filter.ts', import.meta.url),
  },
]

/** Puts the replacements into the app's code; fails the build when a library no longer wants one, so that nothing grows back unseen. */
export function replace(): Plugin {
  const used = new Set<string>()
  return {
    name: 'replace',
    enforce: 'pre',
    apply: 'build',
    resolveId(wanted, importer) {
      const by = importer?.split('node_modules/').at(-1) ?? ''
      const replacement = REPLACEMENTS.find((each) => each.wanted === wanted && each.by.includes(by))
      if (replacement === undefined) return undefined
      used.add(`${wanted} by ${by}`)
      return fileURLToPath(replacement.given)
    },
    buildEnd(error) {
      const all = REPLACEMENTS.flatMap(({ wanted, by }) => by.map((each) => `${wanted} by ${each}`))
      const lost = all.filter((each) => !used.has(each))
      if (error === undefined && used.size > 0 && lost.length > 0)
        this.error(`not wanted any more: ${lost.join(', ')}`)
    },
  }
}
