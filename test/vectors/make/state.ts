import { platformVerifier } from '../../../node/crypto/native.ts'
import { decodeValue, encodeValue, type Value } from '../../../protocol/codec.ts'
import { encodeEntry } from '../../../protocol/community/entry.ts'
import type { LedgerState, Membership, RecordName } from '../../../protocol/community/membership.ts'
import { hash } from '../../../protocol/hash.ts'
import { type CommunityId, idBytes } from '../../../protocol/ids.ts'
import { MINUTE } from '../../../protocol/limits.ts'
import { proveRecord } from '../../../protocol/state/proof.ts'
import {
  nameBytes,
  RECORDS,
  type RecordKind,
  recordKey,
  recordNames,
  recordOf,
} from '../../../protocol/state/record.ts'
import { stateHash, stateRoot, stateTree } from '../../../protocol/state/state.ts'
import { rootOf } from '../../../protocol/state/tree.ts'
import { addDevice, bytesOf, foundCommunity, NOON, signerOf } from '../../support/community.ts'
import { bareState, changedState, idFrom, keyFrom, type RecordChange } from '../../support/state.ts'
import { type Case, hex, type Tagged, toTagged } from '../format.ts'
import { membershipOf } from '../judge.ts'
import { type Cast, LOG } from './cast.ts'

/** The value of a record of this kind. */
export interface RecordCase extends Case {
  readonly kind: RecordKind
  readonly bytes: string
  readonly value?: Tagged
}

/** A record, and what the tree holds of it. */
export interface NamedRecord {
  readonly kind: RecordKind
  readonly name: string
  readonly bytes: string
  readonly key: string
  readonly leaf: string
}

export interface TreeCase extends Case {
  /** `hash` is the SHA-256 of a value. In no order. */
  readonly leaves: readonly { readonly key: string; readonly hash: string }[]
  readonly root: string
}

/** A state with all its records: that of a ledger, or one that is only made of records. */
export interface StateCase extends Case {
  readonly entries?: readonly string[]
  readonly community: string
  readonly size: number
  readonly time: number
  readonly records: readonly NamedRecord[]
  readonly root: string
  readonly hash: string
}

/** What a proof says of a record under a state hash: `value`, or nothing when there is none. */
export interface ProofCase extends Case {
  readonly community: string
  readonly hash: string
  readonly kind: RecordKind
  readonly of: string
  readonly proof: string
  readonly value?: Tagged
}

export interface StateFile {
  readonly spec: string
  readonly records: readonly RecordCase[]
  readonly trees: readonly TreeCase[]
  readonly states: readonly StateCase[]
  readonly proofs: readonly ProofCase[]
}

/** Records, the tree over them, the hash of a state, and proofs (SPEC §6.13). */
export async function stateFile(people: Cast): Promise<StateFile> {
  const full = changedState(bareState(people.founded), EVERYTHING)
  return {
    spec: '§6.13',
    records: [...goodRecords(full), ...badRecords(full)],
    trees: treeCases(),
    states: await stateCases(people, full),
    proofs: [...goodProofs(full), ...badProofs(full)],
  }
}

/** Every kind of record, with all of its optional fields, and with none. */
const EVERYTHING: readonly RecordChange[] = [
  { kind: 'community', label: 'second log', shape: 3 },
  ...(['member', 'device', 'invite', 'room', 'attest', 'ban', 'void'] as const).flatMap((kind) => [
    { kind, label: `plain ${kind}`, shape: 0 },
    { kind, label: `full ${kind}`, shape: 8191 },
  ]),
  { kind: 'root', label: 'plain root', shape: 0 },
  { kind: 'root', label: 'frozen root', shape: 1 },
]

function goodRecords(state: LedgerState): readonly RecordCase[] {
  return [...recordNames(state)].map((name) => {
    const value = plainValue(state, name)
    return {
      name: `${name.kind} with ${Object.keys(value).length} fields`,
      rule: 'STATE-1',
      kind: name.kind,
      bytes: hex(encodeValue(value)),
      value: toTagged(value),
    }
  })
}

function badRecords(state: LedgerState): readonly RecordCase[] {
  const of = (kind: RecordKind) => {
    const name = [...recordNames(state)].find((one) => one.kind === kind) as RecordName
    return plainValue(state, name)
  }
  const bad = (name: string, reason: string, kind: RecordKind, fields: Fields): RecordCase => ({
    name,
    rule: 'STATE-1',
    reason,
    kind,
    bytes: hex(encodeValue({ ...of(kind), ...fields })),
  })
  const { reason: _, ...nothing } = of('void')
  const root = encodeValue(of('root'))
  return [
    bad('a field of another kind', 'field-unknown', 'room', { slot: 1 }),
    { ...bad('a void without reason', 'field-missing', 'void', {}), bytes: hex(encodeValue(nothing)) },
    bad('a void for a reason that is none of the ledger', 'field-invalid', 'void', { reason: 'stale' }),
    bad('a flag that says no', 'field-invalid', 'device', { removed: false }),
    bad('charges that are none', 'field-invalid', 'member', { charges: [] }),
    bad('an unknown standing', 'field-invalid', 'member', { stand: 'asleep' }),
    bad('a time between minutes', 'field-invalid', 'ban', { at: NOON + 1 }),
    bad('stewards out of order', 'field-invalid', 'community', {
      stewards: [new Uint8Array(32).fill(2), new Uint8Array(32).fill(1)],
    }),
    bad('forks out of order', 'field-invalid', 'community', { forks: [8, 3] }),
    bad('forks of one size', 'field-invalid', 'community', { forks: [3, 3] }),
    bad('no key of the log', 'field-invalid', 'community', { logs: [] }),
    {
      name: 'a value in another spelling',
      rule: 'STATE-1',
      reason: 'not-canonical',
      kind: 'root',
      // The length of the map in two bytes.
      bytes: hex(Uint8Array.of(0xb8, (root[0] as number) & 0x1f, ...root.subarray(1))),
    },
    {
      name: 'a byte more',
      rule: 'STATE-1',
      reason: 'trailing-bytes',
      kind: 'root',
      bytes: `${hex(root)}00`,
    },
  ]
}

function treeCases(): readonly TreeCase[] {
  const key = (...first: readonly number[]) => Uint8Array.of(...first, ...new Uint8Array(32 - first.length))
  const last = Uint8Array.of(...new Uint8Array(31), 1)
  const of = (name: string, keys: readonly Uint8Array[]): TreeCase => {
    const leaves = keys.map((one, i) => ({ key: one, hash: bytesOf(`value ${i}`) }))
    const bytes = Uint8Array.from(leaves.flatMap((leaf) => [...leaf.key, ...leaf.hash]))
    return {
      name,
      rule: 'STATE-3',
      leaves: leaves.map((leaf) => ({ key: hex(leaf.key), hash: hex(leaf.hash) })),
      root: hex(rootOf(bytes)),
    }
  }
  return [
    of('nothing', []),
    of('one leaf', [key(0xa5)]),
    of('two that the first bit parts', [key(0x80), key(0)]),
    of('two that the third bit parts', [key(0xa0), key(0x80)]),
    of('two that only the last bit parts', [last, key(0)]),
    of('three', [key(0), key(0x80), key(0xc0)]),
    of(
      'a hundred',
      Array.from({ length: 100 }, (_, i) => bytesOf(`key ${i}`)),
    ),
  ]
}

async function stateCases(people: Cast, full: Membership): Promise<readonly StateCase[]> {
  const { entries, founder, genesis } = await foundCommunity(signerOf(LOG).publicKey)
  const later = (minutes: number, e: Uint8Array) => encodeEntry({ at: NOON + minutes * MINUTE, e })
  const busy = [
    ...entries,
    later(1, (await addDevice(founder, 'Alice phone', NOON)).bytes),
    later(2, genesis.bytes),
    later(2, founder.identity.bytes),
  ]
  const ofLedger = async (name: string, ledger: readonly string[]): Promise<StateCase> => {
    const state = await membershipOf(await platformVerifier(), ledger)
    if (state === undefined) throw new Error('no ledger')
    return { ...stateCase(name, state), entries: ledger }
  }
  return [
    await ofLedger('a genesis', people.ledger.slice(0, 1)),
    await ofLedger('Alice founds, and Bob comes in with her invitation', people.ledger),
    await ofLedger('a second device, and two void entries', busy.map(hex)),
    stateCase('every kind of record', full),
  ]
}

function stateCase(name: string, state: LedgerState): StateCase {
  const root = stateRoot(state)
  return {
    name,
    rule: 'STATE-4',
    community: hex(idBytes(state.community)),
    size: state.size,
    time: state.time,
    records: [...recordNames(state)]
      .map((record) => namedRecord(state, record))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    root: hex(root),
    hash: hex(stateHash(state, root)),
  }
}

function namedRecord(state: LedgerState, name: RecordName): NamedRecord {
  const key = recordKey(name)
  const bytes = recordOf(state, name) as Uint8Array
  const leaf = new Uint8Array(64)
  leaf.set(key)
  leaf.set(hash(bytes), 32)
  return {
    kind: name.kind,
    name: hex(nameBytes(name)),
    bytes: hex(bytes),
    key: hex(key),
    leaf: hex(rootOf(leaf)),
  }
}

type Fields = { readonly [name: string]: Value }

function plainValue(state: LedgerState, name: RecordName): Fields {
  return plain(recordOf(state, name) as Uint8Array)
}

function plain(bytes: Uint8Array): Fields {
  const value = decodeValue(bytes, bytes.length)
  if (!value.ok) throw new Error(value.reason)
  return value.value as Fields
}

/** Proofs under the hash of one state. */
function prover(state: LedgerState) {
  const tree = stateTree(state)
  const expected = stateHash(state, stateRoot(state))
  return {
    prove: (name: RecordName) => proveRecord(state, tree, name),
    proofCase: (name: string, record: RecordName, proof: Uint8Array): ProofCase => ({
      name,
      rule: 'STATE-5',
      community: hex(idBytes(state.community)),
      hash: hex(expected),
      kind: record.kind,
      of: hex(nameBytes(record)),
      proof: hex(proof),
    }),
  }
}

function goodProofs(state: LedgerState): readonly ProofCase[] {
  const { prove, proofCase } = prover(state)
  const present = RECORD_KINDS.map((kind) => {
    const record = [...recordNames(state)].find((one) => one.kind === kind) as RecordName
    return {
      ...proofCase(`${kind} that is there`, record, prove(record)),
      value: toTagged(plainValue(state, record)),
    }
  })
  return [
    ...present,
    proofCase('none, since its place is empty', NOBODY.empty, prove(NOBODY.empty)),
    proofCase('none, since another is in its place', NOBODY.other, prove(NOBODY.other)),
    proofCase('no void at this index', { kind: 'void', name: '9' }, prove({ kind: 'void', name: '9' })),
  ]
}

const RECORD_KINDS = Object.keys(RECORDS) as readonly RecordKind[]

/** Names of no record: one whose place is empty, and one whose place another has. A test holds the vectors to it. */
const NOBODY = {
  empty: { kind: 'member', name: idFrom('nobody 1') },
  other: { kind: 'member', name: idFrom('nobody 0') },
} as const satisfies Record<string, RecordName>

function badProofs(state: LedgerState): readonly ProofCase[] {
  const { prove, proofCase } = prover(state)
  const device: RecordName = { kind: 'device', name: keyFrom('full device') }
  const plainDevice: RecordName = { kind: 'device', name: keyFrom('plain device') }
  const there = plain(prove(device))
  const path = there.path as readonly Uint8Array[]
  const value = there.value as Uint8Array
  const { value: _, ...head } = there
  const otherThere = plain(prove(NOBODY.other))
  const bad = (name: string, reason: string, fields: Fields, record: RecordName = device): ProofCase => ({
    ...proofCase(name, record, encodeValue(fields)),
    reason,
  })
  const wrong = (name: string, fields: Fields, record?: RecordName) =>
    bad(name, 'proof-wrong', fields, record)
  const later = prover(
    changedState(state as Membership, [{ kind: 'device', label: 'full device', shape: 5 }]),
  )
  const changed = plainValue(state, device)
  return [
    wrong('the value of before', plain(later.prove(device))),
    wrong('a value that was changed', {
      ...there,
      value: encodeValue({ ...changed, frozen: true, removed: true, m: new Uint8Array(32) }),
    }),
    wrong('the record of another name', plain(prove(plainDevice))),
    wrong('said not to be there', head),
    wrong('held up as another record', { ...head, other: { key: recordKey(device), hash: hash(value) } }),
    wrong('another that is not in this place', { ...head, other: otherThere.other as Value }),
    wrong(
      'another whose value was changed',
      { ...otherThere, other: { ...(otherThere.other as Fields), hash: hash(value) } },
      NOBODY.other,
    ),
    wrong(
      'an empty place that is not',
      { size: there.size as Value, time: there.time as Value, path: otherThere.path as Value },
      NOBODY.other,
    ),
    wrong('a sibling that was changed', { ...there, path: [new Uint8Array(32).fill(1), ...path.slice(1)] }),
    wrong('siblings in the other order', { ...there, path: path.toReversed() }),
    wrong('a sibling less', { ...there, path: path.slice(1) }),
    wrong('a sibling more', { ...there, path: [new Uint8Array(32), ...path] }),
    wrong('no siblings', { ...there, path: [] }),
    wrong('another number of entries', { ...there, size: state.size + 1 }),
    wrong('another time', { ...there, time: state.time + MINUTE }),
    {
      ...bad('of another community', 'proof-wrong', there),
      community: hex(idBytes(idFrom<CommunityId>('another community'))),
    },
    bad('there and not there', 'field-unknown', { ...there, other: otherThere.other as Value }),
    bad('a field that no proof has', 'field-unknown', { ...there, kind: 'device' }),
    bad('no way to the root', 'field-missing', {
      size: there.size as Value,
      time: there.time as Value,
      value,
    }),
    bad('a time between minutes', 'field-invalid', { ...there, time: state.time + 1 }),
    bad('a sibling of 31 bytes', 'field-invalid', { ...there, path: [new Uint8Array(31)] }),
    bad('257 siblings', 'field-invalid', {
      ...there,
      path: Array.from({ length: 257 }, () => new Uint8Array(32)),
    }),
    bad('no byte of a value', 'field-invalid', { ...there, value: new Uint8Array(0) }),
    bad('the value of another kind', 'field-unknown', {
      ...there,
      value: encodeValue({ reason: 'slot-spent' }),
    }),
    bad('a value with a byte more', 'trailing-bytes', { ...there, value: Uint8Array.of(...value, 0) }),
    { ...proofCase('a byte more', device, Uint8Array.of(...prove(device), 0)), reason: 'trailing-bytes' },
  ]
}
