import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { RecordName } from '../../../protocol/community/membership.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import { MAX_STATE_PROOF_BYTES, proveRecord, verifyRecord } from '../../../protocol/state/proof.ts'
import { MAX_RECORD_BYTES, recordNames, recordOf } from '../../../protocol/state/record.ts'
import { nextStateTree, stateHash, stateRoot, stateTree } from '../../../protocol/state/state.ts'
import { treeRoot } from '../../../protocol/state/tree.ts'
import { foundCommunity, NOON } from '../../support/community.ts'
import { bareState, changedState, idFrom, keyFrom, memberFrom } from '../../support/state.ts'

const bare = bareState(await foundCommunity(keyFrom('log')))
const bob: RecordName = { kind: 'member', name: idFrom('Bob') }
const native = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest())

describe('a proof of a record', () => {
  it('STATE-5 is small: of one in five thousand, fewer than a kibibyte', () => {
    const many = changedState(
      bare,
      Array.from({ length: 5_000 }, (_, i) => ({ kind: 'room', label: `${i}`, shape: i })),
    )
    const tree = stateTree(many)
    const expected = stateHash(many, treeRoot(tree))
    const name: RecordName = { kind: 'room', name: idFrom('7') }
    const proof = proveRecord(many, tree, name)
    expect(proof.length).toBeLessThan(1024)
    expect(verifyRecord(many.community, expected, name, proof)).toEqual({
      ok: true,
      value: { m: idFrom('host of 7'), at: NOON, end: NOON + 86_400 },
    })
  })

  it('STATE-5 is made and read with the platform’s own SHA-256 as with ours', () => {
    const state = changedState(bare, [{ kind: 'member', label: 'Bob', shape: 8191 }])
    const tree = stateTree(state, native)
    expect(treeRoot(tree, native)).toEqual(stateRoot(state))
    expect(stateRoot(state, native)).toEqual(stateRoot(state))
    const expected = stateHash(state, treeRoot(tree), native)
    const proof = proveRecord(state, tree, bob, native)
    expect(proof).toEqual(proveRecord(state, stateTree(state), bob))
    expect(verifyRecord(state.community, expected, bob, proof, native)).toEqual(
      verifyRecord(state.community, expected, bob, proof),
    )
  })

  it('STATE-5 is of a record with as many charges as are read, and not of one with more', () => {
    const charged = (count: number) => {
      const charges = Array.from({ length: count }, () => ({ ban: idFrom<StatementId>('ban'), at: NOON }))
      const members = bare.members.draft().set(bob.name, { ...memberFrom('Bob', 0), charges })
      const state = { ...bare, members: members.done() }
      const tree = stateTree(state)
      const proof = proveRecord(state, tree, bob)
      return {
        size: recordOf(state, bob)?.length ?? 0,
        proof,
        state,
        expected: stateHash(state, treeRoot(tree)),
      }
    }
    const most = charged(22_000)
    expect(most.size).toBeGreaterThan(MAX_RECORD_BYTES * 0.9)
    expect(verifyRecord(bare.community, most.expected, bob, most.proof)).toMatchObject({ ok: true })
    const more = charged(23_500)
    expect(more.proof.length).toBeGreaterThan(MAX_STATE_PROOF_BYTES)
    expect(verifyRecord(bare.community, more.expected, bob, more.proof)).toEqual({
      ok: false,
      reason: 'too-large',
    })
  })
})

describe('the tree of a state', () => {
  it('loses the record that a state no longer has', () => {
    const before = changedState(bare, [{ kind: 'root', label: 'Bob root', shape: 0 }])
    const after = changedState(before, [{ kind: 'root', label: 'Bob root', shape: 2 }])
    expect([...recordNames(after)]).toEqual([...recordNames(bare)])
    expect(treeRoot(nextStateTree(stateTree(before), after))).toEqual(stateRoot(bare))
  })
})
