import { expect, test } from 'vitest'
import { roomArchive } from '../../../node/room/archive.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import type { MemberId, RoomId } from '../../../protocol/ids.ts'
import type { SignedOperation } from '../../../protocol/room/operation.ts'
import { alice, Stage } from '../../support/stage.ts'

const room = 'room' as RoomId
const opening = Uint8Array.of(1)

function operations(length: number): readonly SignedOperation[] {
  const stage = new Stage()
  return Array.from({ length }, (_, i) => {
    const signed = stage.act(alice, { k: 'checkpoint' })
    return { ...signed, envelope: { ...signed.envelope, bytes: Uint8Array.of(i) } }
  })
}

test('what is kept of a room comes back in the order in which it came, one by one or many at once', async () => {
  const storage = memoryStorage()
  const all = operations(20)
  const before = roomArchive(storage)
  await before.begin(room, opening, 0)
  await Promise.all([
    before.keep(room, all.slice(0, 1)),
    before.keep(room, all.slice(1, 12)),
    before.keep(room, []),
  ])
  const after = roomArchive(storage)
  expect((await after.open(room))?.operations).toEqual(all.slice(0, 12).map(({ envelope }) => envelope.bytes))
  await after.keep(room, all.slice(12))
  expect((await after.open(room))?.operations).toEqual(all.map(({ envelope }) => envelope.bytes))
})

test('many are kept together, or none of them', async () => {
  const storage = memoryStorage()
  const archive = roomArchive({ ...storage, putAll: () => Promise.reject(new Error('full')) })
  await archive.begin(room, opening, 0)
  await expect(archive.keep(room, operations(3))).rejects.toThrow('full')
  expect((await archive.open(room))?.operations).toEqual([])
})

test('who was inside comes back with the room, however often some were kept, and is forgotten with it', async () => {
  const storage = memoryStorage()
  const [bob, carol] = ['bob', 'carol'] as MemberId[] as [MemberId, MemberId]
  const archive = roomArchive(storage)
  await archive.begin(room, opening, 0)
  expect((await archive.open(room))?.inside).toEqual([])
  await archive.keepInside(room, [bob])
  await archive.keepInside(room, [carol, bob])
  expect((await roomArchive(storage).open(room))?.inside).toEqual([bob, carol])
  await archive.forget(room)
  expect(await storage.list('')).toEqual([])
})
