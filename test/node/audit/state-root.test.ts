import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { nodeSha256 } from '../../../node/audit/sha.ts'
import { type Hashers, hashPart, hashRecords, stateRootBy } from '../../../node/audit/state-root.ts'
import { workerCrew } from '../../../node/audit/worker-crew.ts'
import { stateRoot } from '../../../protocol/state/state.ts'
import { runs } from '../../property/seeded.ts'
import { foundCommunity } from '../../support/community.ts'
import { bareState, changedState, keyFrom, type RecordChange } from '../../support/state.ts'

const bare = bareState(await foundCommunity(keyFrom('log')))
const here: Hashers = {
  width: 2,
  hashRecords: async (batch) => hashRecords(batch, nodeSha256),
  hashPart: async (leaves) => hashPart(leaves, nodeSha256),
}

function stateOf(devices: number): ReturnType<typeof changedState> {
  const changes = Array.from({ length: devices }, (_, n): RecordChange => {
    return { kind: 'device', label: `device ${n}`, shape: n }
  })
  return changedState(bare, changes)
}

test('STATE-3 is the same in parts, for one record, two, and as many as fill some parts twice', () => {
  const kind = fc.constantFrom('member', 'root', 'device', 'invite', 'room', 'attest', 'ban', 'void')
  const change = fc.record({ kind, label: fc.nat(200).map(String), shape: fc.nat(8191) })
  return fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 80, size: 'max' }), async (changes) => {
      const state = changedState(bare, changes)
      expect(await stateRootBy(state, here, nodeSha256)).toEqual(stateRoot(state, nodeSha256))
    }),
    runs(100),
  )
})

test('STATE-3 is the same in more batches than are under way at once', async () => {
  const state = stateOf(9000)
  expect(await stateRootBy(state, here, nodeSha256)).toEqual(stateRoot(state, nodeSha256))
})

test('STATE-3 is the same from workers', async () => {
  const crew = workerCrew(2)
  onTestFinished(() => crew.close())
  const state = stateOf(5000)
  const hashers = crew.hashers as Hashers
  expect(await stateRootBy(state, hashers, nodeSha256)).toEqual(stateRoot(state, nodeSha256))
})

test('workers that are let go while they hash end it with an error', async () => {
  const crew = workerCrew(1)
  const root = stateRootBy(stateOf(5000), crew.hashers as Hashers, nodeSha256)
  await Promise.all([expect(root).rejects.toThrow('has ended'), crew.close()])
})
