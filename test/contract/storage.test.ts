import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDiskStorage } from '../../node/storage/disk-storage.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import { temporaryFolder } from '../support/folder.ts'
import { STORAGE_CONTRACT } from './storage.ts'

describe('storage in memory', () => {
  test.each(STORAGE_CONTRACT)('$name', ({ run }) => run(memoryStorage()))
})

describe('storage on a disk', () => {
  test.each(STORAGE_CONTRACT)('$name', ({ run }) => {
    const storage = openDiskStorage(join(temporaryFolder(), 'peer'))
    if (storage === 'in-use') throw new Error('nobody else has it')
    onTestFinished(() => storage.close())
    return run(storage)
  })

  test('outlives whoever wrote it', async () => {
    const file = join(temporaryFolder(), 'peer')
    const first = openDiskStorage(file)
    if (first === 'in-use') throw new Error('nobody else has it')
    await first.put('a', { bytes: Uint8Array.of(1, 2), list: ['é', 3, undefined, true] })
    first.close()
    const second = openDiskStorage(file)
    if (second === 'in-use') throw new Error('the first one gave it back')
    onTestFinished(() => second.close())
    expect(await second.get('a')).toEqual({ bytes: Uint8Array.of(1, 2), list: ['é', 3, undefined, true] })
  })
})
