import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as limits from '../../protocol/limits.ts'
import { REASONS } from '../../protocol/reasons.ts'

/** SPEC.md against the code and the tests that lean on it. */

const house = join(import.meta.dirname, '../..')
const spec = readFileSync(join(house, 'protocol/SPEC.md'), 'utf8')
const RULE = /\b[A-Z]{2,8}-\d{1,2}\b/g
const defined = [...spec.matchAll(/^- \*\*([A-Z]+-\d+)\*\* /gm)].map(([, rule]) => rule as string)

describe('SPEC.md', () => {
  it('gives each rule once', () => {
    expect(defined.length).toBeGreaterThan(100)
    expect(new Set(defined).size).toBe(defined.length)
  })

  it('refers to no rule that it does not give', () => {
    const known = new Set(defined)
    const standards = /^(SHA|RFC|UTF|BCP|BIP|FIPS|HKDF)-/
    const named = (spec.match(RULE) ?? []).filter((rule) => !standards.test(rule))
    expect(named.filter((rule) => !known.has(rule))).toEqual([])
  })

  it('states every limit as the code has it', () => {
    const rows = [...spec.matchAll(/^\| `([A-Z_]+)` \| ([\d,]+) \|$/gm)]
    const stated = Object.fromEntries(
      rows.map(([, name, value]) => [name, Number(value?.replaceAll(',', ''))]),
    )
    expect(stated).toEqual({ ...limits })
  })

  it('explains every reason, in the order of the code', () => {
    const appendix = spec.slice(spec.indexOf('## Appendix A'))
    expect([...appendix.matchAll(/^\| `([a-z-]+)` \| \S/gm)].map(([, code]) => code)).toEqual(REASONS)
  })

  it('has every section that a comment of the code names', () => {
    const headings = new Set([...spec.matchAll(/^#{2,3} (\d+(?:\.\d+)?)/gm)].map(([, number]) => number))
    const missing = sources(['protocol', 'node', 'relay', 'web']).flatMap(([file, text]) =>
      [...text.matchAll(/SPEC §(\d+(?:\.\d+)?)/g)].flatMap(([, number]) =>
        headings.has(number as string) ? [] : [`${file}: §${number}`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('has every rule that a vector or a comment of the protocol names', () => {
    const known = new Set(defined)
    const vectors = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('.json'))
      .map((name) => [name, readFileSync(join(import.meta.dirname, name), 'utf8')] as const)
    const named = vectors.flatMap(([name, text]) =>
      [...text.matchAll(/"rule": "([^"]+)"/g)].map(([, rule]) => [name, rule as string] as const),
    )
    expect(named.length).toBeGreaterThan(500)
    expect(named.filter(([, rule]) => !known.has(rule))).toEqual([])
  })
})

function sources(folders: readonly string[]): readonly (readonly [string, string])[] {
  return folders.flatMap((folder) =>
    readdirSync(join(house, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|svelte)$/.test(file) && !file.startsWith('dist'))
      .map((file) => [join(folder, file), readFileSync(join(house, folder, file), 'utf8')] as const),
  )
}
