import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadOrCreateRelaySeed } from '../../../relay/network/relay-seed.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palabre-seed-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the key is made once, for its owner only, and found again', async () => {
  const file = join(folder, 'relay.key')
  const seed = await loadOrCreateRelaySeed(file)
  expect(seed).toHaveLength(32)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await loadOrCreateRelaySeed(file)).toEqual(seed)
  expect(await loadOrCreateRelaySeed(join(folder, 'other.key'))).not.toEqual(seed)
  expect((await readdir(folder)).sort()).toEqual(['other.key', 'relay.key'])
})

test('a file that is no key is not replaced', async () => {
  const file = join(folder, 'relay.key')
  await writeFile(file, 'short')
  await expect(loadOrCreateRelaySeed(file)).rejects.toThrow(/5 bytes/)
  await expect(loadOrCreateRelaySeed(join(folder, 'missing', 'relay.key'))).rejects.toMatchObject({
    code: 'ENOENT',
  })
})

test('a draft that a process left when it died is in nobody’s way', async () => {
  const file = join(folder, 'relay.key')
  for (const draft of [`${file}.new`, `${file}.${process.pid}.new`])
    await writeFile(draft, 'half', { mode: 0o600 })
  expect(await loadOrCreateRelaySeed(file)).toHaveLength(32)
})
