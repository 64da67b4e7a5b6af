import { expect, test } from 'vitest'
import { openBlocks } from '../../node/blocks.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import { type CommunityId, idOf, type MemberId } from '../../protocol/ids.ts'
import { bytesOf } from '../support/community.ts'

const village = idOf<CommunityId>(bytesOf('village'))
const bob = idOf<MemberId>(bytesOf('Bob'))
const carol = idOf<MemberId>(bytesOf('Carol'))

test('whom somebody blocks is kept, for one community, until it is undone', async () => {
  const storage = memoryStorage()
  const blocks = await openBlocks(storage, village)
  const told: number[] = []
  blocks.blocked.subscribe(() => told.push(blocks.blocked.value.size))
  await blocks.set(bob, true)
  await blocks.set(carol, true)
  await blocks.set(bob, false)
  expect(told).toEqual([1, 2, 1])
  expect([...(await openBlocks(storage, village)).blocked.value]).toEqual([carol])
  const elsewhere = await openBlocks(storage, idOf<CommunityId>(bytesOf('another')))
  expect(elsewhere.blocked.value.size).toBe(0)
})
