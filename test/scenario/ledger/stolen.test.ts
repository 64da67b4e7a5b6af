import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../../protocol/bytes.ts'
import { EQUIVOCATION } from '../../../protocol/community/evidence.ts'
import { INVITE_VOID, type InviteVoid } from '../../../protocol/community/invite-void.ts'
import { type PayloadType, seal } from '../../../protocol/envelope.ts'
import { DEVICE_ADD, DEVICE_REMOVE } from '../../../protocol/identity/device.ts'
import { GUARDIANS } from '../../../protocol/identity/guardians.ts'
import { idBytes, type MemberId, type StatementId } from '../../../protocol/ids.ts'
import { DAY, HOUR, MINUTE, RECOVERY_DELAY } from '../../../protocol/limits.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { deviceAct, type Linked, recoverRoot, rootAct, rotateRoot } from '../../support/acts.ts'
import { addDevice, invite, join, type Person, signerOf } from '../../support/community.ts'
import { Book } from './book.ts'

/** An invite-void by the sponsor, which has other fields than the council's. */
const WITHDRAW = INVITE_VOID as unknown as PayloadType<Linked & Pick<InviteVoid, 'invite'>>

describe('Bob’s laptop, which a thief has', () => {
  test('lets in no device of the thief', async () => {
    const { book, bob, laptop } = await town()
    const theirs = signerOf('Thief device')
    const { next: n, last: prev } = bob.rootChain
    const payload = { m: bob.member, device: theirs.publicKey, n, prev, at: book.at }
    const cases: [string, readonly Signer[], string][] = [
      ['signed by the laptop for the root', [laptop.device, theirs], 'signer-unexpected'],
      ['without the root', [theirs], 'signer-missing'],
      ['with a root of the thief', [signerOf('Thief root'), theirs], 'signer-unexpected'],
    ]
    for (const [name, signers, reason] of cases)
      expect(await book.put(await seal(DEVICE_ADD, bob.community, payload, signers)), name).toBe(reason)
    const remove = { ...payload, device: bob.device.publicKey }
    expect(await book.put(await seal(DEVICE_REMOVE, bob.community, remove, [laptop.device]))).toBe(
      'signer-unexpected',
    )
    expect(book.state.devices.has(theirs.publicKey)).toBe(false)
    expect(await book.disagreement()).toBeUndefined()
  })

  test('acts for Bob until he removes it: what it did stays, what it does afterwards is void', async () => {
    const { book, bob, laptop } = await town()
    const used = await book.invite(laptop, 0)
    const { person: trudy } = await book.arrive(used, 'Trudy')
    const open = await book.invite(laptop, 1)
    await book.take(await rootAct(bob, DEVICE_REMOVE, { device: laptop.device.publicKey }, book.at))

    book.later(HOUR)
    const later = await deviceAct({ ...laptop }, WITHDRAW, { invite: used.id }, book.at)
    expect(await book.put(later)).toBe('device-removed')
    // Also what it says that it did before.
    expect(
      await book.put(await deviceAct({ ...laptop }, WITHDRAW, { invite: used.id }, book.at - 2 * HOUR)),
    ).toBe('device-removed')
    expect(book.member(trudy)).toMatchObject({ standing: 'active', sponsor: bob.member })

    // Its open invitation stands until Bob withdraws it with another device.
    expect(book.state.invitations.get(open.id)).toMatchObject({ void: false })
    await book.take(await deviceAct(bob, WITHDRAW, { invite: open.id }, book.at))
    expect(await book.put((await join(open, 'Rita', book.at)).envelope)).toBe('invitation-void')
    // The slot is free, and the laptop stays what it is: it cannot be let in again.
    await book.invite(bob, 1)
    const again = await addDevice({ ...bob }, 'Bob laptop', book.at)
    expect(await book.put(again)).toBe('device-known')
    expect(await book.disagreement()).toBeUndefined()
  })

  test('is frozen once Bob and the thief have both used its number: two statements for one place are proof', async () => {
    const { book, bob, laptop } = await town()
    const copy = { ...laptop }
    const ours = await book.invite(laptop, 0)
    const theirs = await invite(copy, 1, book.at + MINUTE)
    expect(await book.later(MINUTE).put(theirs.envelope)).toBe('equivocation')
    const [a, b] = [ours.envelope, theirs.envelope]
      .toSorted((x, y) => compareBytes(idBytes(x.id), idBytes(y.id)))
      .map(({ bytes }) => bytes) as [Uint8Array, Uint8Array]
    const log = signerOf('the log')
    await book.take(await seal(EQUIVOCATION, bob.community, { a, b, at: book.at }, [log]))
    expect(await book.put((await invite({ ...laptop }, 1, book.at)).envelope)).toBe('key-frozen')
    // Another device of Bob is none of this.
    await book.invite(bob, 1)
    expect(await book.disagreement()).toBeUndefined()
  })
})

describe('Bob’s root, which a thief has', () => {
  test('can be taken away by guardians after seven days, in which the thief was silent', async () => {
    const { book, bob, guardians } = await guarded()
    const recovered = await recoverRoot(
      bob,
      signerOf('Bob second root'),
      devicesOf(guardians.slice(0, 2)),
      book.at,
    )
    await book.take(recovered.envelope)
    const due = book.at + RECOVERY_DELAY
    expect(book.member(bob)).toMatchObject({ root: bob.root.publicKey, recovery: { due } })

    // Until then the new root is nobody's.
    book.later(RECOVERY_DELAY - MINUTE)
    const early = await addDevice({ ...recovered.person }, 'Bob tablet', book.at)
    expect(await book.put(early)).toBe('signer-unexpected')
    expect(book.member(bob).recovery).toBeDefined()

    book.later(MINUTE)
    await book.take(await addDevice(recovered.person, 'Bob phone', book.at))
    expect(book.member(bob)).toMatchObject({
      root: signerOf('Bob second root').publicKey,
      recovery: undefined,
    })
    const thief = await addDevice({ ...bob }, 'Thief device', book.at)
    expect(await book.put(thief)).toBe('sequence-wrong')
    expect(await book.disagreement()).toBeUndefined()
  })

  test('keeps its place as long as the thief says no in time, and the guardians may ask again', async () => {
    const { book, bob, guardians } = await guarded()
    const signers = devicesOf(guardians.slice(0, 2))
    const first = await recoverRoot(bob, signerOf('Bob second root'), signers, book.at)
    await book.take(first.envelope)
    const second = await recoverRoot(bob, signerOf('Bob third root'), signers, book.at)
    expect(await book.put(second.envelope)).toBe('recovery-pending')

    book.later(6 * DAY)
    await book.take(await addDevice(bob, 'Thief device', book.at))
    expect(book.member(bob).recovery).toBeUndefined()
    book.later(2 * DAY)
    expect(await book.put(await addDevice({ ...first.person }, 'Bob phone', book.at))).toBe(
      'signer-unexpected',
    )
    expect(book.member(bob).root).toBe(bob.root.publicKey)
    // The root that was named once is used up; another may be named.
    expect(
      await book.put((await recoverRoot(bob, signerOf('Bob second root'), signers, book.at)).envelope),
    ).toBe('device-known')
    await book.take((await recoverRoot(bob, signerOf('Bob third root'), signers, book.at)).envelope)
    book.later(RECOVERY_DELAY)
    await book.invite(book.alice, 9)
    expect(book.member(bob).root).toBe(signerOf('Bob third root').publicKey)
    expect(await book.disagreement()).toBeUndefined()
  })

  test('is not given to anybody by too few guardians, by one of them twice, or by whom Bob never named', async () => {
    const { book, bob, guardians } = await guarded()
    const [carol, dave] = guardians as [Person, Person, Person]
    const added = await addDevice(carol, 'Carol second device', book.at)
    await book.take(added)
    const stranger = await book.bring(book.alice, 8, 'Mallory')
    const removed = await rootAct(dave, DEVICE_REMOVE, { device: dave.device.publicKey }, book.at)
    const cases: [string, readonly Signer[], string][] = [
      ['nobody', [], 'guardians-minority'],
      ['one', [carol.device], 'guardians-minority'],
      ['one with two devices', [carol.device, signerOf('Carol second device')], 'signer-unexpected'],
      ['one and a stranger', [carol.device, stranger.device], 'signer-unexpected'],
      ['two and a stranger', [carol.device, dave.device, stranger.device], 'signer-unexpected'],
      ['one and Bob himself', [carol.device, bob.device], 'signer-unexpected'],
      ['the root of one', [carol.device, dave.root], 'signer-unexpected'],
    ]
    const root = signerOf('Thief root')
    for (const [name, signers, reason] of cases)
      expect(await book.put((await recoverRoot(bob, root, signers, book.at)).envelope), name).toBe(reason)
    await book.take(removed)
    const withRemoved = await recoverRoot(bob, root, devicesOf([carol, dave]), book.at)
    expect(await book.put(withRemoved.envelope)).toBe('signer-unexpected')
    expect(book.member(bob)).toMatchObject({ root: bob.root.publicKey, recovery: undefined })
    expect(await book.disagreement()).toBeUndefined()
  })

  test('makes a new root of its own while Bob sleeps, and the guardians take that one back too', async () => {
    const { book, bob, guardians } = await guarded()
    const stolen = await rotateRoot(bob, signerOf('Thief root'), book.at)
    await book.take(stolen.envelope)
    expect(await book.put(await addDevice({ ...bob }, 'Bob phone', book.at))).toBe('sequence-wrong')
    const recovered = await recoverRoot(
      bob,
      signerOf('Bob second root'),
      devicesOf(guardians.slice(1)),
      book.at,
    )
    await book.take(recovered.envelope)
    book.later(RECOVERY_DELAY)
    await book.take(await addDevice(recovered.person, 'Bob phone', book.at))
    expect(book.member(bob).root).toBe(signerOf('Bob second root').publicKey)
    expect(await book.disagreement()).toBeUndefined()
  })
})

/** Bob has a phone, which he keeps, and a laptop, which he does not. */
async function town() {
  const book = await Book.of()
  const bob = await book.bring(book.alice, 0, 'Bob')
  const added = await addDevice(bob, 'Bob laptop', book.at)
  await book.take(added)
  const laptop: Person = {
    ...bob,
    device: signerOf('Bob laptop'),
    deviceChain: { next: 0, last: added.id as StatementId },
  }
  return { book, bob, laptop }
}

/** Carol, Dave and Erin are Bob's guardians, of whom two decide. */
async function guarded() {
  const { book, bob } = await town()
  const guardians: Person[] = []
  for (const [i, name] of ['Carol', 'Dave', 'Erin'].entries())
    guardians.push(await book.bring(book.alice, i + 1, name))
  const of: readonly MemberId[] = guardians
    .map(({ member }) => member)
    .toSorted((a, b) => compareBytes(idBytes(a), idBytes(b)))
  await book.take(await rootAct(bob, GUARDIANS, { k: 2, of }, book.at))
  return { book, bob, guardians }
}

function devicesOf(people: readonly Person[]): readonly Signer[] {
  return people.map(({ device }) => device)
}
