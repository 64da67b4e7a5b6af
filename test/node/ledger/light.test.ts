import { beforeEach, describe, expect, test } from 'vitest'
import { fetchLight, lightRecords, type Named, readLight } from '../../../node/ledger/light.ts'
import { serve } from '../../../node/requests.ts'
import { type Membership, memberOfDevice } from '../../../protocol/community/membership.ts'
import { proveRecord } from '../../../protocol/state/proof.ts'
import { stateTree } from '../../../protocol/state/state.ts'
import { STATE } from '../../../protocol/wire/state-service.ts'
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
import { type CopyHolder, createStage, holder, patience, type Stage, verifier } from './stage.ts'

let stage: Stage
let history: StagedHistory
let bob: Person
let state: Membership
beforeEach(async () => {
  stage = await createStage()
  const sponsor = { ...stage.alice }
  const invitation: Invitation = await invite(sponsor, 0, NOON)
  const joined = await join(invitation, 'Bob', NOON)
  bob = joined.person
  history = stage.founded.and(NOON, invitation.envelope, joined.envelope)
  stage.told = { history, cp: await history.checkpoint() }
  const full: CopyHolder = await holder(stage, 'Full')
  state = full.ledger.membership.value
})

const named = (person: Person): Named => ({ member: person.member, device: person.device.publicKey })

async function answerFor(people: readonly Named[], checkpoint?: Uint8Array) {
  const tree = stateTree(state)
  const proofs = lightRecords(people).map((name) => proveRecord(state, tree, name))
  const genesis = history.entries[0] as Uint8Array
  return { genesis, checkpoint: checkpoint ?? (await history.checkpoint()), proofs }
}

const read = async (people: readonly Named[], answer: Awaited<ReturnType<typeof answerFor>>) =>
  readLight(history.community, people, answer, verifier)

test('a device without a copy knows itself and whom it asks for, from a checkpoint and proofs alone', async () => {
  const people = [named(bob), named(stage.alice)]
  const light = await read(people, await answerFor(people))
  if (!light.ok) throw new Error(light.reason)
  const { membership } = light.value
  expect(membership.size).toBe(state.size)
  for (const { member, device } of people) {
    const full = state.members.get(member)
    const { profile: _, lastGuest: _l, previousGuest: _p, ...known } = full as NonNullable<typeof full>
    expect(membership.members.get(member)).toMatchObject(known)
    expect(membership.devices.get(device)).toEqual(state.devices.get(device))
    expect(memberOfDevice(membership, device)?.id).toBe(member)
  }
})

test('a relay is asked for what is needed, and no more', async () => {
  const people = [named(bob)]
  const { checkpoint: cp, proofs } = await answerFor(people)
  const network = stage.hub.add(signerOf('light').publicKey)
  stage.hub.link(network.peer, stage.relay.peer)
  const asked: unknown[] = []
  await serve(stage.relay, STATE, async (_from, { get }) => {
    asked.push(get.map(({ k }) => k))
    return { cp, proofs }
  })
  const means = { network, verifier }
  const light = await fetchLight(history.community, people, stage.relay.peer, means, patience())
  if (!light.ok) throw new Error(light.reason)
  expect(light.value.membership.members.get(bob.member)?.sponsor).toBe(stage.alice.member)
  expect(light.value.checkpoint.size).toBe(5)
  expect(asked).toEqual([['community', 'member', 'device']])
})

test('that somebody is no member is proved too', async () => {
  const stranger = { member: bob.member, device: signerOf('nobody’s').publicKey }
  const light = await read([stranger], await answerFor([stranger]))
  if (!light.ok) throw new Error(light.reason)
  expect(memberOfDevice(light.value.membership, stranger.device)).toBeUndefined()
})

describe('nothing is believed', () => {
  test('of another log', async () => {
    const forger = new StagedHistory(verifier, signerOf('a forger'), history.community, history.entries)
    const answer = await answerFor([named(bob)], await forger.checkpoint())
    expect(await read([named(bob)], answer)).toMatchObject({ ok: false, reason: 'signer-missing' })
  })

  test('under another state hash', async () => {
    const answer = await answerFor([named(bob)], await history.checkpoint(5, { state: bytesOf('another') }))
    expect(await read([named(bob)], answer)).toMatchObject({ ok: false, reason: 'proof-wrong' })
  })

  test('of a record that was put in the place of another', async () => {
    const answer = await answerFor([named(stage.alice)])
    expect(await read([named(bob)], answer)).toMatchObject({ ok: false, reason: 'proof-wrong' })
  })

  test('when proofs are missing', async () => {
    const answer = await answerFor([named(bob)])
    const proofs = answer.proofs.slice(0, 2)
    expect(await read([named(bob)], { ...answer, proofs })).toMatchObject({
      ok: false,
      reason: 'field-missing',
    })
  })

  test('of another community', async () => {
    const answer = await answerFor([named(bob)])
    const other = (await createStage()).founded
    expect(
      await readLight(
        bob.member as never,
        [],
        { ...answer, genesis: other.entries[0] as Uint8Array },
        verifier,
      ),
    ).toMatchObject({
      ok: false,
      reason: 'foreign-community',
    })
  })
})
