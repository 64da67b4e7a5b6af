import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { openerFromSeed } from '../../protocol/community/sealed.ts'
import { DOMAIN, separated } from '../../protocol/domains.ts'
import { idBytes, idOf, keyBytes } from '../../protocol/ids.ts'
import { MAX_ENVELOPE_BYTES } from '../../protocol/limits.ts'
import { openCall, sealCall } from '../../protocol/room/call.ts'
import { montgomeryOf, publicOf, secretOf, sharedSecret } from '../../protocol/x25519.ts'
import { bytesOf, signerOf } from '../support/community.ts'

const COMMUNITY = idOf<never>(bytesOf('the community'))
const bob = openerFromSeed(bytesOf('Bob'), signerOf('Bob').publicKey)
const carol = openerFromSeed(bytesOf('Carol'), signerOf('Carol').publicKey)
const words = new TextEncoder().encode('an announcement')
const seed = bytesOf('a call')

describe('a call into a private room', () => {
  test('PRIVATE-1 opens for the session that is called, and says nothing of its length', () => {
    const call = sealCall(COMMUNITY, bob.publicKey, words, seed)
    expect(openCall(COMMUNITY, bob, call)).toEqual({ ok: true, value: words })
    const long = new Uint8Array(MAX_ENVELOPE_BYTES).fill(7)
    const full = sealCall(COMMUNITY, bob.publicKey, long, seed)
    expect(openCall(COMMUNITY, bob, full)).toEqual({ ok: true, value: long })
    expect(full.box.length).toBe(call.box.length)
    expect(call.box.length).toBe(5803)
  })

  test('PRIVATE-1 depends on the session, on the community and on its own secret', () => {
    const call = sealCall(COMMUNITY, bob.publicKey, words, seed)
    const wrong = { ok: false, reason: 'sealed-wrong', at: 'box' }
    expect(openCall(COMMUNITY, carol, call)).toEqual(wrong)
    expect(openCall(idOf<never>(bytesOf('another')), bob, call)).toEqual(wrong)
    // With Bob's secret and under another name it is not for him.
    expect(
      openCall(COMMUNITY, { publicKey: carol.publicKey, secret: secretOf(bytesOf('Bob')) }, call),
    ).toEqual(wrong)
    const other = sealCall(COMMUNITY, bob.publicKey, words, bytesOf('another call'))
    expect(openCall(COMMUNITY, bob, { x: other.x, box: call.box })).toEqual(wrong)
  })

  test.each([0, 1, 31])('PRIVATE-2 does not open when byte %i of x is another', (at) => {
    const call = sealCall(COMMUNITY, bob.publicKey, words, seed)
    const x = call.x.with(at, (call.x[at] as number) ^ 1)
    expect(openCall(COMMUNITY, bob, { ...call, x })).toMatchObject({ ok: false, reason: 'sealed-wrong' })
  })

  test.each([
    ['0', new Uint8Array(32)],
    ['the prime', new Uint8Array(32).fill(255).with(0, 237).with(31, 127)],
  ])('PRIVATE-2 takes no x that everybody shares: %s', (_name, x) => {
    const call = sealCall(COMMUNITY, bob.publicKey, words, seed)
    expect(openCall(COMMUNITY, bob, { ...call, x })).toEqual({ ok: false, reason: 'sealed-wrong', at: 'x' })
  })

  test.each([0, 2000, 5802])('PRIVATE-2 does not open when byte %i of the box is another', (at) => {
    const call = sealCall(COMMUNITY, bob.publicKey, words, seed)
    const box = call.box.with(at, (call.box[at] as number) ^ 1)
    expect(openCall(COMMUNITY, bob, { ...call, box })).toEqual({
      ok: false,
      reason: 'sealed-wrong',
      at: 'box',
    })
  })

  test.each([
    ['a length beyond its end', (padded: Uint8Array) => padded.with(0, 255).with(1, 255)],
    ['something after it', (padded: Uint8Array) => padded.with(padded.length - 1, 1)],
  ])('PRIVATE-2 is malformed with %s', (_name, damage) => {
    const x = publicOf(seed)
    const shared = sharedSecret(seed, montgomeryOf(keyBytes(bob.publicKey))) as Uint8Array
    const context = separated(DOMAIN.call, 'call', idBytes(COMMUNITY), keyBytes(bob.publicKey))
    const key = hkdf(sha256, shared, context, concatBytes(utf8ToBytes('palabre/v1/call\0'), x), 32)
    const cipher = () => chacha20poly1305(key, new Uint8Array(12), context)
    const padded = cipher().decrypt(sealCall(COMMUNITY, bob.publicKey, words, seed).box)
    expect(openCall(COMMUNITY, bob, { x, box: cipher().encrypt(padded) })).toEqual({ ok: true, value: words })
    expect(openCall(COMMUNITY, bob, { x, box: cipher().encrypt(damage(padded)) })).toEqual({
      ok: false,
      reason: 'malformed',
    })
  })

  test('is made of 32 random bytes, and of an announcement', () => {
    expect(() => sealCall(COMMUNITY, bob.publicKey, words, new Uint8Array(31))).toThrow(RangeError)
    const long = new Uint8Array(MAX_ENVELOPE_BYTES + 1)
    expect(() => sealCall(COMMUNITY, bob.publicKey, long, seed)).toThrow(RangeError)
  })
})
