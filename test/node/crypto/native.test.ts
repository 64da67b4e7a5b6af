import { describe, expect, test } from 'vitest'
import { nativeVerify, platformVerifier, supportsEd25519 } from '../../../node/crypto/native.ts'
import { keyBytes } from '../../../protocol/ids.ts'
import { signerOf } from '../../support/community.ts'

const signer = signerOf('somebody')
const message = Uint8Array.of(1, 2, 3)
const key = keyBytes(signer.publicKey)

/** A platform that fails in one way. */
function platform(failure: Partial<Record<'generateKey' | 'importKey' | 'verify', unknown>>): SubtleCrypto {
  const verbs = Object.entries(failure).map(([verb, error]) => [verb, () => Promise.reject(error)])
  return new Proxy(crypto.subtle, {
    get: (subtle, verb) =>
      Object.fromEntries(verbs)[verb as string] ??
      (subtle[verb as keyof SubtleCrypto] as unknown as () => void).bind(subtle),
  })
}

describe('the platform’s verify', () => {
  test('says yes to what was signed and no to anything else', async () => {
    const verify = await nativeVerify()
    const signature = await signer.sign(message)
    expect(await verify?.(signature, message, key)).toBe(true)
    expect(await verify?.(signature, Uint8Array.of(1, 2, 4), key)).toBe(false)
    expect(await verify?.(signature.with(0, (signature[0] as number) ^ 1), message, key)).toBe(false)
    expect(await verify?.(signature, message, keyBytes(signerOf('another').publicKey))).toBe(false)
  })

  test('is not there where the platform has none', async () => {
    expect(
      await nativeVerify(platform({ generateKey: new DOMException('', 'NotSupportedError') })),
    ).toBeUndefined()
    expect(await nativeVerify(platform({ generateKey: new TypeError('') }))).toBeUndefined()
  })

  test('says no for a key that the platform refuses, so that the rule decides', async () => {
    const verify = await nativeVerify(platform({ importKey: new DOMException('', 'DataError') }))
    expect(await verify?.(new Uint8Array(64), message, key)).toBe(false)
  })

  test('fails when the platform fails: a failure is no verdict', async () => {
    for (const verb of ['importKey', 'verify'] as const) {
      const verify = await nativeVerify(platform({ [verb]: new DOMException('', 'OperationError') }))
      await expect(verify?.(await signer.sign(message), message, key)).rejects.toThrow(DOMException)
    }
    await expect(supportsEd25519(platform({ generateKey: new RangeError('') }))).rejects.toThrow(RangeError)
  })
})

test('the rule on this platform: yes, and no with the reason', async () => {
  const verifier = await platformVerifier()
  const signature = await signer.sign(message)
  expect(await verifier.verify(signature, message, signer.publicKey)).toEqual({ ok: true, value: true })
  expect(await verifier.verify(signature, Uint8Array.of(), signer.publicKey)).toEqual({
    ok: false,
    reason: 'signature-wrong',
  })
})
