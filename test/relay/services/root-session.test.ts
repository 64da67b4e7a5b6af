import { describe, expect, test } from 'vitest'
import { APPEAL } from '../../../protocol/community/appeal.ts'
import { CLAIM } from '../../../protocol/community/attest.ts'
import { BAN } from '../../../protocol/community/ban.ts'
import { ERASE } from '../../../protocol/community/leave.ts'
import { DEVICE_ADD, DEVICE_REMOVE } from '../../../protocol/identity/device.ts'
import type { MemberId, StatementId } from '../../../protocol/ids.ts'
import { MAX_SEALED_BYTES } from '../../../protocol/limits.ts'
import { bytes, id, map, uint } from '../../../protocol/schema.ts'
import { ledgerTime } from '../../../protocol/time.ts'
import { answerHello } from '../../../relay/services/hello.ts'
import { answerLedger } from '../../../relay/services/ledger.ts'
import { answerProfiles } from '../../../relay/services/profiles.ts'
import { councilAct, deviceAct, rootAct } from '../../support/acts.ts'
import { invite, join, NOON, type Person, presence, signerOf } from '../../support/community.ts'
import { enterMember, found, type ServiceRig, serviceRig, sessionOf } from './rig.ts'

/** Bo, whom Alice invited. */
async function withGuest(rig: ServiceRig) {
  const founded = await found(rig)
  const invitation = await invite(founded.founder, 0, NOON)
  const { person: guest, envelope: came } = await join(invitation, 'Bo', NOON)
  for (const { bytes } of [invitation.envelope, came]) {
    const taken = await rig.keeper.submit(bytes)
    if (!taken.ok) throw new Error(taken.reason)
  }
  return { ...founded, guest }
}

async function enterRoot(rig: ServiceRig, person: Person, label: string) {
  const { key, peer } = sessionOf(label)
  const said = await presence({ ...person, device: person.root }, key, NOON)
  return { peer, answer: await answerHello(rig, peer, { p: said.bytes }) }
}

describe('PRES-5: a root', () => {
  test('is let in without a device, and adds one', async () => {
    const rig = await serviceRig()
    const { guest } = await withGuest(rig)
    const { peer, answer } = await enterRoot(rig, guest, 'new phone')
    expect(answer.error).toBeUndefined()
    const device = signerOf('new device')
    const added = await rootAct(guest, DEVICE_ADD, { device: device.publicKey }, NOON, [device])
    expect(await answerLedger(rig, peer, { put: added.bytes })).toEqual({ promise: expect.any(Uint8Array) })
    expect(rig.keeper.membership?.devices.get(device.publicKey)?.member).toBe(guest.member)
  })

  test('of somebody who was banned still erases', async () => {
    const rig = await serviceRig()
    const { guest, founder, community } = await withGuest(rig)
    const ban = await councilAct(community, BAN, { m: guest.member, why: 'spam' }, NOON, [founder.root])
    await rig.keeper.submit(ban.bytes)
    const { key, peer } = sessionOf('banned')
    const asDevice = await presence(guest, key, NOON)
    expect(await answerHello(rig, peer, { p: asDevice.bytes })).toEqual({ error: 'not-member' })
    const root = await enterRoot(rig, guest, 'banned')
    const erase = await rootAct(guest, ERASE, {}, NOON)
    expect((await answerLedger(rig, root.peer, { put: erase.bytes })).error).toBeUndefined()
    expect(rig.keeper.membership?.members.get(guest.member)?.erased).toBe(true)
  })

  test('APPEAL-1 of somebody who was banned appeals once: a flood, a replay, a stranger and what is oversized leave the log as it is', async () => {
    const rig = await serviceRig()
    const { guest, founder, community } = await withGuest(rig)
    const sealed = new Uint8Array(MAX_SEALED_BYTES).fill(7)
    const early = await rootAct({ ...guest }, APPEAL, { sealed }, NOON)
    const ban = await councilAct(community, BAN, { m: guest.member, why: 'spam' }, NOON, [founder.root])
    await rig.keeper.submit(ban.bytes)
    const { peer } = await enterRoot(rig, guest, 'banned')
    const put = async (bytes: Uint8Array) => (await answerLedger(rig, peer, { put: bytes })).error
    const size = () => rig.keeper.membership?.size as number
    expect(await put(early.bytes)).toBeUndefined()
    const after = size()
    // The same again is promised again, and is no second entry.
    expect(await put(early.bytes)).toBeUndefined()
    guest.rootChain = { next: guest.rootChain.next + 1, last: early.id as StatementId }
    for (let i = 0; i < 20; i++) {
      const more = await rootAct({ ...guest }, APPEAL, { sealed: Uint8Array.of(i) }, NOON)
      expect(['appeal-known', 'rate-limited']).toContain(await put(more.bytes))
    }
    const fresh = await enterMember(rig, founder, 'council')
    const lend = { ...founder, member: guest.member, rootChain: guest.rootChain }
    const forged = await rootAct(lend, APPEAL, { sealed }, NOON)
    expect(await answerLedger(rig, fresh, { put: forged.bytes })).toEqual({ error: 'device-unknown' })
    const mine = await deviceAct({ ...founder }, APPEAL, { sealed }, NOON)
    expect(await answerLedger(rig, fresh, { put: mine.bytes })).toEqual({ error: 'appeal-needless' })
    const payload = { sealed: new Uint8Array(MAX_SEALED_BYTES + 1) }
    await expect(rootAct({ ...guest }, APPEAL, payload, NOON)).rejects.toThrow(TypeError)
    const wide = {
      ...APPEAL,
      fields: map({
        m: id<MemberId>(),
        sealed: bytes(4000, 1),
        n: uint(),
        prev: id<StatementId>(),
        at: ledgerTime,
      }),
    }
    const oversized = await deviceAct({ ...founder }, wide, payload, NOON)
    expect(await answerLedger(rig, fresh, { put: oversized.bytes })).toEqual({ error: 'field-invalid' })
    expect(size()).toBe(after)
    expect(rig.keeper.membership?.members.get(guest.member)?.standing).toBe('banned')
  })

  test('puts nothing that it did not sign', async () => {
    const rig = await serviceRig()
    const { guest, founder } = await withGuest(rig)
    const { peer } = await enterRoot(rig, guest, 'phone')
    const own = await deviceAct(guest, CLAIM, { refs: [guest.identity.id as never] }, NOON)
    const others = await rootAct(founder, DEVICE_REMOVE, { device: founder.device.publicKey }, NOON)
    for (const { bytes } of [own, others])
      expect(await answerLedger(rig, peer, { put: bytes })).toEqual({ error: 'not-admitted' })
    expect(await answerLedger(rig, peer, { put: Uint8Array.of(1) })).toEqual({ error: 'not-admitted' })
  })

  test('sees its own profile and no other', async () => {
    const rig = await serviceRig()
    const { guest, founder } = await withGuest(rig)
    const member = await enterMember(rig, guest, 'old phone')
    await answerProfiles(rig, member, { put: guest.profile.bytes })
    const { peer } = await enterRoot(rig, guest, 'new phone')
    expect(await answerProfiles(rig, peer, { get: [guest.member, founder.member] })).toEqual({
      profiles: [guest.profile.bytes],
    })
  })

  test('that is another’s, or none, is not let in', async () => {
    const rig = await serviceRig()
    const { guest, founder } = await withGuest(rig)
    const { answer } = await enterRoot(rig, { ...guest, root: founder.root }, 'phone')
    expect(answer).toEqual({ error: 'not-member' })
    const stranger = await enterRoot(rig, { ...guest, root: signerOf('nobody') }, 'phone')
    expect(stranger.answer).toEqual({ error: 'not-member' })
    expect(rig.admitted.size).toBe(0)
  })
})
