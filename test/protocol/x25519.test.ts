import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { keyBytes } from '../../protocol/ids.ts'
import { montgomeryOf, publicOf, secretOf, sharedSecret } from '../../protocol/x25519.ts'
import { bytesOf, signerOf } from '../support/community.ts'
import { hex, unhex } from '../vectors/format.ts'

interface Wycheproof<T> {
  readonly testGroups: readonly { readonly ivSize?: number; readonly tests: readonly T[] }[]
}

interface Exchange {
  readonly tcId: number
  readonly flags: readonly string[]
  readonly public: string
  readonly private: string
  readonly shared: string
}

interface Box {
  readonly tcId: number
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
  readonly result: 'valid' | 'invalid'
}

function vectors<T>(name: string): readonly { readonly ivSize?: number; readonly tests: readonly T[] }[] {
  const file = join(import.meta.dirname, `../vectors/public/wycheproof-${name}.json`)
  return (JSON.parse(readFileSync(file, 'utf8')) as Wycheproof<T>).testGroups
}

describe('X25519', () => {
  const exchanges = vectors<Exchange>('x25519').flatMap(({ tests }) => tests)
  const refused = new Set(['NonCanonicalPublic', 'LowOrderPublic', 'ZeroSharedSecret'])
  const isRefused = ({ flags }: Exchange) => flags.some((flag) => refused.has(flag))

  it('SEAL-5 shares what Wycheproof states', () => {
    const good = exchanges.filter((one) => !isRefused(one))
    expect(good.length).toBeGreaterThan(400)
    const wrong = good.filter((one) => {
      const shared = sharedSecret(unhex(one.private), unhex(one.public))
      return shared === undefined || hex(shared) !== one.shared
    })
    expect(wrong.map(({ tcId }) => tcId)).toEqual([])
  })

  it('SEAL-5 shares nothing with a point of small order, nor in another spelling', () => {
    const bad = exchanges.filter(isRefused)
    expect(bad.length).toBeGreaterThan(30)
    const shared = bad.filter((one) => sharedSecret(unhex(one.private), unhex(one.public)) !== undefined)
    expect(shared.map(({ tcId }) => tcId)).toEqual([])
  })

  it('SEAL-1 has for an Ed25519 key the key and the secret that are one pair', () => {
    for (let i = 0; i < 50; i++) {
      const label = `person ${i}`
      const u = montgomeryOf(keyBytes(signerOf(label).publicKey))
      expect(u).toEqual(publicOf(secretOf(bytesOf(label))))
      expect(u).toEqual(ed25519.utils.toMontgomery(keyBytes(signerOf(label).publicKey)))
    }
  })
})

describe('ChaCha20-Poly1305', () => {
  const boxes = vectors<Box>('chacha20_poly1305')
    .filter(({ ivSize }) => ivSize === 96)
    .flatMap(({ tests }) => tests)

  it('SEAL-3 encrypts and opens as Wycheproof states, and nothing that was changed', () => {
    expect(boxes.filter(({ result }) => result === 'invalid').length).toBeGreaterThan(50)
    const wrong = boxes.filter((one) => {
      const box = () => chacha20poly1305(unhex(one.key), unhex(one.iv), unhex(one.aad))
      if (one.result === 'invalid') return !throws(() => box().decrypt(unhex(one.ct + one.tag)))
      const same = hex(box().encrypt(unhex(one.msg))) === one.ct + one.tag
      return !same || hex(box().decrypt(unhex(one.ct + one.tag))) !== one.msg
    })
    expect(wrong.map(({ tcId }) => tcId)).toEqual([])
  })
})

function throws(action: () => unknown): boolean {
  try {
    action()
  } catch {
    return true
  }
  return false
}
