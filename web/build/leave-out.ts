import type { Plugin } from 'vite'

/**
 * Parts of js-libp2p that no page of ours can reach, and a visitor on a slow line need not download: keys that are not Ed25519 (every
 * session key is; SPEC §5.5), gossipsub's metrics, which only a relay keeps, and Svelte's custom elements. What is called all the same throws.
 */
const UNREACHABLE = [
  '@libp2p/crypto/dist/src/keys/rsa/der.js',
  '@libp2p/crypto/dist/src/keys/rsa/utils.js',
  '@libp2p/crypto/dist/src/keys/ecdsa/ecdsa.js',
  '@libp2p/crypto/dist/src/keys/ecdsa/utils.js',
  '@libp2p/crypto/dist/src/keys/secp256k1/utils.js',
  '@libp2p/crypto/dist/src/keys/secp256k1/index.browser.js',
  '@chainsafe/libp2p-gossipsub/dist/src/score/scoreMetrics.js',
  'svelte/src/internal/client/dom/elements/custom-element.js',
]

/** An alphabet of 256 pictures, among those of which `multiformats` makes a list: no address of ours is written in it. */
const PICTURES = 'multiformats/dist/src/bases/base256emoji.js'

/** The resolver of `/dnsaddr`, which asks two companies over HTTPS. Our addresses are names that the browser resolves itself. */
const RESOLVER = '@multiformats/dns/dist/src/dns.js'
const NO_RESOLVER = `export class DNS { async query() { throw new Error('left out: a page asks no name server') } }`

/** Leaves the bodies out of the app's code; fails the build when a library has moved them, so that nothing grows back unseen. */
export function leaveOut(): Plugin {
  const left = new Set<string>()
  return {
    name: 'leave-out',
    enforce: 'pre',
    apply: 'build',
    transform(code, id) {
      const file = id.split('node_modules/').at(-1) ?? id
      if (file === METRICS) {
        left.add(file)
        const at = code.indexOf('export function getMetrics(')
        if (at < 0) this.error(`${file} has changed`)
        return {
          code: `${code.slice(0, at)}export function getMetrics() { throw new Error('left out') }`,
          map: null,
        }
      }
      if (file === RESOLVER) {
        left.add(file)
        return { code: NO_RESOLVER, map: null }
      }
      if (file === PICTURES) {
        left.add(file)
        return { code: 'export {}', map: null }
      }
      if (!UNREACHABLE.includes(file)) return undefined
      left.add(file)
      const names = [...code.matchAll(EXPORTED)].map(([, declared, renamed]) => declared ?? renamed)
      return {
        code: names
          .map((name) => `export function ${name}() { throw new Error('left out: ${name}') }`)
          .join('\n'),
        map: null,
      }
    },
    buildEnd(error) {
      const lost = [METRICS, RESOLVER, PICTURES, ...UNREACHABLE].filter((file) => !left.has(file))
      if (error === undefined && left.size > 0 && lost.length > 0) this.error(`not found: ${lost.join(', ')}`)
    },
  }
}

/** `export function name`, `export { local as name }`: what the libraries write. */
const EXPORTED = /^export (?:(?:async )?(?:function|class|const|let|var) (\w+)|\{ \w+ as (\w+) \})/gm

/**
 * Leaves js-libp2p's log statements out of the app's code: nobody can read that log in our pages, and its sentences are a twelfth of the
 * library. Only whole statements that call a `log`, and whose arguments are mere values, go.
 */
export function leaveOutLogs(): Plugin {
  return {
    name: 'leave-out-logs',
    apply: 'build',
    transform(code, id) {
      if (!/node_modules\/(@libp2p|libp2p|@chainsafe\/libp2p-gossipsub)\//.test(id)) return undefined
      const statements: { start: number; end: number }[] = []
      walk(this.parse(code), (node) => {
        if (node.type !== 'ExpressionStatement' || !isLog(node.expression)) return false
        statements.push(node)
        return true
      })
      let short = code
      for (const { start, end } of statements.toReversed())
        short = `${short.slice(0, start)};${short.slice(end)}`
      return { code: short, map: null }
    },
  }
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  // biome-ignore lint/suspicious/noExplicitAny: an ESTree node has other fields for each of its seventy types.
  readonly [field: string]: any
}

/** `log(…)`, `this.log.trace(…)`, `options?.log?.error(…)`: a call at the end of a path that has `log` as its last or last but one step. */
function isLog(expression: Node): boolean {
  const call = expression.type === 'ChainExpression' ? expression.expression : expression
  if (call.type !== 'CallExpression' || !call.arguments.every(isHarmless)) return false
  const path: string[] = []
  let step: Node = call.callee
  for (; step.type === 'MemberExpression'; step = step.object) {
    if (step.computed || step.property.type !== 'Identifier') return false
    path.unshift(step.property.name)
  }
  if (step.type !== 'Identifier' && step.type !== 'ThisExpression') return false
  if (step.type === 'Identifier') path.unshift(step.name)
  const name = ['trace', 'error'].includes(path.at(-1) ?? '') ? path.at(-2) : path.at(-1)
  return name === 'log' && path[0] !== 'console'
}

/** Reads values and calls nothing that could change any: no assignment, no `await`, no call but the conversions to text. */
function isHarmless(argument: Node): boolean {
  let harmless = true
  walk(argument, (node) => {
    if (node.type === 'CallExpression') harmless &&= TEXT.includes(node.callee.property?.name)
    else if (/^(Assignment|Update|Await|Yield|New)Expression$/.test(node.type)) harmless = false
    return !harmless
  })
  return harmless
}

const TEXT = [
  'toString',
  'toOptions',
  'toMultihash',
  'join',
  'map',
  'stringify',
  'subarray',
  'keys',
  'values',
  'has',
  'get',
  'slice',
]

/** Visits a node and what is in it, except where `visit` says that it has seen enough. */
function walk(node: Node, visit: (node: Node) => boolean): void {
  if (visit(node)) return
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === 'string') walk(child, visit)
    }
  }
}

const METRICS = '@chainsafe/libp2p-gossipsub/dist/src/metrics.js'
