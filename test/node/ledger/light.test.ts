import { beforeEach, describe, expect, test } from 'vitest'
import { beginState } from '../../../node/ledger/begin.ts'
import {
  commitmentIn,
  type LookedName,
  lightMembership,
  namesOf,
  readLight,
} from '../../../node/ledger/light.ts'
import { UNKNOWN_PROFILE } from '../../../node/ledger/unknown-profile.ts'
import { type Membership, memberOfDevice } from '../../../protocol/community/membership.ts'
import { idOf } from '../../../protocol/ids.ts'
import { proveRecord } from '../../../protocol/state/proof.ts'
import { stateTree } from '../../../protocol/state/state.ts'
import {
  bytesOf,
  type Invitation,
  invite,
  join,
  NOON,
  type Person,
  signerOf,
} from '../../support/community.ts'
import { StagedHistory } from '../../support/staged-log.ts'
import { type CopyHolder, createStage, holder, type Stage, verifier } from './stage.ts'

let stage: Stage
let history: StagedHistory
let invitation: Invitation
let bob: Person
let state: Membership
let begun: Membership
beforeEach(async () => {
  stage = await createStage()
  invitation = await invite({ ...stage.alice }, 0, NOON)
  const joined = await join(invitation, 'Bob', NOON)
  bob = joined.person
  history = stage.founded.and(NOON, invitation.envelope, joined.envelope)
  stage.told = { history, cp: await history.checkpoint() }
  const full: CopyHolder = await holder(stage, 'Full')
  state = full.ledger.membership.value
  const first = await beginState(history.community, history.entries[0] as Uint8Array, verifier)
  if (!first.ok) throw new Error(first.reason)
  begun = first.value
})

const known = (person: Person): readonly LookedName[] =>
  namesOf({ member: person.member, device: person.device.publicKey })
const COMMUNITY: LookedName = { kind: 'community', name: '' }

async function answerFor(names: readonly LookedName[], checkpoint?: Uint8Array) {
  const tree = stateTree(state)
  const proofs = names.map((name) => proveRecord(state, tree, name))
  return { checkpoint: checkpoint ?? (await history.checkpoint()), proofs }
}

const read = async (names: readonly LookedName[], answer: Awaited<ReturnType<typeof answerFor>>) =>
  readLight(begun, names, answer, verifier)

async function membershipOf(names: readonly LookedName[]) {
  const light = await read(names, await answerFor(names))
  if (!light.ok) throw new Error(light.reason)
  return lightMembership(begun, light.value.checkpoint.size, light.value.facts, new Map())
}

test('LIGHT-1: a device without a copy knows itself and whom it asks for, from a checkpoint and proofs alone', async () => {
  const membership = await membershipOf([COMMUNITY, ...known(bob), ...known(stage.alice)])
  expect(membership.size).toBe(state.size)
  for (const { member, device } of [bob, stage.alice]) {
    const full = state.members.get(member)
    const { profile: _, lastGuest: _l, previousGuest: _p, ...rest } = full as NonNullable<typeof full>
    expect(membership.members.get(member)).toMatchObject(rest)
    expect(membership.members.get(member)?.profile).toBe(UNKNOWN_PROFILE)
    expect(membership.devices.get(device.publicKey)).toEqual(state.devices.get(device.publicKey))
    expect(memberOfDevice(membership, device.publicKey)?.id).toBe(member)
  }
})

test('LIGHT-1: an invitation is known by its record, and found by its key', async () => {
  const membership = await membershipOf([{ kind: 'invite', name: invitation.id }])
  expect(membership.invitations.get(invitation.id)).toEqual(state.invitations.get(invitation.id))
  expect(membership.invitationKeys.get(invitation.envelope.payload.key)).toBe(invitation.id)
})

test('LIGHT-1: that somebody is no member is proved too', async () => {
  const stranger = { member: bob.member, device: signerOf('nobody’s').publicKey }
  const membership = await membershipOf(namesOf(stranger))
  expect(memberOfDevice(membership, stranger.device)).toBeUndefined()
})

test('LIGHT-4: what a member committed to is in the entry that made them one, and in no other', () => {
  const entries = history.entries
  const commitment = (member: Person, index: number) =>
    commitmentIn(history.community, member.member, entries[index] as Uint8Array)
  expect(commitment(bob, 4)).toBe(idOf(bob.identity.payload.profile))
  expect(commitment(stage.alice, 1)).toBe(idOf(stage.alice.identity.payload.profile))
  expect(commitment(bob, 1)).toBeUndefined()
  expect(commitment(bob, 3)).toBeUndefined()
  expect(commitmentIn(history.community, bob.member, bytesOf('no entry'))).toBeUndefined()
})

describe('LIGHT-1: nothing is believed', () => {
  test('of another log', async () => {
    const forger = new StagedHistory(verifier, signerOf('a forger'), history.community, history.entries)
    const answer = await answerFor(known(bob), await forger.checkpoint())
    expect(await read(known(bob), answer)).toMatchObject({ ok: false, reason: 'signer-missing' })
  })

  test('under another state hash', async () => {
    const answer = await answerFor(known(bob), await history.checkpoint(5, { state: bytesOf('another') }))
    expect(await read(known(bob), answer)).toMatchObject({ ok: false, reason: 'proof-wrong' })
  })

  test('of a record that was put in the place of another', async () => {
    const answer = await answerFor(known(stage.alice))
    expect(await read(known(bob), answer)).toMatchObject({ ok: false, reason: 'proof-wrong' })
  })

  test('when there are no proofs, or more than were asked for', async () => {
    const answer = await answerFor(known(bob))
    for (const proofs of [[], [...answer.proofs, ...answer.proofs]])
      expect(await read(known(bob), { ...answer, proofs })).toMatchObject({
        ok: false,
        reason: 'field-missing',
      })
  })

  test('of another community', async () => {
    const other = (await createStage()).founded
    expect(await beginState(bob.member as never, other.entries[0] as Uint8Array, verifier)).toMatchObject({
      ok: false,
      reason: 'foreign-community',
    })
  })
})
