import { describe, expect, it, vi } from 'vitest'
import { keyText } from '../../protocol/ids.ts'
import {
  type BatchEngine,
  createBatchVerifier,
  createVerifier,
  isAdmissible,
  type NativeVerify,
  type Signed,
  signerFromSeed,
} from '../../protocol/signature.ts'
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

describe('a batch', () => {
  /** Says no to what has a 1 as its message. */
  const engineOf = (maximum: number) => ({
    admitAll: vi.fn<BatchEngine['admitAll']>((keys) => keys.map(() => true)),
    holds: vi.fn<BatchEngine['holds']>((batch) => batch.every((one) => one.message[0] !== 1)),
    maximum,
  })
  const signature = new Uint8Array(64).fill(1, 0, 1)
  const signed = (said: number): Signed => ({
    signature,
    message: Uint8Array.of(said),
    publicKey: alice.publicKey,
  })
  const good = { ok: true, value: true }
  const wrong = { ok: false, reason: 'signature-wrong' }

  it('is asked for at once when all is well, a key once', () => {
    const engine = engineOf(10)
    const batch = [signed(0), signed(2), signed(3)]
    expect(createBatchVerifier(engine).verifyAll(batch)).toEqual([good, good, good])
    expect(engine.holds.mock.calls).toEqual([[batch]])
    expect(engine.admitAll.mock.calls).toEqual([[[alice.publicKey]]])
  })

  it('is halved until the wrong ones are found, and is never larger than the engine takes', () => {
    const engine = engineOf(3)
    const said = [0, 1, 0, 0, 0, 0, 0, 1, 1, 0]
    expect(createBatchVerifier(engine).verifyAll(said.map(signed))).toEqual(
      said.map((one) => (one === 1 ? wrong : good)),
    )
    expect(Math.max(...engine.holds.mock.calls.map(([batch]) => batch.length))).toBe(3)
  })

  it('is of what the first steps did not refuse', () => {
    const engine = engineOf(10)
    engine.admitAll.mockImplementation((keys) => keys.map((key) => key === alice.publicKey))
    const batch: readonly Signed[] = [
      { ...signed(0), publicKey: keyText(Uint8Array.of(2, ...new Uint8Array(31))) },
      // Not canonical: the engine is not even asked about the key.
      { ...signed(0), publicKey: keyText(new Uint8Array(32).fill(255)) },
      { ...signed(0), signature: new Uint8Array(63) },
      { ...signed(0), signature: new Uint8Array(64).fill(255) },
      signed(0),
    ]
    expect(createBatchVerifier(engine).verifyAll(batch)).toEqual([
      { ok: false, reason: 'key-not-admitted' },
      { ok: false, reason: 'key-not-admitted' },
      { ok: false, reason: 'signature-malformed' },
      { ok: false, reason: 'signature-malformed' },
      good,
    ])
    expect(engine.holds.mock.calls).toEqual([[[batch[4]]]])
    expect(engine.admitAll.mock.calls).toEqual([[[batch[0]?.publicKey, alice.publicKey]]])
  })

  it('of nothing has no verdicts', () => {
    expect(createBatchVerifier(engineOf(3)).verifyAll([])).toEqual([])
    expect(createBatchVerifier(engineOf(3)).areGood([])).toBe(true)
  })

  it('is good as a whole only when each of it is', () => {
    const engine = engineOf(3)
    const batches = createBatchVerifier(engine)
    expect(batches.areGood([0, 2, 3, 4, 5].map(signed))).toBe(true)
    expect(engine.holds.mock.calls.map(([batch]) => batch.length)).toEqual([3, 2])
    expect(batches.areGood([0, 2, 3, 4, 1].map(signed))).toBe(false)
    expect(batches.areGood([signed(0), { ...signed(0), signature: new Uint8Array(63) }])).toBe(false)
    engine.admitAll.mockImplementation((keys) => keys.map(() => false))
    expect(createBatchVerifier(engine).areGood([signed(0)])).toBe(false)
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
