import { expect, test } from 'vitest'
import { memoryLocks } from '../../../node/ports/locks.ts'

test('a lock is one holder’s until they give it back', async () => {
  const locks = memoryLocks()
  const release = await locks.take('room')
  expect(release).toBeTypeOf('function')
  expect(await locks.take('room')).toBeUndefined()
  expect(await locks.take('device')).toBeTypeOf('function')
  release?.()
  expect(await locks.take('room')).toBeTypeOf('function')
})

test('giving back twice does not give back what somebody else holds by then', async () => {
  const locks = memoryLocks()
  const release = await locks.take('room')
  release?.()
  await locks.take('room')
  release?.()
  expect(await locks.take('room')).toBeUndefined()
})
