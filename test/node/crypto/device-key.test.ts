import { afterEach, describe, expect, test, vi } from 'vitest'
import { type DeviceKey, deviceSigner, makeDeviceKey } from '../../../node/crypto/device-key.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { systemRandom } from '../../../node/ports/random.ts'
import { signerFromSeed } from '../../../protocol/signature.ts'
import { bytesOf } from '../../support/community.ts'

const message = Uint8Array.of(1, 2, 3)

afterEach(() => vi.unstubAllGlobals())

async function signs(key: DeviceKey): Promise<boolean> {
  const signer = deviceSigner(key)
  const verdict = await (await platformVerifier()).verify(
    await signer.sign(message),
    message,
    signer.publicKey,
  )
  return verdict.ok
}

describe('a device key', () => {
  test('is kept by the platform, which signs with it and does not show it', async () => {
    const key = await makeDeviceKey(systemRandom)
    if (key.kind !== 'platform') throw new Error('this platform has Ed25519')
    await expect(crypto.subtle.exportKey('pkcs8', key.privateKey)).rejects.toThrow()
    expect(await signs(key)).toBe(true)
    expect(deviceSigner(key).publicKey).not.toBe(deviceSigner(await makeDeviceKey(systemRandom)).publicKey)
  })

  test('is a seed where the platform has no Ed25519', async () => {
    vi.stubGlobal('crypto', { ...crypto, subtle: undefined })
    const key = await makeDeviceKey({ bytes: (length) => bytesOf('random').slice(0, length) })
    expect(key).toEqual({ kind: 'seed', seed: bytesOf('random') })
    vi.unstubAllGlobals()
    expect(await signs(key)).toBe(true)
  })

  test('is the same by either road: Ed25519 signs the same with the same key', async () => {
    const seed = bytesOf('one key')
    const { publicKey, sign } = deviceSigner({ kind: 'seed', seed })
    expect(publicKey).toBe(signerFromSeed(seed).publicKey)
    // RFC 8410: the seed as the platform takes it.
    const pkcs8 = Uint8Array.from([...Buffer.from('302e020100300506032b657004220420', 'hex'), ...seed])
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
    const platform = deviceSigner({
      kind: 'platform',
      privateKey,
      publicKey: Buffer.from(publicKey, 'base64url'),
    })
    expect(platform.publicKey).toBe(publicKey)
    expect(await platform.sign(message)).toEqual(await sign(message))
  })
})
