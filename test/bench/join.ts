/** What a device computes to start in a community of 100,000: from a checkpoint and proofs, and from its own stored copy. */

import { platformVerifier } from '../../node/crypto/native.ts'
import { beginState } from '../../node/ledger/begin.ts'
import { copyOf } from '../../node/ledger/copy.ts'
import { HashTree } from '../../node/ledger/hash-tree.ts'
import {
  type LightAnswer,
  type LookedName,
  lightMembership,
  namesOf,
  readLight,
} from '../../node/ledger/light.ts'
import { entryAt, judgedAt } from '../../node/ledger/places.ts'
import { resumeCopy } from '../../node/ledger/resume.ts'
import { storeSnapshot } from '../../node/ledger/snapshot.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import { type Membership, slotName } from '../../protocol/community/membership.ts'
import type { KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import { checkpointBytes, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { proveRecord } from '../../protocol/state/proof.ts'
import { stateHash, stateTree } from '../../protocol/state/state.ts'
import { treeRoot } from '../../protocol/state/tree.ts'
import { sha256 } from '../../relay/tree/sha256.ts'
import { bytesOf, foundCommunity, NOON, signerOf } from '../support/community.ts'
import { bareState, idFrom, keyFrom, memberFrom } from '../support/state.ts'
import { against, distribution, type Figure } from './figure.ts'

/** What the project asks of a light start, in milliseconds of computation. */
const WANTED = 50
const MEMBERS = 100_000
/** An invitation and a join for each. */
const ENTRIES = 2 * MEMBERS

interface Crowd {
  readonly state: Membership
  readonly genesis: Uint8Array
  readonly names: readonly LookedName[]
  readonly answer: LightAnswer
}

/** @param n starts of each kind */
export async function* join(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  note(`a community of ${MEMBERS.toLocaleString('en')}`)
  const { state, genesis, names, answer } = await makeCrowd()
  const light: number[] = []
  for (let i = 0; i < n; i++) {
    // A verifier that has met nobody yet, as after a start.
    const verifier = await platformVerifier()
    const begun = performance.now()
    const first = await beginState(state.community, genesis, verifier)
    if (!first.ok) throw new Error(`the light start was refused: ${first.reason}`)
    const read = await readLight(first.value, names, answer, verifier)
    if (!read.ok) throw new Error(`the light start was refused: ${read.reason}`)
    const { checkpoint, facts } = read.value
    const { members } = lightMembership(first.value, checkpoint.size, facts, new Map())
    light.push(performance.now() - begun)
    if (members.size !== 2) throw new Error('not both are known')
  }
  yield figure(`light start among ${MEMBERS} members, computation`, light, [
    against({ limit: 'the project asks for' }, WANTED, distribution(light).p50),
  ])
  note('its own copy')
  const storage = memoryStorage()
  const tree = new HashTree(sha256)
  for (let i = 0; i < ENTRIES; i++) tree.append(bytesOf(`entry ${i}`))
  await storage.put(entryAt(state.community, 0), genesis)
  await storage.put(judgedAt(state.community), true)
  await storeSnapshot(storage, copyOf(state), tree)
  const verifier = await platformVerifier()
  const resumed: number[] = []
  for (let i = 0; i < n; i++) {
    const begun = performance.now()
    const copy = await resumeCopy(state.community, storage, verifier)
    resumed.push(performance.now() - begun)
    if (copy?.copy.membership.members.size !== MEMBERS) throw new Error('the copy is not whole')
  }
  yield figure(`start from the own copy of ${ENTRIES} entries, reading included`, resumed, [])
}

function figure(
  metric: string,
  values: readonly number[],
  compared: NonNullable<Figure['compared']>,
): Figure {
  return { metric, unit: 'ms', n: values.length, ...distribution(values), compared }
}

/** A state of so many records, without the ledger that would lead to it; its log signs it all the same. */
async function makeCrowd(): Promise<Crowd> {
  const log = signerOf('the log')
  const founded = await foundCommunity(log.publicKey)
  const bare = bareState(founded)
  const maps = {
    members: bare.members.draft(),
    roots: bare.roots.draft(),
    devices: bare.devices.draft(),
    invitations: bare.invitations.draft(),
    invitationKeys: bare.invitationKeys.draft(),
    slots: bare.slots.draft(),
    statements: bare.statements.draft(),
  }
  for (let i = 0; i < MEMBERS; i++) {
    const label = `member ${i}`
    const member = memberFrom(label, i % 8192)
    const { id } = member
    const key = deviceKey(i)
    const invitation = idFrom<StatementId>(`invitation of ${label}`)
    const oneTime = keyFrom(`one-time key of ${label}`)
    maps.members.set(id, member)
    maps.roots.set(member.root, { member: id, frozen: false })
    maps.devices.set(key, { key, member: id, chain: member.chain, removed: false, frozen: false })
    maps.invitations.set(invitation, {
      id: invitation,
      sponsor: id,
      slot: 0,
      key: oneTime,
      at: NOON,
      exp: undefined,
      for: undefined,
      guest: id,
      void: false,
      leaked: false,
    })
    maps.invitationKeys.set(oneTime, invitation)
    maps.slots.set(slotName(id, 0), invitation)
    maps.statements.set(id, 2 * i).set(invitation, 2 * i)
  }
  const state: Membership = {
    ...bare,
    size: ENTRIES,
    members: maps.members.done(),
    roots: maps.roots.done(),
    devices: maps.devices.done(),
    invitations: maps.invitations.done(),
    invitationKeys: maps.invitationKeys.done(),
    slots: maps.slots.done(),
    statements: maps.statements.done(),
  }
  const records = stateTree(state, sha256)
  const head = {
    size: ENTRIES,
    root: bytesOf('root'),
    state: stateHash(state, treeRoot(records, sha256), sha256),
  }
  const checkpoint = checkpointBytes(await signCheckpoint(log, state.community, head))
  // The newcomer and their sponsor.
  const people = [4711, 815].map((i) => ({ member: idFrom<MemberId>(`member ${i}`), device: deviceKey(i) }))
  const names: readonly LookedName[] = [{ kind: 'community', name: '' }, ...people.flatMap(namesOf)]
  const proofs = names.map((name) => proveRecord(state, records, name, sha256))
  return { state, genesis: founded.entries[0] as Uint8Array, names, answer: { checkpoint, proofs } }
}

function deviceKey(i: number): KeyText {
  return keyFrom(`device of member ${i}`)
}
