import { describe, expect, test } from 'vitest'
import { BAN, UNBAN } from '../../../protocol/community/ban.ts'
import { JOIN } from '../../../protocol/community/join.ts'
import { ERASE } from '../../../protocol/community/leave.ts'
import { seal } from '../../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../../protocol/identity/device.ts'
import { IDENTITY, memberOf } from '../../../protocol/identity/identity.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import { DAY, HOUR } from '../../../protocol/limits.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { councilAct, deviceAct, rotateRoot } from '../../support/acts.ts'
import {
  addDevice,
  bytesOf,
  type Invitation,
  invite,
  join,
  type Person,
  signerOf,
} from '../../support/community.ts'
import { Book } from './book.ts'

describe('a member who was banned', () => {
  test('cannot date an invitation back to before the ban', async () => {
    const { book, mallory } = await town()
    const before = book.at
    await ban(book.later(DAY), mallory)
    // Signed now, with a time at which she was welcome.
    const backdated = await invite({ ...mallory }, 1, before)
    expect(backdated.envelope.payload.at).toBeLessThan(book.at)
    expect(await book.put(backdated.envelope)).toBe('member-banned')
    const { person, envelope } = await join(backdated, 'Rita', before)
    expect(await book.put(envelope)).toBe('invitation-unknown')
    expect(book.isMember(person)).toBe(false)
    expect(await book.disagreement()).toBeUndefined()
  })

  test('lets nobody in with an invitation that is in the ledger, whenever the join was signed', async () => {
    const { book, mallory } = await town()
    const open = await book.invite(mallory, 0)
    const signedBefore = await join(open, 'Rita', book.at)
    await ban(book.later(DAY), mallory)
    const signedAfter = await join(open, 'Rob', book.at)
    for (const { envelope, person } of [signedBefore, signedAfter]) {
      expect(await book.put(envelope)).toBe('invitation-void')
      expect(book.isMember(person)).toBe(false)
    }
    expect(await book.disagreement()).toBeUndefined()
  })

  test('does not come back with a new device, another root, or a guardian', async () => {
    const { book, mallory } = await town()
    const tablet = await addDevice({ ...mallory }, 'Mallory tablet', book.at)
    const { envelope: rotated } = await rotateRoot({ ...mallory }, signerOf('Mallory new root'), book.at)
    await ban(book, mallory)
    expect(await book.put(tablet)).toBe('member-banned')
    expect(await book.put(rotated)).toBe('member-banned')
    const onTablet: Person = {
      ...mallory,
      device: signerOf('Mallory tablet'),
      deviceChain: { next: 0, last: tablet.id as StatementId },
    }
    expect(await book.put((await invite(onTablet, 0, book.at)).envelope)).toBe('device-unknown')
    expect(await book.put((await invite({ ...mallory }, 0, book.at)).envelope)).toBe('member-banned')
    expect([...book.state.devices.values()].filter(({ member }) => member === mallory.member)).toHaveLength(1)
    expect(await book.disagreement()).toBeUndefined()
  })

  test('does not come back as a guest with the root or the device that they had', async () => {
    const { book, mallory } = await town()
    await ban(book, mallory)
    const invitation = await book.invite(book.alice, 5)
    const [root, device] = [signerOf('another root'), signerOf('another device')]
    const cases: [string, Signer, Signer, string][] = [
      ['the root', mallory.root, device, 'already-member'],
      ['the device', root, mallory.device, 'device-known'],
      ['the root as a device', root, mallory.root, 'device-known'],
      ['the device as a root', mallory.device, device, 'device-known'],
    ]
    for (const [name, theirRoot, theirDevice, reason] of cases)
      expect(await book.put(await joinWithKeys(invitation, theirRoot, theirDevice, book.at)), name).toBe(
        reason,
      )
    expect(book.state.invitations.get(invitation.id)?.guest).toBeUndefined()
    expect(await book.disagreement()).toBeUndefined()
  })

  test('may still have their profile erased', async () => {
    const { book, mallory } = await town()
    await ban(book, mallory)
    await book.take(await deviceAct(mallory, ERASE, {}, book.at))
    expect(book.member(mallory)).toMatchObject({ standing: 'banned', erased: true })
  })

  test('has what was void stay void when the ban is lifted', async () => {
    const { book, mallory } = await town()
    const open = await book.invite(mallory, 0)
    const banned = await ban(book, mallory)
    const early = await join(open, 'Rita', book.at)
    expect(await book.put(early.envelope)).toBe('invitation-void')
    const unban = await councilAct(book.founded.community, UNBAN, { ban: banned }, book.at, [book.alice.root])
    await book.take(unban)
    expect(book.member(mallory).standing).toBe('active')
    expect(book.isMember(early.person)).toBe(false)
    // The same join may be given to the log again, since it never took effect.
    await book.take(early.envelope)
    expect(await book.disagreement()).toBeUndefined()
  })
})

describe('a ban and a join that were signed at the same time', () => {
  test.each(['ban', 'join'] as const)(
    'have the order that the log gives them: here the %s first',
    async (first) => {
      const { book, mallory } = await town()
      const open = await book.invite(mallory, 0)
      const { person: rita, envelope: joined } = await join(open, 'Rita', book.at)
      const banned = await councilAct(
        book.founded.community,
        BAN,
        { m: mallory.member, why: 'abuse', cut: 0 },
        book.at,
        [book.alice.root],
      )
      if (first === 'ban') {
        await book.take(banned)
        expect(await book.put(joined)).toBe('invitation-void')
        expect(book.isMember(rita)).toBe(false)
      } else {
        await book.take(joined)
        await book.take(banned)
        expect(book.member(rita)).toMatchObject({ standing: 'cut', by: banned.id })
        expect(await book.put((await invite({ ...rita }, 0, book.at)).envelope)).toBe('member-cut')
      }
      expect(book.member(mallory)).toMatchObject({ standing: 'banned', by: banned.id })
      expect(await book.disagreement()).toBeUndefined()
    },
  )
})

/** Alice invited Mallory an hour ago. */
async function town() {
  const book = await Book.of()
  const mallory = await book.bring(book.alice, 0, 'Mallory')
  book.later(HOUR)
  return { book, mallory }
}

async function ban(book: Book, { member: m }: Person): Promise<StatementId> {
  const { community } = book.founded
  const statement = await councilAct(community, BAN, { m, why: 'abuse' }, book.at, [book.alice.root])
  await book.take(statement)
  return statement.id as StatementId
}

/** A join of a new identity with these keys. */
async function joinWithKeys({ id, community, signer }: Invitation, root: Signer, device: Signer, at: number) {
  const profile = bytesOf('a profile')
  const identity = await seal(IDENTITY, community, { root: root.publicKey, profile, n: 0, at }, [root])
  const m = memberOf(identity)
  const link = { m, device: device.publicKey, n: 1, prev: identity.id as StatementId, at }
  const added = await seal(DEVICE_ADD, community, link, [root, device])
  const parts = { identity: identity.bytes, device: added.bytes, n: 0, prev: added.id as StatementId, at }
  return seal(JOIN, community, { invite: id, ...parts }, [device, signer])
}
