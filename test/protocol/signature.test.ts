import { describe, expect, it, vi } from 'vitest'
import { keyText } from '../../protocol/ids.ts'
import { createVerifier, isAdmissible, type NativeVerify, signerFromSeed } from '../../protocol/signature.ts'
import { bytesOf, signerOf } from '../support/community.ts'
import { unhex } from '../vectors/format.ts'
import { edgeVectors } from '../vectors/signatures.ts'

const message = bytesOf('message')
const alice = signerOf('Alice')

/** A good signature that only the cofactor makes good. */
const cofactored = edgeVectors().find((one) => one.name === 'a good key, R with torsion 1, S that fits')
if (cofactored === undefined) throw new Error('the vectors have no signature with torsion in R')
const parts = [
  unhex(cofactored.signature),
  unhex(cofactored.message),
  keyText(unhex(cofactored.key)),
] as const

describe('SIG-5 the fast path', () => {
  it('is believed when it says yes', async () => {
    const native = vi.fn<NativeVerify>(async () => true)
    const verdict = await createVerifier(native).verify(
      new Uint8Array(64).fill(1, 0, 1),
      message,
      alice.publicKey,
    )
    expect(native).toHaveBeenCalledOnce()
    expect(verdict.ok).toBe(true)
  })

  it('is not believed when it says no', async () => {
    const native = vi.fn<NativeVerify>(async () => false)
    expect((await createVerifier(native).verify(...parts)).ok).toBe(true)
    expect(native).toHaveBeenCalledOnce()
  })

  it('is not asked about what the first steps refuse', async () => {
    const native = vi.fn<NativeVerify>(async () => true)
    const verifier = createVerifier(native)
    const neutral = keyText(Uint8Array.of(1, ...new Uint8Array(31)))
    const signature = await alice.sign(message)
    expect(await verifier.verify(signature, message, neutral)).toEqual({
      ok: false,
      reason: 'key-not-admitted',
    })
    expect(await verifier.verify(signature.fill(255, 32), message, alice.publicKey)).toEqual({
      ok: false,
      reason: 'signature-malformed',
    })
    expect(native).not.toHaveBeenCalled()
  })

  it('does not become a verdict when it fails', async () => {
    const broken = createVerifier(() => Promise.reject(new Error('out of memory')))
    await expect(broken.verify(await alice.sign(message), message, alice.publicKey)).rejects.toThrow(
      'out of memory',
    )
  })
})

it('SIG-1 gives the same verdict when it remembers a key', async () => {
  const verifier = createVerifier()
  const signature = await alice.sign(message)
  const neutral = keyText(Uint8Array.of(1, ...new Uint8Array(31)))
  for (let round = 0; round < 3; round++) {
    expect((await verifier.verify(signature, message, alice.publicKey)).ok).toBe(true)
    expect(await verifier.verify(signature, message, neutral)).toEqual({
      ok: false,
      reason: 'key-not-admitted',
    })
  }
})

it('SIG-1 forgets keys when there are too many, and not what they are', async () => {
  const verifier = createVerifier(undefined, 4)
  const people = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank'].map(signerOf)
  const weak = keyText(new Uint8Array(32))
  for (const person of [...people, ...people.toReversed()]) {
    const signature = await person.sign(message)
    expect((await verifier.verify(signature, message, person.publicKey)).ok).toBe(true)
    expect(await verifier.verify(signature, message, weak)).toEqual({ ok: false, reason: 'key-not-admitted' })
  }
})

it('SIG-1 wants 32 bytes', () => {
  expect(isAdmissible(new Uint8Array(31))).toBe(false)
  expect(isAdmissible(new Uint8Array(33))).toBe(false)
})

it('signs only with a seed of 32 bytes, which it keeps', async () => {
  expect(() => signerFromSeed(new Uint8Array(31))).toThrow('32')
  const seed = bytesOf('seed')
  const signer = signerFromSeed(seed)
  const before = await signer.sign(message)
  seed.fill(0)
  expect(await signer.sign(message)).toEqual(before)
})
