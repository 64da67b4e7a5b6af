import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

/** The relay has no code that could take a room's secret, or open what is sealed with one: none of these files is reached from it. */
const KEYS = [
  'protocol/audio/aead.ts',
  'protocol/audio/block.ts',
  'protocol/audio/epoch.ts',
  'protocol/audio/sframe.ts',
  'protocol/audio/voice.ts',
  'protocol/wire/epoch.ts',
  'node/crypto/aead.ts',
  'node/room/epochs.ts',
  'node/voice/',
]

const house = join(import.meta.dirname, '../..')
const named = (file: string) => relative(house, file)
const isKey = (file: string) => KEYS.some((key) => named(file).startsWith(key))

/** Files of ours whose code a file runs. An import of types alone brings no code. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"]*?\sfrom\s+)?['"](\.[^'"]+)['"]/gm)
  const urls = text.matchAll(/(?:import|new URL)\(\s*['"](\.[^'"]+\.(?:ts|mjs))['"]/g)
  return [...statements, ...urls].map(([, path]) => resolve(dirname(file), path as string))
}

function reached(from: readonly string[]): ReadonlySet<string> {
  const found = new Set(from)
  for (const file of found) for (const next of importsOf(file)) found.add(next)
  return found
}

const sources = (folder: string) =>
  readdirSync(join(house, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(house, folder, file))

it('no code of the relay leads to a room key', () => {
  const all = reached(sources('relay'))
  expect(all.size).toBeGreaterThan(100)
  expect([...all].filter(isKey).map(named)).toEqual([])
})

it('the same look finds them from a peer', () => {
  const all = reached([join(house, 'node/browser.ts')])
  const found = KEYS.filter((key) => [...all].some((file) => named(file).startsWith(key)))
  expect(found).toEqual(KEYS)
})
