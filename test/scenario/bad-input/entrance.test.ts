import { describe, expect, test } from 'vitest'
import type { Envelope } from '../../../protocol/envelope.ts'
import { DAY } from '../../../protocol/limits.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { HELLO, LEDGER, PROFILES, ROOMS } from '../../../protocol/wire/services.ts'
import { invite, inviteProof, personOf, presence, signerOf } from '../../support/community.ts'
import { newDevice } from '../../support/node-peer.ts'
import { now, refused } from '../../support/raw-client.ts'
import { codeFor, deviceOf } from '../../support/seeded-relay.ts'
import { besieged, elsewhere } from './besieged.ts'
import { presenceOfDevice, signedBy } from './forged.ts'

const town = besieged()

describe('lets in by an invitation', () => {
  test.each([
    ['used', 'invitation-used'],
    ['expired', 'invitation-expired'],
    ['unknown', 'invitation-unknown'],
  ] as const)('nobody whose invitation is %s: neither a client nor a person', async (which, code) => {
    const invitation = town.seeded.invitations[which]
    const client = await town.connect()
    const { bytes } = await inviteProof(invitation, client.session.publicKey, client.relayKey, now())
    const answer = await client.ask(HELLO, { i: bytes })
    expect(answer !== 'reset' && answer.error).toBe(code)

    const device = await newDevice()
    const reading = device.open(town.seeded.relay.origin).readInvitation(codeFor(invitation))
    await expect(reading).rejects.toMatchObject({ code })
    expect(await device.storage.list('')).toEqual([])
  })

  test('nobody whose link is damaged or of another community: the relay does not even hear of it', async () => {
    const device = await newDevice()
    const door = device.open(town.seeded.relay.origin)
    const code = codeFor(town.seeded.invitations.good)
    const foreign = await invite((await elsewhere(town.seeded.at)).founder, 0, town.seeded.at)
    const flipped = `${code.slice(0, 60)}${code[60] === 'A' ? 'B' : 'A'}${code.slice(61)}`
    const cases: [string, string][] = [
      ['', 'invitation-damaged'],
      [code.slice(0, -1), 'invitation-damaged'],
      [`${code}A`, 'invitation-damaged'],
      [flipped, 'invitation-damaged'],
      ['é'.repeat(71), 'invitation-damaged'],
      [codeFor(foreign), 'invitation-foreign'],
    ]
    for (const [wrong, expected] of cases)
      await expect(door.readInvitation(wrong), wrong).rejects.toMatchObject({ code: expected })
    expect(await device.storage.list('')).toEqual([])
  })

  test('nobody else than the person for whom it was made', async () => {
    const device = await newDevice()
    const door = device.open(town.seeded.relay.origin)
    const code = codeFor(town.seeded.invitations.bound)
    await door.readInvitation(code)
    const joining = door.join({ code, name: 'Thief', identity: await door.newIdentity() })
    await expect(joining).rejects.toMatchObject({ code: 'invitation-not-for-you' })
    expect(await device.storage.list('card/')).toEqual([])
    expect(await device.open(town.seeded.relay.origin).resume()).toBeUndefined()
  })

  test('nobody by a proof that was made for another relay, session or hour, or with another key', async () => {
    const { good } = town.seeded.invitations
    const foreign = await invite((await elsewhere(town.seeded.at)).founder, 0, town.seeded.at)
    const client = await town.connect()
    const { session, relayKey } = client
    const other = signerOf('another session').publicKey
    const cases: [Promise<Envelope<unknown>>, string][] = [
      [inviteProof(good, session.publicKey, other, now()), 'wrong-peer'],
      [inviteProof(good, other, relayKey, now()), 'wrong-peer'],
      [inviteProof(good, session.publicKey, relayKey, now() - DAY), 'expired'],
      [inviteProof(good, session.publicKey, relayKey, now() + DAY), 'not-yet-valid'],
      [inviteProof(good, session.publicKey, relayKey, now(), DAY), 'expired'],
      [
        inviteProof({ ...good, signer: signedBy(good.signer, session) }, session.publicKey, relayKey, now()),
        'signature-wrong',
      ],
      [inviteProof(foreign, session.publicKey, relayKey, now()), 'foreign-community'],
    ]
    for (const [proof, reason] of cases)
      expect(refused(await client.ask(HELLO, { i: (await proof).bytes })), reason).toBe(reason)
    expect(await client.ask(LEDGER, { get: 0 })).toBe('reset')
  })
})

describe('knows a member by a presence', () => {
  test('and nobody by one that is not of this member, session and hour', async () => {
    const { bob } = town.seeded
    const eve = (await elsewhere(town.seeded.at)).founder
    const stranger = await personOf(bob.community, 'Stranger', town.seeded.at)
    const { session } = town.witness
    const cases: [(mine: Signer) => Promise<Envelope<unknown>>, string][] = [
      [(mine) => presence(bob, mine, now() - DAY), 'expired'],
      [(mine) => presence(bob, mine, now() + DAY), 'not-yet-valid'],
      [(mine) => presence(bob, mine, now(), DAY), 'expired'],
      // The very bytes with which the witness came in, replayed by somebody else.
      [() => presence(bob, session, now()), 'wrong-peer'],
      [(mine) => presence(stranger, mine, now()), 'not-member'],
      [(mine) => presence({ ...stranger, member: bob.member }, mine, now()), 'not-member'],
      [(mine) => presence({ ...town.seeded.mallory, member: bob.member }, mine, now()), 'not-member'],
      [(mine) => presence(eve, mine, now()), 'foreign-community'],
      [(mine) => presence({ ...bob, device: signedBy(bob.device, mine) }, mine, now()), 'signature-wrong'],
      [(mine) => presence(bob, signedBy(mine, bob.device), now()), 'signature-wrong'],
      [(mine) => presenceOfDevice(bob, mine), 'signer-missing'],
      [(mine) => presence(bob, mine, now()).then(() => bob.profile), 'unknown-type'],
    ]
    for (const [make, reason] of cases) {
      const client = await town.connect()
      const { bytes } = await make(client.session)
      expect(refused(await client.ask(HELLO, { p: bytes })), reason).toBe(reason)
      expect(await client.ask(LEDGER, { get: 0 }), reason).toBe('reset')
    }
  })

  test('and nobody who says nothing, nonsense, or the wrong thing first', async () => {
    for (const service of [LEDGER, PROFILES, ROOMS]) {
      const client = await town.connect()
      expect(await client.say(service.protocol, Uint8Array.of(0xa0))).toBe('reset')
    }
    const client = await town.connect()
    expect(refused(await client.ask(HELLO, { p: new Uint8Array(100) }))).toBe('trailing-bytes')
    expect(await client.ask(ROOMS, {})).toBe('reset')
  })
})

test('a member whose card is of no member any more is nobody, and keeps it: the relay may have forgotten them', async () => {
  const device = await deviceOf(await personOf(town.seeded.alice.community, 'Stranger', town.seeded.at))
  expect(await device.open(town.seeded.relay.origin).resume()).toBeUndefined()
  expect(await device.storage.list('card/')).toHaveLength(1)
})
