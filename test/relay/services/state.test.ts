import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeValue } from '../../../protocol/codec.ts'
import { idBytes, keyBytes } from '../../../protocol/ids.ts'
import { openCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { verifyRecord } from '../../../protocol/state/proof.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { STATE, type StateRequest } from '../../../protocol/wire/state-service.ts'
import { answerLedger } from '../../../relay/services/ledger.ts'
import { answerState } from '../../../relay/services/state.ts'
import { HighWater } from '../../../relay/tree/high-water.ts'
import { Publisher } from '../../../relay/tree/publisher.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { bytesOf, invite, NOON } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { enterMember, found, type ServiceRig, serviceRig, sessionOf } from './rig.ts'

async function publisherOf({ keeper, store, keys, verifier, clock }: ServiceRig): Promise<Publisher> {
  const folder = temporaryFolder()
  const files = new TreeFiles(join(folder, 'log'))
  const report = (error: unknown) => {
    throw error
  }
  const highWater = new HighWater(folder)
  const publisher = new Publisher({ keeper, store, files, highWater, keys, verifier, clock, report })
  await publisher.resume()
  return publisher
}

test('LOG-4: single records are proved under the newest checkpoint, also that there is none', async () => {
  const rig = await serviceRig()
  const { founder, community } = await found(rig)
  const publisher = await publisherOf(rig)
  const parts = { ...rig, publisher }
  const alice = await enterMember(rig, founder, 'Alice')
  const get: StateRequest['get'] = [
    { k: 'member', n: idBytes(founder.member) },
    { k: 'device', n: keyBytes(founder.device.publicKey) },
    { k: 'community', n: new Uint8Array() },
    { k: 'void', n: new Uint8Array(8) },
    { k: 'ban', n: bytesOf('nobody') },
  ]
  expect(await answerState(parts, alice, { get })).toEqual({ error: 'log-behind' })
  await publisher.begin()
  // What is promised and not signed yet is not proved.
  await rig.keeper.submit((await invite(founder, 0, NOON)).envelope.bytes)
  const answer = decodeFrame(
    STATE.answer,
    encodeFrame(STATE.answer, await answerState(parts, alice, { get })),
  )
  if (!answer.ok) throw new Error(answer.reason)
  const log = { community, keys: [rig.keys.first] }
  const checkpoint = await openCheckpoint(rig.verifier, log, answer.value.cp ?? new Uint8Array())
  if (!checkpoint.ok) throw new Error(checkpoint.reason)
  const { size, state } = checkpoint.value
  expect(size).toBe(3)
  const [member, device, house, none, ban] = answer.value.proofs ?? []
  const read = (name: Parameters<typeof verifyRecord>[2], proof: Uint8Array = new Uint8Array()) =>
    verifyRecord(community, state, name, proof)
  expect(read({ kind: 'member', name: founder.member }, member)).toMatchObject({
    value: { root: founder.root.publicKey, stand: 'active' },
  })
  expect(read({ kind: 'device', name: founder.device.publicKey }, device)).toMatchObject({
    value: { m: founder.member },
  })
  expect(read({ kind: 'community', name: '' }, house)).toMatchObject({ value: { logs: [rig.keys.first] } })
  expect(read({ kind: 'void', name: '0' }, none)).toEqual({ ok: true, value: undefined })
  expect(ban).toBeDefined()
  expect((await answerLedger(parts, alice, { get: 0 })).cp).toEqual(answer.value.cp)
})

test('LOG-4: strangers are told nothing, and a name has the length of its kind', async () => {
  const rig = await serviceRig({ burst: 2, refill: 1000 })
  const { founder } = await found(rig)
  const { peer } = sessionOf('Mallory')
  const get: StateRequest['get'] = [{ k: 'community', n: new Uint8Array() }]
  expect(await answerState(rig, peer, { get })).toEqual({ error: 'not-admitted' })
  const alice = await enterMember(rig, founder, 'Alice')
  expect(await answerState(rig, alice, { get })).toEqual({ error: 'log-behind' })
  await answerState(rig, alice, { get })
  expect(await answerState(rig, alice, { get })).toEqual({ error: 'rate-limited' })
  for (const [k, length] of [
    ['community', 1],
    ['void', 7],
    ['member', 0],
    ['device', 31],
  ] as const) {
    const asked = encodeValue({ get: [{ k, n: new Uint8Array(length) }] })
    expect(decodeFrame(STATE.request, asked)).toMatchObject({ reason: 'field-invalid' })
  }
})

test('LOG-1: all members together may not put more than the relay can take', async () => {
  const rig = await serviceRig()
  const { founder } = await found(rig)
  const alice = await enterMember(rig, founder, 'Alice')
  const parts = { ...rig, allPuts: { take: () => false } as unknown as typeof rig.allPuts }
  const { envelope } = await invite(founder, 0, NOON)
  expect(await answerLedger(parts, alice, { put: envelope.bytes })).toEqual({ error: 'rate-limited' })
  expect(rig.store.size).toBe(3)
})
