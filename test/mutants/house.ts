import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const house = join(import.meta.dirname, '../..')

/** What the tests of the protocol need of the project. */
const PARTS = ['protocol', 'node', 'relay', 'test', 'web', 'vite.config.ts', 'package.json', 'tsconfig.json']

/** A copy of the project in a temporary folder, with the same packages, in which things may be broken. */
export interface CopiedHouse {
  readonly folder: string
  remove(): void
}

export function copyHouse(): CopiedHouse {
  const folder = mkdtempSync(join(tmpdir(), 'palabre-mutants-'))
  for (const part of PARTS)
    cpSync(join(house, part), join(folder, part), {
      recursive: true,
      filter: (source) => !source.endsWith('/web/dist'),
    })
  symlinkSync(join(house, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
