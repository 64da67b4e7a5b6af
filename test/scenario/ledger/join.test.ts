import { describe, expect, test } from 'vitest'
import { LEAK } from '../../../protocol/community/evidence.ts'
import { JOIN } from '../../../protocol/community/join.ts'
import { REPUDIATE } from '../../../protocol/community/repudiate.ts'
import { seal } from '../../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../../protocol/identity/device.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import { HOUR, MINUTE } from '../../../protocol/limits.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { deviceAct } from '../../support/acts.ts'
import { type Invitation, join, type Person, personOf, signerOf } from '../../support/community.ts'
import { signedBy, stolenJoins } from '../bad-input/forged.ts'
import { Book } from './book.ts'

describe('a join that Mallory sees in flight', () => {
  test('cannot be made hers, and its guest comes in all the same', async () => {
    const book = await Book.of()
    const mallory = await book.bring(book.alice, 0, 'Mallory')
    const invitation = await book.invite(book.alice, 1)
    const { person: carol, envelope: seen } = await join(invitation, 'Carol', book.at)

    const thief = await personOf(invitation.community, 'Thief', book.at)
    for (const [name, bytes, reason] of await stolenJoins(seen, carol, invitation, thief))
      expect(await book.put({ bytes }), name).toBe(reason)
    expect(book.isMember(thief)).toBe(false)
    expect(book.state.invitations.get(invitation.id)?.guest).toBeUndefined()

    await book.take(seen)
    expect(book.member(carol)).toMatchObject({ sponsor: book.alice.member, standing: 'active' })
    expect(book.member(mallory).lastGuest).toBeUndefined()
    // Sent on by somebody else it is the same join, and lets nobody in a second time.
    expect(await book.put(seen)).toBe('statement-known')
    expect(await book.disagreement()).toBeUndefined()
  })

  test('cannot be given another device of the guest', async () => {
    const book = await Book.of()
    const invitation = await book.invite(book.alice, 0)
    const { person: carol, envelope: seen } = await join(invitation, 'Carol', book.at)
    const theirs = signerOf('a device of the thief')
    const rootOfCarol = copyOf(carol.deviceAdd.signatures, carol.root)
    const added = { ...carol.deviceAdd.payload, device: theirs.publicKey }
    const cases: [string, readonly Signer[], string][] = [
      ['with the root’s signature of her device copied', [rootOfCarol, theirs], 'signature-wrong'],
      ['without the root', [theirs], 'signer-missing'],
      ['with a root of their own', [signerOf('Thief root'), theirs], 'signer-unexpected'],
    ]
    for (const [name, signers, reason] of cases) {
      const device = await seal(DEVICE_ADD, carol.community, added, signers)
      const payload = { ...seen.payload, device: device.bytes, prev: device.id as StatementId }
      const stolen = await seal(JOIN, carol.community, payload, [
        theirs,
        copyOf(seen.signatures, invitation.signer),
      ])
      expect(await book.put(stolen), name).toBe(reason)
    }
    await book.take(seen)
    expect([...book.state.devices.values()].filter(({ member }) => member === carol.member)).toHaveLength(1)
    expect(await book.disagreement()).toBeUndefined()
  })
})

describe('a link that two people used', () => {
  test('lets in the first, and the join of the second proves for everybody that it leaked', async () => {
    const { book, invitation, carol, second } = await leaked()
    expect(await book.put(second.envelope)).toBe('invitation-used')
    expect(book.isMember(second.person)).toBe(false)

    await book.take(await leakOf(book, second.envelope.bytes))
    expect(book.state.invitations.get(invitation.id)).toMatchObject({ guest: carol.member, leaked: true })
    expect(book.member(carol).standing).toBe('active')
    expect(await book.put(await leakOf(book.later(MINUTE), second.envelope.bytes))).toBe('evidence-known')
    expect(await book.disagreement()).toBeUndefined()
  })

  test('does not count as leaked for the join of the guest, nor for one that somebody without the link made up', async () => {
    const { book, invitation, first, second } = await leaked()
    const guessed: Invitation = { ...invitation, signer: signerOf('a guess') }
    const forged: Invitation = { ...invitation, signer: signedBy(invitation.signer, signerOf('a guess')) }
    const cases: [string, Uint8Array][] = [
      ['the guest’s own', first.bytes],
      ['with another invitation key', (await join(guessed, 'Liar', book.at)).envelope.bytes],
      [
        'with a signature that the invitation key did not make',
        (await join(forged, 'Liar', book.at)).envelope.bytes,
      ],
      ['no join', second.person.identity.bytes],
    ]
    for (const [name, bytes] of cases)
      expect(await book.put(await leakOf(book, bytes)), name).toBe('evidence-wrong')
    expect(book.state.invitations.get(invitation.id)?.leaked).toBeFalsy()
    expect(await book.disagreement()).toBeUndefined()
  })

  test('may be undone by the sponsor for a day, and the slot is free again', async () => {
    const { book, invitation, carol, second } = await leaked()
    await book.take(await leakOf(book, second.envelope.bytes))
    const { alice } = book
    book.later(24 * HOUR)
    const late = await deviceAct({ ...alice }, REPUDIATE, { invite: invitation.id }, book.at + MINUTE)
    await book.take(await deviceAct(alice, REPUDIATE, { invite: invitation.id }, book.at))
    expect(book.member(carol).standing).toBe('repudiated')
    const wanted = await book.invite(alice, 0)
    const { person } = await book.arrive(wanted, 'Wanted')
    expect(book.member(person).standing).toBe('active')
    // Neither who came in wrongly nor who came too late gets in with the link that leaked.
    const again = await join(invitation, 'Third', book.at)
    expect(await book.put(again.envelope)).toBe('invitation-used')
    expect(await book.put(late)).toBe('equivocation')
    expect(await book.disagreement()).toBeUndefined()
  })

  test('can be undone no more after the day', async () => {
    const { book, invitation, carol } = await leaked()
    book.later(24 * HOUR + MINUTE)
    const late = await deviceAct(book.alice, REPUDIATE, { invite: invitation.id }, book.at)
    expect(await book.put(late)).toBe('undo-late')
    expect(book.member(carol).standing).toBe('active')
  })

  /** Carol came in with a link that somebody else has too. */
  async function leaked() {
    const book = await Book.of()
    const invitation = await book.invite(book.alice, 0)
    const { person: carol, envelope: first } = await book.arrive(invitation, 'Carol')
    const second = await join(invitation, 'Second', book.at)
    return { book, invitation, carol, first, second }
  }
})

/** The signer of whom one signature was seen, and makes no other. */
function copyOf(
  signatures: readonly { readonly key: string; readonly signature: Uint8Array }[],
  { publicKey }: Person['root'],
): Signer {
  const seen = signatures.find(({ key }) => key === publicKey)?.signature as Uint8Array
  return { publicKey, sign: async () => seen }
}

/** What a log makes of a join that came too late. */
function leakOf({ founded, at }: Book, late: Uint8Array) {
  return seal(LEAK, founded.community, { join: late, at }, [signerOf('the log')])
}
