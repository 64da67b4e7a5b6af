import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkImports } from './imports.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palabre-imports-'))
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

/** Writes a house of these files, and checks it. */
function check(files: Record<string, string>): ReturnType<typeof checkImports> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkImports(root)
}

const nothing = 'export const nothing = undefined'
const component = (script: string): string => `<script lang="ts">\n${script}\n</script>\n<p>it's text</p>`

describe('a house in order', () => {
  test('imports along the way are allowed', () => {
    const { files, violations } = check({
      'package.json': '{}',
      'protocol/bytes.ts': nothing,
      'protocol/codec.ts':
        "import { base64url } from 'multiformats/bases/base64'\nimport { sha256 } from '@noble/hashes/sha2.js'\nimport './bytes.ts'",
      'node/peer.ts': "import { readFileSync } from 'node:fs'\nexport * from '../protocol/codec.ts'",
      'relay/main.ts': "import '../node/peer.ts'\nconst app = new URL('../web/dist/', import.meta.url)",
      'web/worker.ts': nothing,
      'web/App.svelte': component(
        "import '../protocol/codec.ts'\nnew Worker(new URL('./worker.ts', import.meta.url))",
      ),
      'test/all.test.ts':
        "import '../relay/main.ts'\nimport '../web/App.svelte'\nimport house from '../package.json' with { type: 'json' }",
    })
    expect(violations).toEqual([])
    expect(files).toBe(7)
  })

  test('two ways to one file are no cycle', () => {
    const { violations } = check({
      'node/top.ts': "import './left.ts'\nimport './right.ts'",
      'node/left.ts': "import './base.ts'",
      'node/right.ts': "import './base.ts'",
      'node/base.ts': nothing,
    })
    expect(violations).toEqual([])
  })
})

describe('a wrong direction', () => {
  const wrong: readonly [string, string, string][] = [
    ['protocol/a.ts', 'node/b.ts', "import '../node/b.ts'"],
    ['node/a.ts', 'relay/b.ts', "import { b } from '../relay/b.ts'"],
    ['node/a.ts', 'web/b.ts', "export * from '../web/b.ts'"],
    ['relay/a.ts', 'web/b.ts', "const b = await import('../web/b.ts')"],
    ['relay/a.mjs', 'web/b.ts', "fork(new URL('../web/b.ts', import.meta.url))"],
    ['web/a.ts', 'relay/b.ts', "import type { B } from '../relay/b.ts'"],
    ['web/a.ts', 'relay/b.ts', "type B = import('../relay/b.ts').B"],
    ['web/a.svelte', 'relay/b.ts', component("import { b } from '../relay/b.ts'")],
    ['web/a.svelte', 'relay/b.ts', "{#await import('../relay/b.ts') then b}{b}{/await}"],
    ['relay/a.ts', 'test/b.ts', "import '../test/b.ts'"],
    ['web/a.ts', 'test/b.ts', "import '../test/b.ts'"],
  ]
  test.each(wrong)('%s may not import %s: %s', (file, imports, text) => {
    const { violations } = check({ [file]: text, [imports]: nothing })
    expect(violations).toEqual([{ rule: 'direction', file, imports }])
  })
})

describe('the protocol', () => {
  test.each(['node:crypto', 'libp2p', 'svelte', '@libp2p/crypto', 'multiformats-extra'])(
    'may not lean on %s',
    (imports) => {
      const { violations } = check({ 'protocol/a.ts': `import '${imports}'` })
      expect(violations).toEqual([{ rule: 'package', file: 'protocol/a.ts', imports }])
    },
  )
})

describe('a relay', () => {
  test('may know tickets and descriptions', () => {
    const { violations } = check({
      'protocol/audio/description.ts': nothing,
      'protocol/audio/ticket.ts': "import './description.ts'",
      'relay/fanout.ts': "import '../protocol/audio/ticket.ts'",
    })
    expect(violations).toEqual([])
  })

  test('may not reach what opens a voice, however far away', () => {
    const { violations } = check({
      'protocol/audio/sframe.ts': nothing,
      'node/voice.ts': "import type { Key } from '../protocol/audio/sframe.ts'",
      'node/room.ts': "export * from './voice.ts'",
      'relay/fanout.ts': "const room = await import('../node/room.ts')",
    })
    expect(violations).toEqual([
      { rule: 'deaf', file: 'relay/fanout.ts', imports: 'protocol/audio/sframe.ts' },
    ])
  })
})

describe('a cycle', () => {
  test('of two files', () => {
    const { violations } = check({
      'node/a.ts': "import './b.ts'",
      'node/b.ts': "import type { A } from './a.ts'",
    })
    expect(violations).toEqual([{ rule: 'cycle', files: ['node/a.ts', 'node/b.ts', 'node/a.ts'] }])
  })

  test('that an outer file leads into', () => {
    const { violations } = check({
      'web/a.ts': "import './b.svelte'",
      'web/b.svelte': component("import './c.ts'"),
      'web/c.ts': "import './b.svelte'",
    })
    expect(violations).toEqual([{ rule: 'cycle', files: ['web/b.svelte', 'web/c.ts', 'web/b.svelte'] }])
  })

  test('of a file with itself', () => {
    const { violations } = check({ 'node/a.ts': "import './a.ts'" })
    expect(violations).toEqual([{ rule: 'cycle', files: ['node/a.ts', 'node/a.ts'] }])
  })
})

test('an import of no file is reported', () => {
  const { violations } = check({ 'node/a.ts': "import './gone.ts'" })
  expect(violations).toEqual([{ rule: 'missing', file: 'node/a.ts', imports: 'node/gone.ts' }])
})
