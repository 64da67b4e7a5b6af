import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import { parse } from 'svelte/compiler'
import ts from 'typescript'

/** The folders of the house, each with those it may import from. `protocol ← node ← { relay, web }`; nobody imports `test`. */
const MAY_IMPORT = {
  protocol: ['protocol'],
  node: ['protocol', 'node'],
  relay: ['protocol', 'node', 'relay'],
  web: ['protocol', 'node', 'web'],
  test: ['protocol', 'node', 'relay', 'web', 'test'],
} as const satisfies Record<string, readonly string[]>

type Folder = keyof typeof MAY_IMPORT

/** Packages that are pure computation: all that the protocol may lean on. A name ending in `/` stands for its whole scope. */
const PROTOCOL_PACKAGES = ['multiformats', '@noble/', '@scure/']

const SOURCE = new Set(['.ts', '.mjs', '.js', '.svelte'])

/** Folders that hold no source of ours, wherever they lie. */
const SKIPPED = new Set(['node_modules', 'dist', 'fixtures'])

/** All that a relay may know of voices: who may have them carried, and where to. What opens, seals or derives is out of its reach (SPEC §8). */
const AUDIO_OF_RELAYS = ['description', 'relay-answer', 'ticket'].map((name) => `protocol/audio/${name}.ts`)

/** One import that the house does not allow, or one cycle. Paths are relative to the root, with `/`. */
export type Violation =
  | { readonly rule: 'direction'; readonly file: string; readonly imports: string }
  | { readonly rule: 'package'; readonly file: string; readonly imports: string }
  | { readonly rule: 'missing'; readonly file: string; readonly imports: string }
  /** Some chain of imports leads from a relay's file to this one. */
  | { readonly rule: 'deaf'; readonly file: string; readonly imports: string }
  | { readonly rule: 'cycle'; readonly files: readonly string[] }

/**
 * Checks every import of the house: its direction, the protocol's packages, and that no chain of imports comes back to where it began.
 * Imports of types count: a file that must be read to understand another is depended upon.
 *
 * @param root folder that holds `protocol/`, `node/` and the others; those that are missing are skipped
 */
export function checkImports(root: string): {
  readonly files: number
  readonly violations: readonly Violation[]
} {
  const folders = (Object.keys(MAY_IMPORT) as Folder[]).filter((folder) => existsSync(join(root, folder)))
  const graph = new Map<string, readonly string[]>()
  const violations: Violation[] = []
  const name = (path: string): string => relative(root, path).split(sep).join('/')

  for (const folder of folders) {
    for (const path of sourcesIn(join(root, folder))) {
      const file = name(path)
      const targets: string[] = []
      for (const specifier of specifiersOf(path)) {
        if (!isFile(specifier)) {
          if (folder === 'protocol' && !isProtocolPackage(specifier)) {
            violations.push({ rule: 'package', file, imports: specifier })
          }
          continue
        }
        const target = resolve(dirname(path), specifier.replace(/[?#].*$/, ''))
        const imports = name(target)
        if (!existsSync(target) || !statSync(target).isFile()) {
          violations.push({ rule: 'missing', file, imports })
        } else if (!mayImport(folder, imports)) {
          violations.push({ rule: 'direction', file, imports })
        } else {
          targets.push(imports)
        }
      }
      graph.set(file, targets)
    }
  }
  violations.push(...hearingRelays(graph))
  for (const files of cyclesOf(graph)) violations.push({ rule: 'cycle', files })
  return { files: graph.size, violations }
}

/** One line for a person. */
export function describeViolation(violation: Violation): string {
  switch (violation.rule) {
    case 'direction':
      return `${violation.file} imports ${violation.imports}: the way is protocol <- node <- { relay, web } <- test`
    case 'package':
      return `${violation.file} imports ${violation.imports}: the protocol may only lean on ${PROTOCOL_PACKAGES.join(', ')}`
    case 'missing':
      return `${violation.file} imports ${violation.imports}, which is no file`
    case 'deaf':
      return `${violation.file} reaches ${violation.imports}: a relay has no code that could take a key of a room`
    case 'cycle':
      return `cycle: ${violation.files.join(' -> ')}`
  }
}

const isFile = (specifier: string): boolean => specifier.startsWith('.') || specifier.startsWith('/')

const isProtocolPackage = (specifier: string): boolean =>
  PROTOCOL_PACKAGES.some((allowed) =>
    allowed.endsWith('/')
      ? specifier.startsWith(allowed)
      : specifier === allowed || specifier.startsWith(`${allowed}/`),
  )

/** `imports`: path from the root. What lies beside the folders (`package.json`) belongs to nobody, and only tests look at it. */
function mayImport(folder: Folder, imports: string): boolean {
  const allowed: readonly string[] = MAY_IMPORT[folder]
  const [target = ''] = imports.split('/')
  return allowed.includes(target) || (folder === 'test' && !imports.includes('/'))
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sourcesIn(path)
    return SOURCE.has(extname(entry.name)) ? [path] : []
  })
}

/** What a file imports, re-exports or loads (`import()`, `new URL('./worker.ts', import.meta.url)`), as written. */
function specifiersOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  if (extname(path) === '.svelte') return specifiersOfComponent(text)
  return specifiersOfModule(path, text)
}

function specifiersOfModule(path: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier !== undefined) add(node.moduleSpecifier)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0])
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal)
    } else if (ts.isNewExpression(node) && node.expression.getText(source) === 'URL') {
      const [target, base] = node.arguments ?? []
      // A folder, or what a build leaves, is data rather than an import.
      if (base?.getText(source) === 'import.meta.url' && target !== undefined && isSourceName(target))
        add(target)
    }
    ts.forEachChild(node, visit)
  }
  const add = (node: ts.Node | undefined): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push(node.text)
  }
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  visit(source)
  return found
}

const isSourceName = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) && SOURCE.has(extname(node.text))

/** The same for a Svelte component, whose scripts and template are one ESTree. */
function specifiersOfComponent(text: string): string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item)
    } else if (typeof node === 'object' && node !== null) {
      if ('source' in node && 'type' in node && typeof node.source === 'object' && node.source !== null) {
        if ('value' in node.source && typeof node.source.value === 'string') found.push(node.source.value)
      }
      for (const child of Object.values(node)) visit(child)
    }
  }
  const { instance, module, fragment } = parse(text, { modern: true })
  for (const part of [instance?.content, module?.content, fragment]) visit(part)
  return found
}

/** The cycles of a graph of files: one for each edge that leads back into the chain being followed. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const chain: string[] = []
  const follow = (file: string): void => {
    const start = chain.indexOf(file)
    if (start >= 0) {
      cycles.push([...chain.slice(start), file])
      return
    }
    if (done.has(file)) return
    chain.push(file)
    for (const target of graph.get(file) ?? []) follow(target)
    chain.pop()
    done.add(file)
  }
  for (const file of graph.keys()) follow(file)
  return cycles
}

/** Files of the relay from which a chain of imports leads to what could open a voice; each with the first such file. */
function hearingRelays(graph: ReadonlyMap<string, readonly string[]>): Violation[] {
  const isDeaf = (file: string) => !file.startsWith('protocol/audio/') || AUDIO_OF_RELAYS.includes(file)
  const reach = (from: string): string | undefined => {
    const seen = new Set([from])
    for (const file of seen) {
      if (!isDeaf(file)) return file
      for (const target of graph.get(file) ?? []) seen.add(target)
    }
    return undefined
  }
  return [...graph.keys()]
    .filter((file) => file.startsWith('relay/'))
    .flatMap((file) => {
      const imports = reach(file)
      return imports === undefined ? [] : [{ rule: 'deaf' as const, file, imports }]
    })
}

if (import.meta.main) {
  const { files, violations } = checkImports(resolve(import.meta.dirname, '../..'))
  for (const violation of violations) console.error(describeViolation(violation))
  console.log(`${files} files, ${violations.length} violations`)
  process.exitCode = violations.length === 0 && files > 0 ? 0 : 1
}
