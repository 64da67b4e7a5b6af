import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { openerFromSeed } from '../../protocol/community/sealed.ts'
import { DOMAIN, separated } from '../../protocol/domains.ts'
import { idBytes, idOf, type KeyText, keyBytes, keyText } from '../../protocol/ids.ts'
import { openWelcome, sealWelcome, type Welcome } from '../../protocol/room/welcome.ts'
import { montgomeryOf, publicOf, secretOf, sharedSecret } from '../../protocol/x25519.ts'
import { bytesOf, signerOf } from '../support/community.ts'

const alice = openerFromSeed(bytesOf('Alice'), signerOf('Alice').publicKey)
const carol = openerFromSeed(bytesOf('Carol'), signerOf('Carol').publicKey)
const mallory = openerFromSeed(bytesOf('Mallory'), signerOf('Mallory').publicKey)
/** Carol comes, Alice is there. */
const doorstep = {
  community: idOf<never>(bytesOf('the community')),
  room: idOf<never>(bytesOf('the room')),
  from: carol.publicKey,
  to: alice.publicKey,
}
const asked = bytesOf('what Carol drew')
const answered = bytesOf('what Alice drew')
const words = new TextEncoder().encode('a secret, and who is there')
const wrong = { ok: false, reason: 'sealed-wrong' }

function welcome(own = alice, where = doorstep): Welcome {
  const sealed = sealWelcome(where, own, publicOf(asked), answered, words)
  if (sealed === undefined) throw new Error('not sealed')
  return sealed
}

describe('a welcome past a relay', () => {
  test('WELCOME-2 opens for who asked, and with what they asked', () => {
    expect(openWelcome(doorstep, carol, asked, welcome())).toEqual({ ok: true, value: words })
  })

  test('WELCOME-2 opens for nobody else: with the seed and another session, or the session and another seed', () => {
    expect(openWelcome(doorstep, mallory, asked, welcome())).toMatchObject(wrong)
    expect(openWelcome(doorstep, carol, bytesOf('another request'), welcome())).toMatchObject(wrong)
  })

  test('WELCOME-2 is of the session that was asked: who knows all that the relay saw makes none', () => {
    expect(openWelcome(doorstep, carol, asked, welcome(mallory))).toMatchObject(wrong)
  })

  test.each(['community', 'room', 'from', 'to'] as const)('WELCOME-2 depends on the %s', (name) => {
    const other = name === 'from' || name === 'to' ? mallory.publicKey : idOf<never>(bytesOf('another'))
    const elsewhere = welcome(alice, { ...doorstep, [name]: other })
    expect(openWelcome(doorstep, carol, asked, elsewhere)).toMatchObject(wrong)
  })

  test.each(['x', 'box'] as const)('WELCOME-2 does not open with a bit of %s turned', (part) => {
    const sealed = welcome()
    const turned = sealed[part].with(3, (sealed[part][3] as number) ^ 1)
    expect(openWelcome(doorstep, carol, asked, { ...sealed, [part]: turned })).toMatchObject(wrong)
  })

  test('WELCOME-2 takes no key that everybody shares, and no session that is none', () => {
    const zero = new Uint8Array(32)
    const none: KeyText = keyText(zero.with(0, 1))
    expect(sealWelcome(doorstep, alice, zero, answered, words)).toBeUndefined()
    expect(sealWelcome({ ...doorstep, from: none }, alice, publicOf(asked), answered, words)).toBeUndefined()
    expect(openWelcome(doorstep, carol, asked, { ...welcome(), x: zero })).toMatchObject({
      ...wrong,
      at: 'x',
    })
    expect(openWelcome({ ...doorstep, to: none }, carol, asked, welcome())).toMatchObject({
      ...wrong,
      at: 'to',
    })
  })

  test('WELCOME-2 is made as it is written', () => {
    const [hers, theirs] = [publicOf(asked), publicOf(answered)]
    const shared = [
      sharedSecret(asked, theirs),
      sharedSecret(asked, montgomeryOf(keyBytes(alice.publicKey))),
      sharedSecret(secretOf(bytesOf('Carol')), theirs),
    ] as Uint8Array[]
    const names = concatBytes(idBytes(doorstep.room), keyBytes(doorstep.from), keyBytes(doorstep.to))
    const context = separated(DOMAIN.welcome, 'welcome', idBytes(doorstep.community), names)
    const info = concatBytes(utf8ToBytes('palabre/v1/welcome\0'), hers, theirs)
    const key = hkdf(sha256, concatBytes(...shared), context, info, 32)
    const box = chacha20poly1305(key, new Uint8Array(12), context).encrypt(words)
    expect(welcome()).toEqual({ x: theirs, box })
  })
})
