import { expect, test } from 'vitest'
import { PROMISE } from '../../../protocol/community/entry.ts'
import { open } from '../../../protocol/envelope.ts'
import { MAX_ENTRIES_AN_ANSWER } from '../../../protocol/wire/services.ts'
import { answerFound } from '../../../relay/services/found.ts'
import { answerHello } from '../../../relay/services/hello.ts'
import { answerLedger } from '../../../relay/services/ledger.ts'
import { addDevice, foundCommunity, invite, inviteProof, join, NOON } from '../../support/community.ts'
import { enterMember, found, foundRequest, serviceRig, sessionOf } from './rig.ts'

const stranger = sessionOf('stranger').peer

test('a founding is promised; a wrong token, or a second one, is refused', async () => {
  const rig = await serviceRig()
  const founded = await foundCommunity(rig.keys.first)
  const request = foundRequest(rig, founded)
  expect(await answerFound(rig, stranger, { ...request, token: 'guess' })).toEqual({
    error: 'founding-token',
  })
  const answer = await answerFound(rig, stranger, request)
  expect(open(PROMISE, founded.community, answer.promise as Uint8Array)).toMatchObject({ ok: true })
  const second = foundRequest(rig, await foundCommunity(rig.keys.first, NOON, 'Eve'))
  expect(await answerFound(rig, stranger, second)).toEqual({ error: 'already-founded' })
})

test('guesses of the token are slowed down', async () => {
  const rig = await serviceRig({ burst: 1, refill: 1000 })
  const request = foundRequest(rig, await foundCommunity(rig.keys.first))
  expect(await answerFound(rig, stranger, { ...request, token: 'guess' })).toEqual({
    error: 'founding-token',
  })
  expect(await answerFound(rig, stranger, request)).toEqual({ error: 'rate-limited' })
})

test('a stranger reads and writes nothing, before and after the founding', async () => {
  const rig = await serviceRig()
  expect(await answerLedger(rig, stranger, { get: 0 })).toEqual({ error: 'not-founded' })
  const { founder } = await found(rig)
  const { envelope } = await invite(founder, 0, NOON)
  expect(await answerLedger(rig, stranger, { get: 0 })).toEqual({ error: 'not-admitted' })
  expect(await answerLedger(rig, stranger, { put: envelope.bytes })).toEqual({ error: 'not-admitted' })
  expect(rig.store.size).toBe(3)
})

test('a member reads from any index on, and no more at once than an answer may hold', async () => {
  const rig = await serviceRig()
  const { founder, entries } = await found(rig)
  const peer = await enterMember(rig, founder, 'tab')
  const answer = await answerLedger(rig, peer, { get: 0 })
  expect(answer.entries?.map((entry) => Buffer.from(entry))).toEqual(
    entries.map((entry) => Buffer.from(entry)),
  )
  expect(answer.size).toBe(3)
  expect((await answerLedger(rig, peer, { get: 2 })).entries).toHaveLength(1)
  expect(await answerLedger(rig, peer, { get: 3 })).toEqual({ entries: [], size: 3 })
  expect(await answerLedger(rig, peer, { get: Number.MAX_SAFE_INTEGER })).toEqual({ entries: [], size: 3 })
  for (let i = 0; i < MAX_ENTRIES_AN_ANSWER; i++)
    expect(
      await answerLedger(rig, peer, { put: (await addDevice(founder, `device ${i}`, NOON)).bytes }),
    ).toHaveProperty('promise')
  const full = await answerLedger(rig, peer, { get: 0 })
  expect([full.entries?.length, full.size]).toEqual([MAX_ENTRIES_AN_ANSWER, MAX_ENTRIES_AN_ANSWER + 3])
})

test('a member’s statement is promised, a bad one refused with its reason', async () => {
  const rig = await serviceRig()
  const { founder, community } = await found(rig)
  const peer = await enterMember(rig, founder, 'tab')
  const { envelope, id } = await invite(founder, 0, NOON)
  const { promise } = await answerLedger(rig, peer, { put: envelope.bytes })
  expect(open(PROMISE, community, promise as Uint8Array)).toMatchObject({
    value: { payload: { id, index: 3 } },
  })
  const beyond = await invite(founder, 12, NOON)
  expect(await answerLedger(rig, peer, { put: beyond.envelope.bytes })).toEqual({
    error: 'slot-not-entitled',
  })
  expect(rig.store.size).toBe(4)
})

test('a newcomer reads, and may give the join with the invitation that they proved and nothing else', async () => {
  const rig = await serviceRig()
  const { founder } = await found(rig)
  const mine = await invite(founder, 0, NOON)
  const other = await invite(founder, 1, NOON)
  for (const { envelope } of [mine, other]) await rig.keeper.submit(envelope.bytes)
  const { key, peer } = sessionOf('newcomer')
  const proof = await inviteProof(mine, key.publicKey, rig.relayKey, NOON)
  expect(await answerHello(rig, peer, { i: proof.bytes })).toMatchObject({ size: 5 })

  expect(await answerLedger(rig, peer, { get: 0 })).toMatchObject({ size: 5 })
  const { envelope: notTheirs } = await join(other, 'Carol', NOON)
  expect(await answerLedger(rig, peer, { put: notTheirs.bytes })).toEqual({ error: 'not-admitted' })
  const { envelope: anInvite } = await invite(founder, 2, NOON)
  expect(await answerLedger(rig, peer, { put: anInvite.bytes })).toEqual({ error: 'not-admitted' })
  expect(await answerLedger(rig, peer, { put: new Uint8Array([1]) })).toEqual({ error: 'not-admitted' })
  const { envelope, person } = await join(mine, 'Bob', NOON)
  const first = await answerLedger(rig, peer, { put: envelope.bytes })
  expect(first).toHaveProperty('promise')
  expect(await answerLedger(rig, peer, { put: envelope.bytes })).toEqual(first)
  expect(rig.keeper.membership?.members.has(person.member)).toBe(true)
  expect(rig.store.size).toBe(6)
})

test('who asks too much is turned away; a member’s tabs share what they may', async () => {
  const rig = await serviceRig({ burst: 2, refill: 1000 })
  const { founder } = await found(rig)
  const [one, two] = [await enterMember(rig, founder, 'one'), await enterMember(rig, founder, 'two')]
  expect(await answerLedger(rig, one, { get: 0 })).toHaveProperty('entries')
  expect(await answerLedger(rig, two, { get: 0 })).toHaveProperty('entries')
  expect(await answerLedger(rig, two, { get: 0 })).toEqual({ error: 'rate-limited' })
  const devices = [
    await addDevice(founder, 'a', NOON),
    await addDevice(founder, 'b', NOON),
    await addDevice(founder, 'c', NOON),
  ]
  const answers = []
  for (const device of devices) answers.push(await answerLedger(rig, one, { put: device.bytes }))
  expect(answers.map((answer) => answer.error)).toEqual([undefined, undefined, 'rate-limited'])
  expect(rig.store.size).toBe(5)
})
