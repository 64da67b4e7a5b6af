import { wordlist } from '@scure/bip39/wordlists/english.js'
import { expect, it } from 'vitest'
import { tidyName } from '../../protocol/identity/profile.ts'
import { entropyOf, phraseOf, rootSigner } from '../../protocol/identity/root.ts'
import { parseId } from '../../protocol/ids.ts'
import { bytesOf } from '../support/community.ts'

it('ROOT-1 has another root in every community', () => {
  const entropy = bytesOf('entropy')
  const roots = ['one', 'two'].map((nonce) => rootSigner(entropy, bytesOf(nonce)).publicKey)
  expect(roots[0]).not.toBe(roots[1])
  expect(rootSigner(entropy, bytesOf('one')).publicKey).toBe(roots[0])
})

it('ROOT-1 takes 32 bytes of entropy and no other number', () => {
  expect(() => phraseOf(new Uint8Array(16), wordlist)).toThrow('32')
  expect(() => rootSigner(new Uint8Array(16), bytesOf('nonce'))).toThrow('32')
})

it('ROOT-2 reads what a person typed', () => {
  const phrase = phraseOf(bytesOf('entropy'), wordlist).join(' ')
  expect(entropyOf(`\t${phrase.toUpperCase()}\n`, wordlist)).toEqual(bytesOf('entropy'))
  expect(entropyOf(phrase.replace(' ', ', '), wordlist)).toBeUndefined()
})

it.each([
  ['  Alice ', 'Alice'],
  ['Al\n ice', 'Al ice'],
  ['e\u0301lodie', 'élodie'],
  ['\u3164', undefined],
  [' ', undefined],
  ['x'.repeat(41), undefined],
  ['Al\u202eice', undefined],
])('SCHEMA-3 %j is tidied to %j', (typed, name) => {
  expect(tidyName(typed)).toBe(name)
})

it('ID-1 has one spelling', () => {
  const id = `${'A'.repeat(42)}E`
  expect(parseId(id)).toBe(id)
  const others = [
    'A'.repeat(42),
    `${id}A`,
    `${'A'.repeat(42)}F`,
    `${'A'.repeat(42)}=`,
    `${'A'.repeat(41)}+E`,
    `${id}\n`,
  ]
  expect(others.filter((other) => parseId(other) !== undefined)).toEqual([])
})
