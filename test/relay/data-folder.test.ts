import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDataFolder } from '../../relay/data-folder.ts'
import { StartError } from '../../relay/start-error.ts'
import { temporaryFolder } from '../support/folder.ts'

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('is made for this account alone, and its seeds stay the same', async () => {
  const path = join(temporaryFolder(), 'a/b')
  const folder = openDataFolder(path)
  const seed = await folder.seed('log.key')
  expect(seed).toHaveLength(32)
  expect(await folder.seed('session.key')).not.toEqual(seed)
  expect(modeOf(path)).toBe('700')
  expect(modeOf(join(path, 'log.key'))).toBe('600')
  expect(modeOf(folder.file('ledger.sqlite'))).toBe('600')
  folder.close()
  const again = openDataFolder(path)
  expect(await again.seed('log.key')).toEqual(seed)
  again.close()
})

test('is for one relay at a time', () => {
  const path = temporaryFolder()
  const first = openDataFolder(path)
  expect(() => openDataFolder(path)).toThrow(
    new StartError(
      `Another relay is running on the data folder ${path}: stop it, or choose another with --data.`,
    ),
  )
  first.close()
  openDataFolder(path).close()
})

test('that cannot be used is told in one sentence', async () => {
  const path = temporaryFolder()
  writeFileSync(join(path, 'file'), '')
  expect(() => openDataFolder(join(path, 'file'))).toThrow(/^The data folder .* cannot be used: /)
  const folder = openDataFolder(join(path, 'folder'))
  writeFileSync(folder.file('log.key'), 'short')
  await expect(folder.seed('log.key')).rejects.toThrow(/^The key file .*log\.key cannot be used: .* 5 bytes/)
  folder.close()
})
