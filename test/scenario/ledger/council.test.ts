import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../../protocol/bytes.ts'
import { decodeValue, encodeValue } from '../../../protocol/codec.ts'
import { BAN, type BanStatement } from '../../../protocol/community/ban.ts'
import { COUNCIL } from '../../../protocol/community/council.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import { type KeyText, keyBytes } from '../../../protocol/ids.ts'
import { HOUR } from '../../../protocol/limits.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { rotateRoot } from '../../support/acts.ts'
import type { Person } from '../../support/community.ts'
import { signerOf } from '../../support/community.ts'
import { signedBy } from '../bad-input/forged.ts'
import { Book } from './book.ts'

/** Alice, Bob and Carol are the council, of whom two decide. Mallory is a member whom they mean to ban. */
describe('a council of whom two of three decide', () => {
  test('does nothing by one of them', async () => {
    const { book, alice, ban } = await town()
    expect(await book.put(await ban([alice.root]))).toBe('council-minority')
    await expectUntouched(book)
  })

  test('does nothing by one of them who votes twice', async () => {
    const { book, alice, bob, ban } = await town()
    const once = await ban([alice.root])
    expect(await book.put({ bytes: withVotes(once, [once.signatures[0], once.signatures[0]]) })).toBe(
      'signers-unordered',
    )
    // The same vote beside one that Bob never gave.
    const forged = await ban([alice.root, signedBy(bob.root, alice.root)])
    expect(await book.put(forged)).toBe('signature-wrong')
    // Nor with another key of hers.
    expect(await book.put(await ban([alice.root, alice.device]))).toBe('signer-unexpected')
    await expectUntouched(book)
  })

  test('does nothing together with somebody outside it', async () => {
    const { book, alice, bob, dave, mallory, ban } = await town()
    for (const outsider of [dave.root, mallory.root, signerOf('a stranger')]) {
      expect(await book.put(await ban([alice.root, outsider]))).toBe('signer-unexpected')
      // Not even where enough of the council signed: who else signs is no matter of taste.
      expect(await book.put(await ban([alice.root, bob.root, outsider]))).toBe('signer-unexpected')
    }
    await expectUntouched(book)
  })

  test('is heard no more once another is in force, whenever it voted', async () => {
    const { book, alice, bob, carol, dave, ban } = await town()
    const old = await ban([alice.root, bob.root])
    const next = await councilOf([carol, dave], 2, book.state.council.v, book, [alice.root, carol.root])
    await book.take(next)
    expect(book.state.council).toMatchObject({
      v: 2,
      k: 2,
      keys: sorted([carol, dave].map(({ root }) => root.publicKey)),
    })

    expect(await book.put(old)).toBe('council-version')
    // The old one again, which calls itself the new one.
    expect(await book.put(await ban([alice.root, bob.root], 2))).toBe('signer-unexpected')
    // One who is in both does not carry the other's vote over.
    expect(await book.put(await ban([bob.root, carol.root], 2))).toBe('signer-unexpected')
    expect(await book.put(await ban([carol.root], 2))).toBe('council-minority')
    // The one to come is none yet.
    expect(await book.put(await ban([carol.root, dave.root], 3))).toBe('council-version')
    await expectUntouched(book)
    await book.take(await ban([carol.root, dave.root], 2))
    expect(await book.disagreement()).toBeUndefined()
  })

  test('cannot be replaced by one of them, nor by those who come after', async () => {
    const { book, alice, dave, mallory } = await town()
    const { v } = book.state.council
    const cases: [readonly Signer[], string][] = [
      [[alice.root], 'council-minority'],
      [[dave.root, mallory.root], 'signer-unexpected'],
    ]
    for (const [signers, reason] of cases)
      expect(await book.put(await councilOf([dave, mallory], 1, v, book, signers))).toBe(reason)
    expect(book.state.council).toMatchObject({ v, k: 2 })
  })

  test('may take one vote for all of them only as often as it has keys: what is said twice is known', async () => {
    const { book, alice, bob, carol, ban } = await town()
    const said = await ban([alice.root, bob.root])
    await book.take(said)
    // The same payload under other votes is the same statement.
    expect(await book.put(await ban([bob.root, carol.root]))).toBe('statement-known')
    book.later(HOUR)
    expect(await book.put(await ban([bob.root, carol.root]))).toBe('ban-known')
    expect(await book.disagreement()).toBeUndefined()
  })

  test('keeps the keys that it was made of: a root that its member gave up still votes, the new one does not', async () => {
    const { book, alice, bob, ban } = await town()
    const { person, envelope } = await rotateRoot(bob, signerOf('Bob second root'), book.at)
    await book.take(envelope)
    expect(await book.put(await ban([alice.root, person.root]))).toBe('signer-unexpected')
    await book.take(await ban([alice.root, bob.root]))
  })
})

async function town() {
  const book = await Book.of()
  const { alice } = book
  const [bob, carol, dave, mallory] = [
    await book.bring(alice, 0, 'Bob'),
    await book.bring(alice, 1, 'Carol'),
    await book.bring(alice, 2, 'Dave'),
    await book.bring(alice, 3, 'Mallory'),
  ]
  await book.take(await councilOf([alice, bob, carol], 2, 0, book, [alice.root]))
  const ban = (signers: readonly Signer[], v = 1): Promise<Envelope<BanStatement>> =>
    seal(BAN, book.founded.community, { v, m: mallory.member, why: 'spam', at: book.at }, signers)
  return { book, alice, bob, carol, dave, mallory, ban }
}

/** @param v of the council in force */
function councilOf(
  people: readonly Person[],
  k: number,
  v: number,
  { founded, at }: Book,
  signers: readonly Signer[],
) {
  const keys = sorted(people.map(({ root }) => root.publicKey))
  return seal(COUNCIL, founded.community, { v, k, keys, at }, signers)
}

/** Nobody was banned, and everybody sees that. */
async function expectUntouched(book: Book): Promise<void> {
  expect([...book.state.members.values()].every(({ standing }) => standing === 'active')).toBe(true)
  expect(book.state.bans.size).toBe(0)
  expect(await book.disagreement()).toBeUndefined()
}

/** The envelope of the same payload with these signatures, whether or not an honest person would write it. */
function withVotes(
  { bytes }: Envelope<unknown>,
  votes: readonly (Envelope<unknown>['signatures'][number] | undefined)[],
): Uint8Array {
  const read = decodeValue(bytes, bytes.length)
  if (!read.ok) throw new Error(read.reason)
  const s = votes.flatMap((vote) => (vote ? [{ k: keyBytes(vote.key), s: vote.signature }] : []))
  return encodeValue({ ...(read.value as { readonly p: Uint8Array }), s })
}

function sorted(keys: readonly KeyText[]): readonly KeyText[] {
  return keys.toSorted((a, b) => compareBytes(keyBytes(a), keyBytes(b)))
}
