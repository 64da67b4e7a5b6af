import { join } from 'node:path'
import { build, type Rolldown } from 'vite'
import { describe, expect, it } from 'vitest'
import { ed25519 } from '../../web/build/ed25519.ts'
import { createScalableCuckooFilter } from '../../web/build/filter.ts'
import { Netmask } from '../../web/build/netmask.ts'
import { oneCurve } from '../../web/build/one-curve.ts'
import { hex, unhex } from '../vectors/format.ts'

/** What stands in the app for parts of js-libp2p does what they do. */

describe('netmask', () => {
  it.each([
    {
      range: '10.0.0.0/8',
      first: '10.0.0.0',
      last: '10.255.255.255',
      before: '9.255.255.255',
      after: '11.0.0.0',
    },
    {
      range: '172.16.0.0/12',
      first: '172.16.0.0',
      last: '172.31.255.255',
      before: '172.15.255.255',
      after: '172.32.0.0',
    },
    {
      range: '192.0.0.8/32',
      first: '192.0.0.8',
      last: '192.0.0.8',
      before: '192.0.0.7',
      after: '192.0.0.9',
    },
    {
      range: '240.0.0.0/4',
      first: '240.0.0.0',
      last: '255.255.255.255',
      before: '239.255.255.255',
      after: '1.2.3.4',
    },
  ])('knows where $range begins and ends', ({ range, first, last, before, after }) => {
    const mask = new Netmask(range)
    expect([first, last, before, after].map((address) => mask.contains(address))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it.each(['10.0.0', '10.0.0.256', '10.0.0.x', '::1', ''])('says that "%s" lies nowhere', (address) => {
    expect(new Netmask('0.0.0.0/0').contains(address)).toBe(false)
  })
})

describe('a filter', () => {
  it('knows what was added, bytes or text, until it is removed', () => {
    const filter = createScalableCuckooFilter()
    filter.add(Uint8Array.of(1, 2))
    filter.add('a')
    expect(
      [Uint8Array.of(1, 2), 'a', Uint8Array.of(1), Uint8Array.of(12), 'b'].map((each) => filter.has(each)),
    ).toEqual([true, true, false, false, false])
    expect([
      filter.remove(Uint8Array.of(1, 2)),
      filter.remove('b'),
      filter.has(Uint8Array.of(1, 2)),
      filter.count,
    ]).toEqual([true, false, false, 1])
  })
})

describe('ed25519', () => {
  // RFC 8032 §7.1, test 2.
  const secret = unhex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  const key = unhex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const message = unhex('72')
  const signature =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'

  it('derives, signs and verifies as RFC 8032 says', () => {
    expect(hex(ed25519.getPublicKey(secret))).toBe(hex(key))
    expect(hex(ed25519.sign(message, secret))).toBe(signature)
    expect(ed25519.verify(unhex(signature), message, key)).toBe(true)
  })

  it('refuses another message', () => {
    expect(ed25519.verify(unhex(signature), unhex('73'), key)).toBe(false)
  })

  it('makes new secrets', () => {
    expect(hex(ed25519.utils.randomSecretKey())).not.toBe(hex(ed25519.utils.randomSecretKey()))
  })
})

describe('x25519 without the Edwards curve', () => {
  it('gives the public key and the shared secret of RFC 7748 §6.1', async () => {
    const x25519 = await withoutEdwards()
    const bob = unhex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const alicePublic = unhex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    expect(hex(x25519.getPublicKey(bob))).toBe(
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    )
    expect(hex(x25519.getSharedSecret(bob, alicePublic))).toBe(
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    )
  })
})

interface X25519 {
  getPublicKey(secret: Uint8Array): Uint8Array
  getSharedSecret(secret: Uint8Array, publicKey: Uint8Array): Uint8Array
}

/** The library's X25519 as it is in the app. */
async function withoutEdwards(): Promise<X25519> {
  const entry = join(import.meta.dirname, '../../node_modules/@noble/curves/ed25519.js')
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    plugins: [oneCurve()],
    build: { write: false, minify: false, target: 'es2024', lib: { entry, formats: ['es'] } },
  })) as Rolldown.RolldownOutput[]
  const [chunk] = built[0]?.output ?? []
  if (chunk?.type !== 'chunk') throw new Error('the library was not bundled')
  expect(chunk.code.match(/scalarMultBase: \(/g)).toBeNull()
  const module = await import(`data:text/javascript;base64,${Buffer.from(chunk.code).toString('base64')}`)
  return module.x25519
}
