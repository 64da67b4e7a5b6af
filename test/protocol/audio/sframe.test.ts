import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { platformAead } from '../../../node/crypto/aead.ts'
import {
  decodeHeader,
  deriveFrameKey,
  encodeHeader,
  openFrame,
  SUITE,
  type Suite,
  sealFrame,
} from '../../../protocol/audio/sframe.ts'
import { hex, unhex } from '../../vectors/format.ts'

/** RFC 9605, appendix C, and Wycheproof's AES-GCM through the wrapper that frames are sealed with. */

interface HeaderVector {
  readonly kid: bigint
  readonly ctr: bigint
  readonly encoded: string
}

interface FrameVector {
  readonly cipher_suite: bigint
  readonly kid: bigint
  readonly ctr: bigint
  readonly base_key: string
  readonly sframe_salt: string
  readonly metadata: string
  readonly pt: string
  readonly ct: string
}

/** Key ids and counters exceed 2^53: every number is read from its digits. */
function read<T>(name: string): T {
  const text = readFileSync(join(import.meta.dirname, '../../vectors/public', name), 'utf8')
  const exact = (_key: string, value: unknown, context?: { readonly source: string }) =>
    typeof value === 'number' ? BigInt(context?.source as string) : value
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown) as T
}

const vectors = read<{ header: readonly HeaderVector[]; sframe: readonly FrameVector[] }>(
  'rfc9605-sframe.json',
)
const AES_256: Suite = { id: 0x0005, hash: sha512, keyBytes: 32 }
const SUITES: Readonly<Record<string, Suite>> = { 4: SUITE, 5: AES_256 }

describe('RFC 9605', () => {
  it(`all ${vectors.header.length} headers, both ways`, () => {
    expect(vectors.header.length).toBe(289)
    for (const { kid, ctr, encoded } of vectors.header) {
      expect(hex(encodeHeader({ kid, ctr }))).toBe(encoded)
      const length = encoded.length / 2
      expect(decodeHeader(unhex(`${encoded}aa`))).toEqual({
        ok: true,
        value: { header: { kid, ctr }, length },
      })
    }
  })

  const frames = vectors.sframe.filter(({ cipher_suite }) => String(cipher_suite) in SUITES)
  it('has frames of both suites with AES-GCM', () => expect(frames.length).toBe(2))

  it.each(frames)('frames of suite $cipher_suite', async (vector) => {
    const suite = SUITES[String(vector.cipher_suite)] as Suite
    const { kid, ctr } = vector
    const key = await deriveFrameKey(platformAead, unhex(vector.base_key), kid, suite)
    expect(hex(key.salt)).toBe(vector.sframe_salt)
    const [plaintext, metadata] = [unhex(vector.pt), unhex(vector.metadata)]
    expect(hex(await sealFrame(key, { kid, ctr }, plaintext, metadata))).toBe(vector.ct)
    expect(await openFrame(key, unhex(vector.ct), metadata)).toEqual({ ok: true, value: plaintext })
  })
})

describe('FRAME-1', () => {
  it.each([
    ['no byte', ''],
    ['a key id that is cut short', 'f00000'],
    ['a counter that is cut short', '0901'],
    ['a key id with a leading zero', '9000ff'],
    ['a key id of one byte that fits in the first', '8007'],
    ['a counter with a leading zero', '0900ff'],
    ['a counter of one byte that fits in the first', '0807'],
  ])('%s is malformed', (_name, bytes) => {
    expect(decodeHeader(unhex(bytes))).toEqual({ ok: false, reason: 'frame-malformed' })
  })

  it('one header has one spelling', () => {
    const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(number, number, (kid, ctr) => {
        const bytes = encodeHeader({ kid, ctr })
        expect(decodeHeader(bytes)).toEqual({
          ok: true,
          value: { header: { kid, ctr }, length: bytes.length },
        })
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const decoded = decodeHeader(bytes)
        if (!decoded.ok) return
        expect(encodeHeader(decoded.value.header)).toEqual(bytes.slice(0, decoded.value.length))
      }),
    )
  })

  it('our own numbers fit', () => {
    expect(() => encodeHeader({ kid: 2n ** 64n, ctr: 0n })).toThrow(RangeError)
    expect(() => encodeHeader({ kid: 0n, ctr: -1n })).toThrow(RangeError)
  })

  it('a frame without a whole tag is malformed, and no other than the sealed one opens', async () => {
    const key = await deriveFrameKey(platformAead, sha256(Uint8Array.of(1)), 9n)
    const frame = await sealFrame(key, { kid: 9n, ctr: 5n }, Uint8Array.of(1, 2, 3))
    expect(await openFrame(key, frame)).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) })
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const changed = frame.slice()
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect((await openFrame(key, changed)).ok).toBe(false)
    }
    for (let length = 0; length < frame.length; length++)
      expect((await openFrame(key, frame.subarray(0, length))).ok).toBe(false)
    expect(await openFrame(key, frame.subarray(0, 17))).toEqual({ ok: false, reason: 'frame-malformed' })
  })
})

interface GcmGroup {
  readonly ivSize: bigint
  readonly tagSize: bigint
  readonly keySize: bigint
  readonly tests: readonly {
    readonly tcId: bigint
    readonly key: string
    readonly iv: string
    readonly aad: string
    readonly msg: string
    readonly ct: string
    readonly tag: string
    readonly result: 'valid' | 'invalid' | 'acceptable'
  }[]
}

describe('AES-GCM', () => {
  const { testGroups } = read<{ testGroups: readonly GcmGroup[] }>('wycheproof-aes_gcm.json')
  // SFrame has nonces of 12 bytes, tags of 16, and keys of 16 or 32.
  const ours = testGroups
    .filter(({ ivSize, tagSize, keySize }) => ivSize === 96n && tagSize === 128n && keySize !== 192n)
    .flatMap(({ tests }) => tests)

  it(`Wycheproof, all ${ours.length} with our nonces and tags`, async () => {
    expect(ours.length).toBeGreaterThan(100)
    for (const { tcId, key: bytes, iv, aad, msg, ct, tag, result } of ours) {
      const key = await platformAead.importKey(unhex(bytes))
      const opened = await key.open(unhex(iv), unhex(aad), unhex(ct + tag))
      expect(opened === undefined ? 'invalid' : 'valid', `tcId ${tcId}`).toBe(result)
      if (opened === undefined) continue
      expect(hex(opened)).toBe(msg)
      expect(hex(await key.seal(unhex(iv), unhex(aad), unhex(msg)))).toBe(ct + tag)
    }
  })
})
