import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openHome } from '../../../node/headless/home.ts'
import { temporaryFolder } from '../../support/folder.ts'

test('is for its owner alone, with every file that comes into it', async () => {
  const folder = join(temporaryFolder(), 'deep', 'home')
  const home = openHome(folder)
  onTestFinished(() => home.close())
  await home.put('secret', Uint8Array.of(1))
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)
  expect(modes.length).toBeGreaterThan(0)
  expect(new Set(modes)).toEqual(new Set([0o600]))
})

test('takes a file back from others who were let at it', () => {
  const folder = join(temporaryFolder(), 'home')
  openHome(folder).close()
  chmodSync(join(folder, 'peer'), 0o644)
  openHome(folder).close()
  expect(statSync(join(folder, 'peer')).mode & 0o777).toBe(0o600)
})

test('is for one process at a time', async () => {
  const folder = join(temporaryFolder(), 'home')
  const home = openHome(folder)
  await home.put('a', 1)
  expect(() => openHome(folder)).toThrow(expect.objectContaining({ code: 'other-tab' }))
  home.close()
  const again = openHome(folder)
  onTestFinished(() => again.close())
  expect(await again.get('a')).toBe(1)
})

test('touches nothing that is not its own', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'peer'), 'a diary of somebody else, which is no database at all'.repeat(50))
  expect(() => openHome(folder)).toThrow(expect.objectContaining({ code: 'storage-unavailable' }))
  mkdirSync(join(folder, 'other', 'peer'), { recursive: true })
  expect(() => openHome(join(folder, 'other'))).toThrow(
    expect.objectContaining({ code: 'storage-unavailable' }),
  )
})
