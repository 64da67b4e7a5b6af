import { describe, expect, test, vi } from 'vitest'
import type { HelloAnswer } from '../../../protocol/wire/services.ts'
import { answerHello } from '../../../relay/services/hello.ts'
import {
  foundCommunity,
  type Invitation,
  invite,
  inviteProof,
  join,
  NOON,
  personOf,
  presence,
  signerOf,
} from '../../support/community.ts'
import { PATIENCE } from '../../support/patience.ts'
import { found, type ServiceRig, serviceRig, sessionOf } from './rig.ts'

const { key, peer } = sessionOf('browser')

async function knock(
  rig: ServiceRig,
  invitation: Invitation,
  { label = 'browser', at = NOON, relay = rig.relayKey, lifetime = 300 } = {},
): Promise<HelloAnswer> {
  const session = sessionOf(label)
  const proof = await inviteProof(invitation, session.key.publicKey, relay, at, lifetime)
  return answerHello(rig, session.peer, { i: proof.bytes })
}

async function invited(rig: ServiceRig, exp?: number) {
  const founded = await found(rig)
  const invitation = await invite(founded.founder, 0, NOON, exp)
  const taken = await rig.keeper.submit(invitation.envelope.bytes)
  if (!taken.ok) throw new Error(taken.reason)
  return { ...founded, invitation }
}

describe('a member', () => {
  test('is let in by a presence of this very connection, until it expires', async () => {
    const rig = await serviceRig()
    const { founder } = await found(rig)
    const { bytes } = await presence(founder, key, NOON, 600)
    expect(await answerHello(rig, peer, { p: bytes })).toEqual({ size: 3 })
    expect(rig.sessions.of(peer)).toEqual({
      kind: 'member',
      member: founder.member,
      until: NOON + 600,
      presence: bytes,
    })
    expect([...rig.admitted]).toEqual([peer])
  })

  test('is refused with the reason, and not let in', async () => {
    const rig = await serviceRig()
    const { founder, community } = await found(rig)
    const foreign = (await foundCommunity(rig.keys.first, NOON, 'Eve')).founder
    const stranger = await personOf(community, 'Mallory', NOON)
    const stolen = { ...founder, device: signerOf('not a device of Alice') }
    const forged = { ...key, sign: signerOf('another').sign }
    const cases: [Promise<{ bytes: Uint8Array }>, string][] = [
      [presence(founder, sessionOf('another').key, NOON), 'wrong-peer'],
      [presence(founder, forged, NOON), 'signature-wrong'],
      [presence(stranger, key, NOON), 'not-member'],
      [presence(stolen, key, NOON), 'not-member'],
      [presence(foreign, key, NOON), 'foreign-community'],
      [presence(founder, key, NOON - 901, 600), 'expired'],
      [presence(founder, key, NOON, 901), 'expired'],
      [presence(founder, key, NOON + 301), 'not-yet-valid'],
      [Promise.resolve({ bytes: new Uint8Array([1, 2, 3]) }), 'trailing-bytes'],
    ]
    for (const [statement, error] of cases)
      expect(await answerHello(rig, peer, { p: (await statement).bytes })).toEqual({ error })
    expect(rig.admitted.size).toBe(0)
    expect(rig.sessions.of(peer)).toBeUndefined()
  })

  test('who went away meanwhile is not let in', async () => {
    const rig = await serviceRig()
    const { founder } = await found(rig)
    rig.gone.add(peer)
    const { bytes } = await presence(founder, key, NOON)
    expect(await answerHello(rig, peer, { p: bytes })).toEqual({ error: 'not-admitted' })
    expect(rig.admitted.size).toBe(0)
  })
})

describe('a newcomer', () => {
  test('is let in by the proof of an invitation, for as long as the proof holds', async () => {
    const rig = await serviceRig()
    const { invitation } = await invited(rig)
    expect(await knock(rig, invitation)).toEqual({ size: 4, invite: invitation.id })
    expect(rig.sessions.of(peer)).toEqual({ kind: 'newcomer', invitation: invitation.id, until: NOON + 300 })
  })

  test('is refused with the reason: another relay, another session, too old, too long, a wrong key', async () => {
    const rig = await serviceRig()
    const { invitation } = await invited(rig)
    const another = await inviteProof(invitation, sessionOf('another').key.publicKey, rig.relayKey, NOON)
    expect(await answerHello(rig, peer, { i: another.bytes })).toEqual({ error: 'wrong-peer' })
    expect(await knock(rig, invitation, { relay: signerOf('other relay').publicKey })).toEqual({
      error: 'wrong-peer',
    })
    expect(await knock(rig, invitation, { at: NOON - 601 })).toEqual({ error: 'expired' })
    expect(await knock(rig, invitation, { lifetime: 601 })).toEqual({ error: 'expired' })
    const guessed = { ...invitation, signer: { ...invitation.signer, sign: signerOf('guess').sign } }
    expect(await knock(rig, guessed)).toEqual({ error: 'signature-wrong' })
    expect(rig.admitted.size).toBe(0)
  })

  test('is told of an invitation that is unknown, expired or used', async () => {
    const rig = await serviceRig()
    const { founder, invitation } = await invited(rig, NOON + 60)
    const unknown = await invite(founder, 1, NOON)
    expect(await knock(rig, unknown)).toEqual({ error: 'invitation-unknown' })
    rig.clock.turn(120_000)
    expect(await knock(rig, invitation, { at: NOON + 120 })).toEqual({ error: 'invitation-expired' })
    await rig.keeper.submit(unknown.envelope.bytes)
    await rig.keeper.submit((await join(unknown, 'Bob', NOON)).envelope.bytes)
    const refused = { error: 'invitation-used', invite: unknown.id }
    expect(await knock(rig, unknown, { at: NOON + 120 })).toEqual(refused)
    expect(rig.admitted.size).toBe(0)
  })

  test('LEAK-1: proves with a join that two people had one link, and is let in by nothing', async () => {
    const rig = await serviceRig()
    const { founder, invitation } = await invited(rig)
    const other = await invite(founder, 1, NOON)
    await rig.keeper.submit(other.envelope.bytes)
    const joinBy = async (by: Invitation, name: string) => (await join(by, name, NOON)).envelope.bytes
    const knockOn = async (by: Invitation, proof: Uint8Array) => {
      const { bytes } = await inviteProof(by, key.publicKey, rig.relayKey, NOON)
      return await answerHello(rig, peer, { i: bytes, join: proof })
    }
    // While nobody has used it, what comes with it is of no use: the join is put when the newcomer is in.
    expect(await knockOn(invitation, await joinBy(invitation, 'Mallory'))).toEqual({
      size: 5,
      invite: invitation.id,
    })
    rig.sessions.leave(peer)
    await rig.keeper.submit(await joinBy(invitation, 'Mallory'))
    const refused = { error: 'invitation-used', invite: invitation.id }
    const size = rig.store.size
    // What proves nothing changes nothing: no join, one by another invitation, the same person's.
    for (const proof of [
      new Uint8Array([1]),
      await joinBy(other, 'Bob'),
      await joinBy(invitation, 'Mallory'),
    ])
      expect(await knockOn(invitation, proof)).toEqual(refused)
    expect(rig.store.size).toBe(size)
    expect(await knockOn(invitation, await joinBy(invitation, 'Bob'))).toEqual(refused)
    await vi.waitFor(() => expect(rig.store.size).toBe(size + 1), PATIENCE)
    expect(rig.keeper.membership?.invitations.get(invitation.id)?.leaked).toBe(true)
    // Once is enough.
    expect(await knockOn(invitation, await joinBy(invitation, 'Carol'))).toEqual(refused)
    await rig.keeper.close()
    expect(rig.store.size).toBe(size + 1)
    expect(rig.keeper.membership?.members.size).toBe(2)
  })

  test('shares the invitation with few others', async () => {
    const rig = await serviceRig()
    const { invitation } = await invited(rig)
    for (const label of ['a', 'b', 'c', 'd'])
      expect(await knock(rig, invitation, { label })).toEqual({ size: 4, invite: invitation.id })
    expect(await knock(rig, invitation, { label: 'e' })).toEqual({ error: 'rate-limited' })
  })
})

test('before the community is founded nobody is let in', async () => {
  const rig = await serviceRig()
  const { founder } = await foundCommunity(rig.keys.first)
  const { bytes } = await presence(founder, key, NOON)
  expect(await answerHello(rig, peer, { p: bytes })).toEqual({ error: 'not-founded' })
  expect(rig.admitted.size).toBe(0)
})

test('who keeps trying is slowed down', async () => {
  const rig = await serviceRig({ burst: 2, refill: 1000 })
  const { founder } = await found(rig)
  const nonsense = { p: new Uint8Array([1]) }
  expect(await answerHello(rig, peer, nonsense)).toHaveProperty('error')
  expect(await answerHello(rig, peer, nonsense)).toHaveProperty('error')
  const { bytes } = await presence(founder, key, NOON)
  expect(await answerHello(rig, peer, { p: bytes })).toEqual({ error: 'rate-limited' })
  rig.clock.turn(1000)
  expect(await answerHello(rig, peer, { p: bytes })).toEqual({ size: 3 })
})
