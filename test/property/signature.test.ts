import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { nativeVerify } from '../../node/crypto/native.ts'
import { keyBytes, keyText } from '../../protocol/ids.ts'
import type { SignatureReason } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'
import { createBatchVerifier, createVerifier, type Signed, signerFromSeed } from '../../protocol/signature.ts'
import { mutations, runs } from './seeded.ts'

const native = await nativeVerify()
if (native === undefined) throw new Error('this Node has no Ed25519 in WebCrypto')
const fast = createVerifier(native)
const slow = createVerifier()
const batches = createBatchVerifier(await batchEngine())

const signed = fc
  .record({
    seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    message: fc.uint8Array({ maxLength: 200 }),
  })
  .map(({ seed, message }) => ({ signer: signerFromSeed(seed), message }))

it('SIG-4 what was signed holds, whichever engine is asked', async () => {
  await fc.assert(
    fc.asyncProperty(signed, async ({ signer, message }) => {
      const signature = await signer.sign(message)
      expect(await fast.verify(signature, message, signer.publicKey)).toEqual({ ok: true, value: true })
      expect(await slow.verify(signature, message, signer.publicKey)).toEqual({ ok: true, value: true })
      expect(batches.verifyAll([{ signature, message, publicKey: signer.publicKey }])).toEqual([
        { ok: true, value: true },
      ])
    }),
    runs(100),
  )
})

it('SIG-5 no engine and no path can differ on what was damaged', async () => {
  const damaged = signed.chain(({ signer, message }) =>
    fc.record({
      signer: fc.constant(signer),
      message: fc.constant(message),
      // The parts to damage: 1 key, 2 message, 4 signature.
      parts: fc.integer({ min: 1, max: 7 }),
      damage: mutations(new Uint8Array(64)),
    }),
  )
  let held = 0
  const judged: [Signed, Result<true, SignatureReason>][] = []
  await fc.assert(
    fc.asyncProperty(damaged, async ({ signer, message, parts, damage }) => {
      const signature = mixed(await signer.sign(message), damage, parts & 4)
      const said = mixed(message, damage, parts & 2)
      const key = keyText(mixed(keyBytes(signer.publicKey), damage, parts & 1))
      const verdict = await slow.verify(signature, said, key)
      expect(await fast.verify(signature, said, key)).toEqual(verdict)
      judged.push([{ signature, message: said, publicKey: key }, verdict])
      if (verdict.ok) held += 1
    }),
    runs(300),
  )
  expect(batches.verifyAll(judged.map(([one]) => one))).toEqual(judged.map(([, verdict]) => verdict))
  // Some damage touches nothing: a message too short for it.
  expect(held).toBeLessThan(150)
})

it('SIG-2 and SIG-3 random signatures are refused alike', async () => {
  const random = fc.record({
    key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    signature: fc.uint8Array({ minLength: 0, maxLength: 70 }),
    message: fc.uint8Array({ maxLength: 32 }),
  })
  await fc.assert(
    fc.asyncProperty(random, async ({ key, signature, message }) => {
      const verdict = await slow.verify(signature, message, keyText(key))
      expect(verdict.ok).toBe(false)
      expect(await fast.verify(signature, message, keyText(key))).toEqual(verdict)
      expect(batches.verifyAll([{ signature, message, publicKey: keyText(key) }])).toEqual([verdict])
    }),
    runs(300),
  )
})

/** Changes bytes where the damage is not zero, when asked to. The length stays. */
function mixed(bytes: Uint8Array, damage: Uint8Array, asked: number): Uint8Array {
  return asked === 0 ? bytes : bytes.map((byte, i) => byte ^ (damage[i] ?? 0))
}
