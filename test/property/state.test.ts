import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { decodeValue, encodeValue } from '../../protocol/codec.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { proveRecord, verifyRecord } from '../../protocol/state/proof.ts'
import { countRecords, decodeRecord, RECORDS, recordNames, recordOf } from '../../protocol/state/record.ts'
import { nextStateTree, stateHash, stateRoot, stateTree } from '../../protocol/state/state.ts'
import { treeRoot } from '../../protocol/state/tree.ts'
import { foundCommunity } from '../support/community.ts'
import { bareState, changedState, keyFrom } from '../support/state.ts'
import { hex, type LedgerCase, unhex } from '../vectors/format.ts'
import { mutations, runs } from './seeded.ts'

const bare = bareState(await foundCommunity(keyFrom('log')))
const KINDS = Object.keys(RECORDS) as (keyof typeof RECORDS)[]
const change = fc.record({
  kind: fc.constantFrom(...KINDS),
  label: fc.nat(25).map((n) => `label ${n}`),
  shape: fc.nat(8191),
})
const batches = fc.array(fc.array(change, { maxLength: 30, size: 'max' }), { maxLength: 6, size: 'max' })
const states = fc.array(change, { maxLength: 40, size: 'max' }).map((all) => changedState(bare, all))

const verifier = await platformVerifier()
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/ledger.json'), 'utf8')) as {
  cases: readonly LedgerCase[]
}
const ledgers = cases.filter((one) => one.reason === undefined).map((one) => [one.name, one.entries] as const)

describe('the hash of a state', () => {
  it.each(ledgers)('STATE-4 follows a ledger, in any batches: %s', async (_name, entries) => {
    const [first, ...rest] = entries.map(unhex)
    for (const step of [1, 3, rest.length]) {
      const begun = await beginLedger(verifier, first as Uint8Array)
      if (!begun.ok) throw new Error(begun.reason)
      let state = begun.value
      let tree = stateTree(state)
      for (let at = 0; at < rest.length; at += step) {
        const read = await replay(verifier, state, rest.slice(at, at + step))
        if (!read.ok) throw new Error(read.reason)
        state = read.value
        tree = nextStateTree(tree, state)
        expect(hex(treeRoot(tree))).toBe(hex(stateRoot(state)))
      }
    }
  })

  it('STATE-4 comes to the same from what replay touched and from all records', () => {
    fc.assert(
      fc.property(batches, (all) => {
        let state: Membership = bare
        let tree = stateTree(bare)
        for (const batch of all) {
          state = changedState(state, batch)
          tree = nextStateTree(tree, state)
          expect(hex(treeRoot(tree))).toBe(hex(stateRoot(state)))
        }
      }),
      runs(60),
    )
  })

  it('STATE-1 does not depend on the order in which records came', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(400), { maxLength: 60, size: 'max' }), (labels) => {
        const made = (order: readonly number[]) =>
          changedState(
            bare,
            order.map((n) => ({ kind: 'device', label: `label ${n}`, shape: n })),
          )
        const [one, other] = [made(labels), made(labels.toReversed())]
        expect(hex(stateRoot(one))).toBe(hex(stateRoot(other)))
        expect(stateHash(one, stateRoot(one))).toEqual(stateHash(other, stateRoot(other)))
      }),
      runs(40),
    )
  })

  it('STATE-1 writes every record in the spelling in which it is read', () => {
    fc.assert(
      fc.property(states, (state) => {
        const names = [...recordNames(state)]
        expect(names.length).toBe(countRecords(state))
        for (const name of names) {
          const bytes = recordOf(state, name) as Uint8Array
          const read = decodeRecord(name.kind, bytes)
          if (!read.ok) throw new Error(`${name.kind}: ${read.reason} ${read.at}`)
          const plain = decodeValue(bytes, bytes.length)
          expect(plain.ok && encodeValue(plain.value)).toEqual(bytes)
        }
      }),
      runs(60),
    )
  })
})

describe('a proof of a record', () => {
  it('STATE-5 shows what the state says of every name, and nothing else', () => {
    fc.assert(
      fc.property(states, fc.array(change, { maxLength: 5 }), (state, asked) => {
        const tree = stateTree(state)
        const expected = stateHash(state, treeRoot(tree))
        const unknown = recordNames({ ...changedState(bare, asked) })
        for (const name of [...recordNames(state), ...unknown]) {
          const told = verifyRecord(state.community, expected, name, proveRecord(state, tree, name))
          const value = recordOf(state, name)
          expect(told).toEqual(value ? decodeRecord(name.kind, value) : { ok: true, value: undefined })
        }
      }),
      runs(40),
    )
  })

  it('STATE-5 that was damaged is refused, and never throws', () => {
    const damaged = fc.tuple(states, fc.nat(), fc.constantFrom(...KINDS)).chain(([state, pick, kind]) => {
      const names = [
        ...recordNames(state),
        ...recordNames(changedState(bare, [{ kind, label: 'none', shape: 0 }])),
      ]
      const name = names[pick % names.length] as (typeof names)[number]
      const tree = stateTree(state)
      const expected = stateHash(state, treeRoot(tree))
      const proof = proveRecord(state, tree, name)
      return mutations(proof).map((bytes) => ({ state, expected, name, proof, bytes }))
    })
    let wrong = 0
    fc.assert(
      fc.property(damaged, ({ state, expected, name, proof, bytes }) => {
        if (Buffer.compare(proof, bytes) === 0) return
        const told = verifyRecord(state.community, expected, name, bytes)
        expect(told.ok).toBe(false)
        if (!told.ok && told.reason === 'proof-wrong') wrong += 1
      }),
      runs(400),
    )
    expect(wrong).toBeGreaterThan(20)
  })
})
