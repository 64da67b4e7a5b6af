import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import type { RecordName } from '../../protocol/community/membership.ts'
import { type CommunityId, idOf, keyText } from '../../protocol/ids.ts'
import { verifyRecord } from '../../protocol/state/proof.ts'
import {
  decodeRecord,
  encodeRecord,
  RECORDS,
  type RecordKind,
  recordKey,
  recordNames,
  recordOf,
} from '../../protocol/state/record.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { EMPTY_TREE, rootOf, type SparseTree, treeRoot, withLeaf } from '../../protocol/state/tree.ts'
import { type Case, fromTagged, hex, toTagged, unhex } from './format.ts'
import { membershipOf } from './judge.ts'
import type { StateFile } from './make/state.ts'

/** The committed vectors of SPEC §6.13, and the code against them. */

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'state.json'), 'utf8')) as StateFile
const verifier = await platformVerifier()
const named = <T extends Case>(cases: readonly T[]) =>
  cases.map((one) => [`${one.rule} ${one.name}`, one] as const)
const outcome = (result: { ok: true } | { ok: false; reason: string }) =>
  result.ok ? 'holds' : result.reason

function recordName(kind: RecordKind, name: string): RecordName {
  if (kind === 'community') return { kind, name: '' }
  if (kind === 'void') return { kind, name: String(Number.parseInt(name, 16)) }
  if (kind === 'root' || kind === 'device') return { kind, name: keyText(unhex(name)) }
  return { kind, name: idOf(unhex(name)) } as RecordName
}

describe('records', () => {
  it('are of every kind', () => {
    expect(new Set(file.records.map(({ kind }) => kind))).toEqual(new Set(Object.keys(RECORDS)))
  })

  it.each(named(file.records))('%s', (_title, { kind, bytes, value, reason }) => {
    const read = decodeRecord(kind, unhex(bytes))
    expect(outcome(read)).toBe(reason ?? 'holds')
    if (!read.ok || value === undefined) return
    const schema = RECORDS[kind]
    expect(toTagged(schema.encode(read.value as never))).toEqual(value)
    const back = schema.decode(fromTagged(value), '')
    if (!back.ok) throw new Error(back.reason)
    expect(hex(encodeRecord(kind, back.value as never))).toBe(bytes)
  })
})

describe('trees', () => {
  it.each(named(file.trees))('%s', (_title, { leaves, root }) => {
    expect(hex(rootOf(unhex(leaves.map(({ key, hash }) => key + hash).join(''))))).toBe(root)
    const tree = leaves.reduce<SparseTree>(
      (all, leaf) => withLeaf(all, unhex(leaf.key), unhex(leaf.hash)),
      EMPTY_TREE,
    )
    expect(hex(treeRoot(tree))).toBe(root)
  })
})

describe('states', () => {
  it.each(named(file.states))(
    '%s',
    async (_title, { entries, community, size, time, records, root, hash }) => {
      for (const one of records) {
        expect(hex(recordKey(recordName(one.kind, one.name)))).toBe(one.key)
      }
      const head = { community: idOf<CommunityId>(unhex(community)), size, time }
      expect(hex(stateHash(head, unhex(root)))).toBe(hash)
      const state = await membershipOf(verifier, entries)
      if (state === undefined) return
      expect({ size: state.size, time: state.time }).toEqual({ size, time })
      const read = [...recordNames(state)].map((name) => [
        hex(recordKey(name)),
        hex(recordOf(state, name) ?? new Uint8Array()),
      ])
      expect(Object.fromEntries(read)).toEqual(
        Object.fromEntries(records.map(({ key, bytes }) => [key, bytes])),
      )
      expect(hex(stateRoot(state))).toBe(root)
    },
  )
})

describe('proofs', () => {
  it.each(named(file.proofs))('%s', (_title, { community, hash, kind, of, proof, value, reason }) => {
    const told = verifyRecord(idOf(unhex(community)), unhex(hash), recordName(kind, of), unhex(proof))
    expect(outcome(told)).toBe(reason ?? 'holds')
    if (!told.ok) return
    const record = told.value && toTagged(RECORDS[kind].encode(told.value as never))
    expect(record).toEqual(value)
  })

  it('STATE-5 show that there is none in both ways', () => {
    const none = file.proofs.filter(({ value, reason }) => value === undefined && reason === undefined)
    const other = hex(new TextEncoder().encode('eother'))
    expect(none.some(({ proof }) => proof.includes(other))).toBe(true)
    expect(none.some(({ proof }) => !proof.includes(other))).toBe(true)
  })
})
