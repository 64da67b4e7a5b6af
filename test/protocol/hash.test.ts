import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { derive, hash } from '../../protocol/hash.ts'
import { hex, unhex } from '../vectors/format.ts'

interface Wycheproof {
  readonly testGroups: readonly {
    readonly tests: readonly {
      readonly tcId: number
      readonly ikm: string
      readonly salt: string
      readonly info: string
      readonly size: number
      readonly okm: string
      readonly result: string
    }[]
  }[]
}

const file = join(import.meta.dirname, '../vectors/public/wycheproof-hkdf_sha256.json')
const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof
// The protocol derives keys of 32 bytes and nothing else.
const ours = testGroups
  .flatMap(({ tests }) => tests)
  .filter(({ size, result }) => size === 32 && result === 'valid')

describe('HKDF-SHA256', () => {
  it('has vectors of 32 bytes', () => {
    expect(ours.length).toBeGreaterThanOrEqual(10)
  })

  it.each(ours)('Wycheproof tcId $tcId', ({ ikm, salt, info, okm }) => {
    expect(hex(derive(unhex(ikm), unhex(salt), unhex(info)))).toBe(okm)
  })
})

it('SHA-256 is over the concatenation (FIPS 180-4, "abc")', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(hex(hash(Buffer.from('a'), Buffer.from(''), Buffer.from('bc')))).toBe(abc)
})
