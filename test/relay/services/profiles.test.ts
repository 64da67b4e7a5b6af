import { expect, test } from 'vitest'
import { ERASE } from '../../../protocol/community/leave.ts'
import { seal } from '../../../protocol/envelope.ts'
import { PROFILE } from '../../../protocol/identity/profile.ts'
import { answerHello } from '../../../relay/services/hello.ts'
import { answerProfiles, forgetErased } from '../../../relay/services/profiles.ts'
import { deviceAct } from '../../support/acts.ts'
import { bytesOf, invite, inviteProof, join, NOON, type Person, signerOf } from '../../support/community.ts'
import { enterMember, found, type ServiceRig, serviceRig, sessionOf } from './rig.ts'

/** Alice founded, Bob and Carol came in, Bob by Alice and Carol by Bob. */
async function village(): Promise<{ rig: ServiceRig; alice: Person; bob: Person; carol: Person }> {
  const rig = await serviceRig()
  const { founder: alice } = await found(rig)
  const come = async (sponsor: Person, name: string) => {
    const invitation = await invite(sponsor, 0, NOON)
    await rig.keeper.submit(invitation.envelope.bytes)
    const { person, envelope } = await join(invitation, name, NOON)
    const taken = await rig.keeper.submit(envelope.bytes)
    if (!taken.ok) throw new Error(taken.reason)
    return person
  }
  const bob = await come(alice, 'Bob')
  return { rig, alice, bob, carol: await come(bob, 'Carol') }
}

test('a member’s profile is kept and given to members, as far as there is one', async () => {
  const { rig, alice, bob, carol } = await village()
  const peer = await enterMember(rig, bob, 'bob')
  expect(await answerProfiles(rig, peer, { put: bob.profile.bytes })).toEqual({})
  const { profiles } = await answerProfiles(rig, peer, {
    get: [carol.member, bob.member, alice.member, bob.member],
  })
  expect(profiles?.map((one) => Buffer.from(one))).toEqual([
    Buffer.from(bob.profile.bytes),
    Buffer.from(alice.profile.bytes),
  ])
})

test('a newcomer sees the name of who invites them, and of nobody else', async () => {
  const { rig, alice, bob } = await village()
  const { key, peer } = sessionOf('newcomer')
  const invitation = await invite(alice, 1, NOON)
  await rig.keeper.submit(invitation.envelope.bytes)
  await answerHello(rig, peer, {
    i: (await inviteProof(invitation, key.publicKey, rig.relayKey, NOON)).bytes,
  })
  await answerProfiles(rig, await enterMember(rig, bob, 'bob'), { put: bob.profile.bytes })
  const { profiles } = await answerProfiles(rig, peer, { get: [alice.member, bob.member] })
  expect(profiles?.map((one) => Buffer.from(one))).toEqual([Buffer.from(alice.profile.bytes)])
})

test('a profile that is not the one committed to, or not signed by its member, is refused and not kept', async () => {
  const { rig, alice, bob, carol } = await village()
  const peer = await enterMember(rig, alice, 'alice')
  const salt = bytesOf('Bob salt')
  const of = (name: string, device = bob.device) =>
    seal(PROFILE, bob.community, { m: bob.member, salt, name }, [device])
  const cases: [Uint8Array, string][] = [
    [(await of('Bobby')).bytes, 'commitment-wrong'],
    [(await of('Bob', carol.device)).bytes, 'not-member'],
    [(await of('Bob', signerOf('stranger'))).bytes, 'not-member'],
    [
      (
        await seal(PROFILE, bob.community, { m: bob.identity.id as never, salt, name: 'Bob' }, [
          bob.device,
          bob.root,
        ])
      ).bytes,
      'signer-unexpected',
    ],
    [bob.identity.bytes, 'unknown-type'],
  ]
  for (const [put, error] of cases) expect(await answerProfiles(rig, peer, { put })).toEqual({ error })
  expect(await answerProfiles(rig, peer, { get: [bob.member] })).toEqual({ profiles: [] })
})

test('a stranger gets and gives nothing', async () => {
  const rig = await serviceRig()
  const { peer } = sessionOf('stranger')
  expect(await answerProfiles(rig, peer, { put: new Uint8Array([1]) })).toEqual({ error: 'not-founded' })
  const { founder } = await found(rig)
  expect(await answerProfiles(rig, peer, { get: [founder.member] })).toEqual({ error: 'not-admitted' })
  expect(await answerProfiles(rig, peer, { put: founder.profile.bytes })).toEqual({ error: 'not-admitted' })
})

test('who asks too much is turned away', async () => {
  const rig = await serviceRig({ burst: 1, refill: 1000 })
  const { founder } = await found(rig)
  const peer = await enterMember(rig, founder, 'alice')
  expect(await answerProfiles(rig, peer, { get: [founder.member] })).toHaveProperty('profiles')
  expect(await answerProfiles(rig, peer, { get: [founder.member] })).toEqual({ error: 'rate-limited' })
  expect(await answerProfiles(rig, peer, { put: founder.profile.bytes })).toEqual({})
  expect(await answerProfiles(rig, peer, { put: founder.profile.bytes })).toEqual({ error: 'rate-limited' })
})

test('ERASE-1 PROF-1 a profile that was erased is deleted and not taken again', async () => {
  const { rig, alice, bob } = await village()
  const peer = await enterMember(rig, alice, 'alice')
  await answerProfiles(rig, await enterMember(rig, bob, 'bob'), { put: bob.profile.bytes })
  const { keeper, store } = rig
  const taken = await keeper.submit((await deviceAct(bob, ERASE, {}, NOON)).bytes)
  if (!taken.ok || !keeper.membership) throw new Error('not taken')
  forgetErased(store, keeper.membership)
  const { profiles } = await answerProfiles(rig, peer, { get: [bob.member, alice.member] })
  expect(profiles?.map((one) => Buffer.from(one))).toEqual([Buffer.from(alice.profile.bytes)])
  expect(await answerProfiles(rig, peer, { put: bob.profile.bytes })).toEqual({ error: 'erased' })
  expect(store.profile(bob.member)).toBeUndefined()
})
