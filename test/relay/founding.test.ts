import { expect, test } from 'vitest'
import { systemRandom } from '../../node/ports/random.ts'
import { FOUND } from '../../protocol/wire/services.ts'
import { foundingToken, sameToken } from '../../relay/founding.ts'
import { Store } from '../../relay/store.ts'

test('a token stays until it is used, is of at least 128 bits, and fits its message', () => {
  const store = new Store(':memory:')
  const token = foundingToken(store, systemRandom)
  expect(foundingToken(store, systemRandom)).toBe(token)
  expect(foundingToken(new Store(':memory:'), systemRandom)).not.toBe(token)
  expect(token).toMatch(/^[\w-]{22,64}$/)
  const envelope = Uint8Array.of(1)
  const request = { token, genesis: envelope, identity: envelope, device: envelope, profile: envelope }
  expect(FOUND.request.shape.decode(FOUND.request.shape.encode(request), '')).toMatchObject({ ok: true })
})

test('tokens are the same or not, of whatever length', () => {
  expect(sameToken('abc', 'abc')).toBe(true)
  expect(sameToken('abc', 'abd')).toBe(false)
  expect(sameToken('abc', 'ab')).toBe(false)
  expect(sameToken('', 'a')).toBe(false)
})
