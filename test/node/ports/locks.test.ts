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

test('who waits gets it in their turn, and whose patience ends gets nothing and is in nobody’s way', async () => {
  const locks = memoryLocks()
  const release = await locks.take('room')
  const patience = new AbortController()
  const order: string[] = []
  const wait = async (name: string, signal: AbortSignal) => {
    const taken = await locks.take('room', signal)
    order.push(`${name} ${taken ? 'has it' : 'has not'}`)
    return taken
  }
  const alice = wait('Alice', new AbortController().signal)
  const bob = wait('Bob', patience.signal)
  const carol = wait('Carol', new AbortController().signal)
  patience.abort()
  expect(await bob).toBeUndefined()
  release?.()
  const hers = await alice
  expect(await locks.take('room')).toBeUndefined()
  expect(await locks.take('room', patience.signal)).toBeUndefined()
  hers?.()
  hers?.()
  const carols = await carol
  expect(order).toEqual(['Bob has not', 'Alice has it', 'Carol has it'])
  carols?.()
  expect(await locks.take('room')).toBeTypeOf('function')
})
