import { describe, expect, test } from 'vitest'
import { seal } from '../../../protocol/envelope.ts'
import { PROFILE } from '../../../protocol/identity/profile.ts'
import { DAY } from '../../../protocol/limits.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { LEDGER, PROFILES, ROOMS } from '../../../protocol/wire/services.ts'
import { type Invitation, invite, join, personOf, signerOf } from '../../support/community.ts'
import { knockWith, now, refused } from '../../support/raw-client.ts'
import { besieged, elsewhere } from './besieged.ts'
import { deviceFor, inviteAs, signedElsewhere, stolenJoins, withBrokenSignature } from './forged.ts'

const town = besieged()

describe('takes into its ledger', () => {
  test('nothing of a join that a thief saw in flight', async () => {
    const { good } = town.seeded.invitations
    const { person: guest, envelope: seen } = await join(good, 'Guest', town.seeded.at)
    const thief = await personOf(good.community, 'Thief', town.seeded.at)
    const mallory = await town.member(town.seeded.mallory)
    for (const [name, put, reason] of await stolenJoins(seen, guest, good, thief))
      expect(refused(await mallory.ask(LEDGER, { put })), name).toBe(reason)
  })

  test('no join with an invitation that lets nobody in', async () => {
    const mallory = await town.member(town.seeded.mallory)
    const { used, expired, bound, unknown } = town.seeded.invitations
    const foreign = await invite((await elsewhere(town.seeded.at)).founder, 0, town.seeded.at)
    // Truly signed, it would be evidence that the link leaked, and the log would keep it (LEAK-1).
    const guessed = { ...used, signer: signerOf('a guess') }
    const cases: [Invitation, string][] = [
      [guessed, 'invitation-used'],
      [expired, 'invitation-expired'],
      [bound, 'invitation-not-for-you'],
      [unknown, 'invitation-unknown'],
      [foreign, 'foreign-community'],
    ]
    for (const [invitation, reason] of cases) {
      const { envelope } = await join(invitation, 'Late', town.seeded.at)
      expect(refused(await mallory.ask(LEDGER, { put: envelope.bytes })), reason).toBe(reason)
    }
  })

  test('nothing of a newcomer but the join with their own invitation', async () => {
    const { good, other } = town.seeded.invitations
    const newcomer = await town.connect()
    await knockWith(newcomer, good)
    const theirs = await join(other, 'Two', town.seeded.at)
    const cases: [Uint8Array, string][] = [
      [theirs.envelope.bytes, 'not-admitted'],
      [(await invite({ ...town.seeded.alice }, 9, town.seeded.at)).envelope.bytes, 'not-admitted'],
      [Uint8Array.of(0xf6), 'not-admitted'],
    ]
    for (const [put, reason] of cases) expect(refused(await newcomer.ask(LEDGER, { put }))).toBe(reason)
    // Nor do they see who is here, beyond the person who invited them.
    expect(refused(await newcomer.ask(ROOMS, {}))).toBe('not-admitted')
    const names = await newcomer.ask(PROFILES, { get: [town.seeded.alice.member, town.seeded.bob.member] })
    expect(names).toEqual({ profiles: [town.seeded.alice.profile.bytes] })
  })

  test('nothing that was signed for another community, or by somebody who may not', async () => {
    const mallory = await town.member(town.seeded.mallory)
    const { alice, mallory: her } = town.seeded
    const eve = (await elsewhere(town.seeded.at)).founder
    const at = town.seeded.at
    const hers = (await invite({ ...her }, 0, at)).envelope
    const foreignSignature = await signedElsewhere(hers, her.device, her.community, eve.community)
    const cases: [string, Uint8Array, string][] = [
      ['a statement of another community', (await invite(eve, 0, at)).envelope.bytes, 'foreign-community'],
      ['ours, with a signature made for another community', foreignSignature.bytes, 'signature-wrong'],
      ['in the name of another member', (await inviteAs(alice, her.device, at)).bytes, 'device-unknown'],
      ['a slot that she has not', (await invite({ ...her }, 2, at)).envelope.bytes, 'slot-not-entitled'],
      [
        'out of her order',
        (await inviteAs(her, her.device, at, her.deviceChain.next + 1)).bytes,
        'sequence-wrong',
      ],
      [
        'for a time to come',
        (await invite({ ...her }, 0, toLedgerTime(now()) + DAY)).envelope.bytes,
        'time-ahead',
      ],
      [
        'another identity of hers',
        (await personOf(her.community, 'Mallory the second', at)).identity.bytes,
        'not-founder',
      ],
      ['no statement', her.profile.bytes, 'unknown-type'],
      ['a device of hers for another', (await deviceFor(alice, her, at)).bytes, 'signer-unexpected'],
    ]
    for (const [name, put, reason] of cases)
      expect(refused(await mallory.ask(LEDGER, { put })), name).toBe(reason)
  })

  test('no profile but the one to which an identity committed', async () => {
    const mallory = await town.member(town.seeded.mallory)
    const { bob, mallory: her } = town.seeded
    const renamed = await seal(PROFILE, her.community, { ...her.profile.payload, name: 'Alice' }, [
      her.device,
    ])
    const bobs = await seal(PROFILE, bob.community, bob.profile.payload, [her.device])
    const cases: [Uint8Array, string][] = [
      [renamed.bytes, 'commitment-wrong'],
      [bobs.bytes, 'not-member'],
      [withBrokenSignature(her.profile.bytes), 'signature-wrong'],
      [(await personOf(her.community, 'Stranger', town.seeded.at)).profile.bytes, 'not-member'],
    ]
    for (const [put, reason] of cases)
      expect(refused(await mallory.ask(PROFILES, { put })), reason).toBe(reason)
  })
})
