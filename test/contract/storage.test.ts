import { describe, test } from 'vitest'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import { STORAGE_CONTRACT } from './storage.ts'

describe('storage in memory', () => {
  test.each(STORAGE_CONTRACT)('$name', ({ run }) => run(memoryStorage()))
})
