import { expect, test } from 'vitest'
import { readAll } from '../../../node/gossip/received.ts'
import { createScene, verifier } from '../mesh/scene.ts'

const MESSAGES = Array.from({ length: 100 }, (_, i) => Uint8Array.of(i))

/** Reads a message's first byte, and remembers how many are read at a time. */
function reader() {
  let now = 0
  let most = 0
  const read = async ([first]: Uint8Array) => {
    most = Math.max(most, ++now)
    await new Promise(setImmediate)
    now--
    return first
  }
  return { read, most: () => most }
}

test('many messages are read together, in their order', async () => {
  const { membership } = await createScene()
  const { read, most } = reader()
  expect(await readAll({ verifier, membership }, MESSAGES, read)).toEqual(MESSAGES.map(([first]) => first))
  expect(most()).toBe(100)
})

test('where people are looked up no more are read at a time than are looked up at once', async () => {
  const { membership } = await createScene()
  const { read, most } = reader()
  const judging = { verifier, membership, meet: async () => {} }
  expect(await readAll(judging, MESSAGES, read)).toEqual(MESSAGES.map(([first]) => first))
  expect(most()).toBe(32)
})
