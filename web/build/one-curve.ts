import type { Plugin } from 'vite'

const CURVES = '@noble/curves/ed25519.js'

/** How `x25519` names its faster way to a public key: by tables of the Edwards curve instead of the ladder that it needs anyway. */
const SHORT_CUT = 'scalarMultBase'

/**
 * Leaves the Edwards curve of @noble/curves out of the app's code: Ed25519 is another package's (replace.ts), and X25519 does without. The option is
 * the library's own, and without it the ladder gives the same keys; a page makes one for each connection, for which the tables would not pay.
 */
export function oneCurve(): Plugin {
  let done = false
  let built = false
  return {
    name: 'one-curve',
    apply: 'build',
    transform(code, id) {
      built ||= id.includes('node_modules/@noble/')
      if (!id.endsWith(`node_modules/${CURVES}`)) return undefined
      const start = code.indexOf(`${SHORT_CUT}: (k) => {`)
      const end = code.indexOf('\n    });\n})();', start)
      if (start < 0 || end < 0 || code.indexOf(SHORT_CUT, start + 1) >= 0) this.error(`${CURVES} has changed`)
      done = true
      return { code: code.slice(0, start) + code.slice(end), map: null }
    },
    buildEnd(error) {
      if (error === undefined && built && !done) this.error(`${CURVES} is no longer used`)
    },
  }
}
